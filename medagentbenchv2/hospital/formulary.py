# ruff: noqa: E501 (one row a line)
"""What is prescribed: order texts as an EHR prints them, with the usual dose, route and timing, and for what.

Brand names of anticoagulants, opioids and QT-prolonging drugs never stand alone, so that a search by generic name finds
every such order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Drug:
    """One order text with its usual dosage."""

    text: str
    """The order as printed."""
    dose: float
    """Usual single dose."""
    unit: str
    """Its unit."""
    route: str
    """Route of administration."""
    timing: str
    """How often."""
    uses: tuple[tuple[str, int], ...] = ()
    """(problem group, cause of admission or occasion; thousandths of those patients who get it)."""

    @property
    def as_needed(self) -> bool:
        """True for orders that are given on demand."""
        return "PRN" in self.timing


def _drug(text: str, dose: float, unit: str, route: str, timing: str, **uses: int) -> Drug:
    return Drug(text, dose, unit, route, timing, tuple(uses.items()))


_PO, _IV, _SQ, _IM, _IH = "Oral", "Intravenous", "Subcutaneous", "Intramuscular", "Inhalation"
_QD, _BID, _TID, _QHS = "Daily", "2 times daily", "3 times daily", "Nightly"
_Q4, _Q6, _Q8, _Q12 = "Every 4 hours PRN", "Every 6 hours PRN", "Every 8 hours", "Every 12 hours"
_ONCE, _GTT = "Once", "Continuous"

# text, dose, unit, route, timing, thousandths of the patients by use (problem group, cause of admission, occasion)
FORMULARY: tuple[Drug, ...] = (
    # Blood pressure, heart, lipids
    _drug("LISINOPRIL 10 MG TABLET", 10, "mg", _PO, _QD, hypertension=330, diabetes=180, failure=250),
    _drug("LISINOPRIL 20 MG TABLET", 20, "mg", _PO, _QD, hypertension=180),
    _drug("LOSARTAN 50 MG TABLET", 50, "mg", _PO, _QD, hypertension=200, ckd=300, ckd4=200),
    _drug("AMLODIPINE 5 MG TABLET", 5, "mg", _PO, _QD, hypertension=300),
    _drug("AMLODIPINE 10 MG TABLET", 10, "mg", _PO, _QD, hypertension=130, esrd=350),
    _drug("HYDROCHLOROTHIAZIDE 25 MG TABLET", 25, "mg", _PO, _QD, hypertension=180),
    _drug("METOPROLOL SUCCINATE ER 50 MG TABLET,EXTENDED RELEASE 24 HR", 50, "mg", _PO, _QD, coronary=350, failure=450, fibrillation=300),
    _drug("METOPROLOL TARTRATE 25 MG TABLET", 25, "mg", _PO, _BID, coronary=200, fibrillation=250, infarction=550),
    _drug("CARVEDILOL 12.5 MG TABLET", 12.5, "mg", _PO, _BID, failure=350, esrd=250),
    _drug("HYDRALAZINE 50 MG TABLET", 50, "mg", _PO, _TID, ckd4=300, esrd=300),
    _drug("FUROSEMIDE 40 MG TABLET", 40, "mg", _PO, _QD, failure=600, ckd4=400),
    _drug("TORSEMIDE 20 MG TABLET", 20, "mg", _PO, _QD, failure=180, ckd4=200),
    _drug("SPIRONOLACTONE 25 MG TABLET", 25, "mg", _PO, _QD, failure=300, cirrhosis=600),
    _drug("DIGOXIN 125 MCG TABLET", 125, "mcg", _PO, _QD, fibrillation=100),
    _drug("ASPIRIN 81 MG TABLET,DELAYED RELEASE", 81, "mg", _PO, _QD, coronary=800, diabetes=200),
    _drug("CLOPIDOGREL 75 MG TABLET", 75, "mg", _PO, _QD, coronary=250, infarction=600),
    _drug("ATORVASTATIN 40 MG TABLET", 40, "mg", _PO, _QHS, lipids=450, coronary=400),
    _drug("ATORVASTATIN 80 MG TABLET", 80, "mg", _PO, _QHS, infarction=700, stroke_acute=700),
    _drug("ROSUVASTATIN 10 MG TABLET", 10, "mg", _PO, _QHS, lipids=250),
    _drug("EZETIMIBE 10 MG TABLET", 10, "mg", _PO, _QD, lipids=90),
    _drug("NITROGLYCERIN 0.4 MG SUBLINGUAL TABLET", 0.4, "mg", "Sublingual", "Every 5 minutes PRN", coronary=350, chest_pain=300),
    # Anticoagulants
    _drug("APIXABAN 5 MG TABLET", 5, "mg", _PO, _BID, fibrillation=430, clot=300),
    _drug("RIVAROXABAN 20 MG TABLET", 20, "mg", _PO, "Daily with evening meal", fibrillation=120, clot=120),
    _drug("WARFARIN 5 MG TABLET", 5, "mg", _PO, _QHS, fibrillation=150, clot=150),
    _drug("DABIGATRAN ETEXILATE 150 MG CAPSULE", 150, "mg", _PO, _BID, fibrillation=40),
    _drug("HEPARIN (PORCINE) 5,000 UNIT/ML INJ SOLN", 5000, "Units", _SQ, _Q8, stay=330, icu=550, surgery=300),
    _drug("HEPARIN (PORCINE) 25,000 UNIT/250 ML IN DEXTROSE 5% IV SOLN", 12, "Units/kg/h", _IV, _GTT, infarction=450),
    _drug("HEPARIN LOCK FLUSH (PORCINE) 100 UNIT/ML IV SOLN", 500, "Units", _IV, _ONCE, chemotherapy_day=350),
    _drug("HEPARIN (PORCINE) 1,000 UNIT/ML INJ SOLN", 3000, "Units", _IV, _ONCE, dialysis=450),
    _drug("ENOXAPARIN 40 MG/0.4 ML SUBCUTANEOUS SYRINGE", 40, "mg", _SQ, _QD, stay=250, joint=500, abdominal=300),
    _drug("ENOXAPARIN 80 MG/0.8 ML SUBCUTANEOUS SYRINGE", 80, "mg", _SQ, _Q12, covid=150),
    _drug("FONDAPARINUX 2.5 MG/0.5 ML SUBCUTANEOUS SOLN SYRINGE", 2.5, "mg", _SQ, _QD, joint=40),
    _drug("DALTEPARIN (PORCINE) 5,000 ANTI-XA UNIT/0.2 ML SUBCUTANEOUS SYRINGE", 5000, "Units", _SQ, _QD, joint=30),
    # Diabetes
    _drug("METFORMIN 500 MG TABLET", 500, "mg", _PO, "2 times daily with meals", diabetes=280),
    _drug("METFORMIN 1,000 MG TABLET", 1000, "mg", _PO, "2 times daily with meals", diabetes=250),
    _drug("GLIPIZIDE 5 MG TABLET", 5, "mg", _PO, "Daily before breakfast", diabetes=220),
    _drug("EMPAGLIFLOZIN 10 MG TABLET", 10, "mg", _PO, _QD, diabetes=200, failure=200),
    _drug("SEMAGLUTIDE 1 MG/DOSE SUBCUTANEOUS PEN INJECTOR", 1, "mg", _SQ, "Weekly", diabetes=140, obesity=80),
    _drug("SITAGLIPTIN 50 MG TABLET", 50, "mg", _PO, _QD, diabetes=120),
    _drug("INSULIN GLARGINE (U-100) 100 UNIT/ML (3 ML) SUBCUTANEOUS PEN", 24, "Units", _SQ, _QHS, insulin=850),
    _drug("INSULIN LISPRO (U-100) 100 UNIT/ML SUBCUTANEOUS SOLN", 6, "Units", _SQ, "3 times daily before meals", insulin=600),
    _drug("INSULIN LISPRO SLIDING SCALE 100 UNIT/ML SUBCUTANEOUS SOLN", 4, "Units", _SQ, "4 times daily before meals and nightly PRN", stay=330, icu=300),
    _drug("INSULIN REGULAR 100 UNIT/100 ML IN 0.9% NACL IV INFUSION", 4, "Units/h", _IV, _GTT, ketoacidosis=950, icu=250),
    _drug("DEXTROSE 50 % IN WATER (D50W) IV SYRINGE", 25, "g", _IV, "PRN", stay=250, ketoacidosis=400),
    _drug("BLOOD SUGAR DIAGNOSTIC STRIPS", 1, "strip", "Does not apply", "3 times daily", insulin=600),
    _drug("GABAPENTIN 300 MG CAPSULE", 300, "mg", _PO, _TID, neuropathy=600, chronic_pain=300),
    # Kidney and minerals
    _drug("SEVELAMER CARBONATE 800 MG TABLET", 800, "mg", _PO, "3 times daily with meals", esrd=750, mineral=200),
    _drug("CALCITRIOL 0.25 MCG CAPSULE", 0.25, "mcg", _PO, _QD, mineral=500),
    _drug("EPOETIN ALFA 10,000 UNIT/ML INJ SOLN", 10000, "Units", _SQ, "Weekly", renal_anemia=450),
    _drug("SODIUM BICARBONATE 650 MG TABLET", 650, "mg", _PO, _BID, ckd4=450),
    _drug("TACROLIMUS 1 MG CAPSULE", 2, "mg", _PO, _Q12, transplant=900),
    _drug("MYCOPHENOLATE MOFETIL 500 MG TABLET", 500, "mg", _PO, _BID, transplant=850),
    _drug("IRON SUCROSE 100 MG IRON/5 ML IV SOLN", 100, "mg", _IV, _ONCE, dialysis=250),
    _drug("FERROUS SULFATE 325 MG (65 MG IRON) TABLET", 325, "mg", _PO, _QD, iron=800),
    _drug("CHOLECALCIFEROL (VITAMIN D3) 1,000 UNIT TABLET", 1000, "Units", _PO, _QD, vitamin_d=650, bone=500),
    _drug("ERGOCALCIFEROL (VITAMIN D2) 50,000 UNIT CAPSULE", 50000, "Units", _PO, "Weekly", vitamin_d=250),
    _drug("POTASSIUM CHLORIDE ER 20 MEQ TABLET,EXTENDED RELEASE", 20, "mEq", _PO, _QD, failure=250, stay=200),
    _drug("POTASSIUM CHLORIDE 20 MEQ/100 ML IN STERILE WATER IV PIGGYBACK", 20, "mEq", _IV, _ONCE, icu=550, ketoacidosis=700),
    _drug("MAGNESIUM SULFATE 2 GRAM/50 ML (4 %) IN WATER IV PIGGYBACK", 2, "g", _IV, _ONCE, stay=160, icu=550),
    _drug("MAGNESIUM OXIDE 400 MG TABLET", 400, "mg", _PO, _QD, transplant=300),
    # Lung, allergy
    _drug("ALBUTEROL SULFATE HFA 90 MCG/ACTUATION AEROSOL INHALER", 2, "puff", _IH, _Q4, asthma=850, copd=700),
    _drug("FLUTICASONE PROPIONATE-SALMETEROL 250 MCG-50 MCG/DOSE POWDER FOR INHALATION", 1, "puff", _IH, _BID, asthma=350, copd=400),
    _drug("TIOTROPIUM BROMIDE 18 MCG CAPSULE WITH INHALATION DEVICE", 18, "mcg", _IH, _QD, copd=550),
    _drug("IPRATROPIUM 0.5 MG-ALBUTEROL 3 MG (2.5 MG BASE)/3 ML NEBULIZATION SOLN", 3, "mL", "Nebulization", "Every 4 hours", copd_flare=900, respiratory=500, pneumonia=300),
    _drug("PREDNISONE 20 MG TABLET", 40, "mg", _PO, _QD, copd_flare=800),
    _drug("METHYLPREDNISOLONE SODIUM SUCC 125 MG/2 ML SOLN FOR INJECTION", 60, "mg", _IV, _Q8, copd_flare=450),
    _drug("DEXAMETHASONE 6 MG TABLET", 6, "mg", _PO, _QD, covid=800),
    _drug("REMDESIVIR 100 MG IV SOLN", 100, "mg", _IV, _QD, covid=550),
    _drug("FLUTICASONE PROPIONATE 50 MCG/ACTUATION NASAL SPRAY,SUSPENSION", 1, "spray", "Each Nostril", _QD, allergy=500),
    _drug("CETIRIZINE 10 MG TABLET", 10, "mg", _PO, _QD, allergy=400),
    _drug("MONTELUKAST 10 MG TABLET", 10, "mg", _PO, _QHS, asthma=250),
    # Pain and its rescue
    _drug("ACETAMINOPHEN 325 MG TABLET", 650, "mg", _PO, _Q6, stay=750, icu=350, emergency=250, pain=200),
    _drug("IBUPROFEN 600 MG TABLET", 600, "mg", _PO, _Q6, pain=200, migraine=250, sprain=600, emergency=60),
    _drug("LIDOCAINE 5 % TOPICAL PATCH", 1, "patch", "Transdermal", _QD, pain=180, chronic_pain=250),
    _drug("CYCLOBENZAPRINE 10 MG TABLET", 10, "mg", _PO, "3 times daily PRN", pain=150),
    _drug("OXYCODONE 5 MG TABLET", 5, "mg", _PO, _Q4, chronic_pain=320, joint=800, abdominal=500, cardiac_surgery=500, fracture=650),
    _drug("OXYCODONE-ACETAMINOPHEN 5 MG-325 MG TABLET", 1, "tablet", _PO, _Q6, fracture=250, cholecystitis=350, appendicitis=400),
    _drug("HYDROCODONE 5 MG-ACETAMINOPHEN 325 MG TABLET", 1, "tablet", _PO, _Q6, chronic_pain=200, cholecystitis=250),
    _drug("MORPHINE ER 15 MG TABLET,EXTENDED RELEASE", 15, "mg", _PO, _Q12, chronic_pain=100),
    _drug("MORPHINE 4 MG/ML INJ SYRINGE", 4, "mg", _IV, _Q4, pancreatitis=500, fracture=450, emergency=110, obstruction=300),
    _drug("HYDROMORPHONE 1 MG/ML INJ SYRINGE", 0.5, "mg", _IV, _Q4, abdominal=600, joint=500, cardiac_surgery=400, pancreatitis=400),
    _drug("HYDROMORPHONE 2 MG TABLET", 2, "mg", _PO, _Q4, chronic_pain=110),
    _drug("FENTANYL (PF) 50 MCG/ML INJ SOLN", 50, "mcg", _IV, "Every 1 hour PRN", surgery=850, icu=350),
    _drug("FENTANYL (PF) 2,500 MCG/50 ML (50 MCG/ML) IV INFUSION", 50, "mcg/h", _IV, _GTT, icu=550),
    _drug("FENTANYL 25 MCG/HR TRANSDERMAL PATCH", 1, "patch", "Transdermal", "Every 72 hours", chronic_pain=80),
    _drug("TRAMADOL 50 MG TABLET", 50, "mg", _PO, _Q6, pain=80),
    _drug("NALOXONE 4 MG/ACTUATION NASAL SPRAY", 4, "mg", "Nasal", "PRN", chronic_pain=300),
    _drug("NALOXONE 0.4 MG/ML INJ SOLN", 0.4, "mg", _IV, "PRN", surgery=300, icu=150),
    _drug("KETOROLAC 15 MG/ML INJ SOLN", 15, "mg", _IV, _Q6, headache=400, joint=250),
    # Stomach, bowels, nausea
    _drug("PANTOPRAZOLE 40 MG TABLET,DELAYED RELEASE", 40, "mg", _PO, _QD, reflux=400, stay=220),
    _drug("OMEPRAZOLE 20 MG CAPSULE,DELAYED RELEASE", 20, "mg", _PO, "Daily before breakfast", reflux=380),
    _drug("PANTOPRAZOLE 40 MG IV SOLN", 40, "mg", _IV, _Q12, bleeding=900, icu=450),
    _drug("FAMOTIDINE 20 MG TABLET", 20, "mg", _PO, _BID, reflux=150, stay=110),
    _drug("ONDANSETRON HCL (PF) 4 MG/2 ML INJ SOLN", 4, "mg", _IV, _Q6, stay=350, surgery=650, emergency=200, chemotherapy_day=350),
    _drug("ONDANSETRON 8 MG TABLET", 8, "mg", _PO, "Every 8 hours PRN", nausea=550),
    _drug("PROCHLORPERAZINE MALEATE 10 MG TABLET", 10, "mg", _PO, _Q6, nausea=350),
    _drug("METOCLOPRAMIDE 10 MG TABLET", 10, "mg", _PO, _Q6, obstruction=150),
    _drug("POLYETHYLENE GLYCOL 3350 17 GRAM ORAL POWDER PACKET", 17, "g", _PO, _QD, stay=380, chronic_pain=250),
    _drug("SENNOSIDES 8.6 MG TABLET", 17.2, "mg", _PO, _QHS, stay=400, chronic_pain=300),
    _drug("DOCUSATE SODIUM 100 MG CAPSULE", 100, "mg", _PO, _BID, stay=250, joint=400),
    _drug("LACTULOSE 10 GRAM/15 ML ORAL SOLN", 20, "g", _PO, _TID, cirrhosis=600),
    # Mind and nerves
    _drug("SERTRALINE 50 MG TABLET", 50, "mg", _PO, _QD, depression=350, anxiety=300),
    _drug("ESCITALOPRAM 10 MG TABLET", 10, "mg", _PO, _QD, depression=250, anxiety=250),
    _drug("BUPROPION HCL XL 150 MG 24 HR TABLET,EXTENDED RELEASE", 150, "mg", _PO, _QD, depression=150, smoking=120),
    _drug("TRAZODONE 50 MG TABLET", 50, "mg", _PO, _QHS, depression=150),
    _drug("LORAZEPAM 0.5 MG TABLET", 0.5, "mg", _PO, "Every 8 hours PRN", anxiety=150, nausea=100),
    _drug("MELATONIN 3 MG TABLET", 3, "mg", _PO, _QHS, stay=250),
    _drug("QUETIAPINE 25 MG TABLET", 25, "mg", _PO, _QHS, delirium=350, dementia=150, bipolar=200),
    _drug("OLANZAPINE 10 MG TABLET", 10, "mg", _PO, _QHS, psychosis=400),
    _drug("RISPERIDONE 2 MG TABLET", 2, "mg", _PO, _BID, psychosis=350),
    _drug("HALOPERIDOL LACTATE 5 MG/ML INJ SOLN", 2, "mg", _IV, _Q6, delirium=300, icu=80),
    _drug("ZIPRASIDONE 40 MG CAPSULE", 40, "mg", _PO, "2 times daily with meals", bipolar=80),
    _drug("CLOZAPINE 100 MG TABLET", 100, "mg", _PO, _BID, psychosis=60),
    _drug("CHLORPROMAZINE 25 MG TABLET", 25, "mg", _PO, _TID, psychosis=20),
    _drug("LITHIUM CARBONATE 300 MG CAPSULE", 300, "mg", _PO, _BID, bipolar=400),
    _drug("LEVETIRACETAM 500 MG TABLET", 500, "mg", _PO, _BID, epilepsy=750),
    _drug("SUMATRIPTAN 50 MG TABLET", 50, "mg", _PO, "Once PRN", migraine=500),
    _drug("DONEPEZIL 10 MG TABLET", 10, "mg", _PO, _QHS, dementia=500),
    # Hormones, bone, prostate, joints, eyes, skin
    _drug("LEVOTHYROXINE 75 MCG TABLET", 75, "mcg", _PO, "Daily before breakfast", thyroid=850),
    _drug("ALENDRONATE 70 MG TABLET", 70, "mg", _PO, "Weekly", bone=500),
    _drug("ESTRADIOL 0.05 MG/24 HR TRANSDERMAL PATCH", 1, "patch", "Transdermal", "2 times weekly", menopause=220),
    _drug("TAMSULOSIN 0.4 MG CAPSULE", 0.4, "mg", _PO, _QHS, prostate=650),
    _drug("FINASTERIDE 5 MG TABLET", 5, "mg", _PO, _QD, prostate=300),
    _drug("ALLOPURINOL 100 MG TABLET", 100, "mg", _PO, _QD, gout=700),
    _drug("COLCHICINE 0.6 MG TABLET", 0.6, "mg", _PO, "Daily PRN", gout=300),
    _drug("LATANOPROST 0.005 % EYE DROPS", 1, "drop", "Both Eyes", _QHS, glaucoma=800),
    _drug("TRIAMCINOLONE ACETONIDE 0.1 % TOPICAL CREAM", 1, "application", "Topical", _BID, skin=700),
    # Cancer
    _drug("ANASTROZOLE 1 MG TABLET", 1, "mg", _PO, _QD, breast=550),
    _drug("LEUPROLIDE 22.5 MG (3 MONTH) INTRAMUSCULAR SYRINGE KIT", 22.5, "mg", _IM, "Every 3 months", prostate_cancer=650),
    _drug("BICALUTAMIDE 50 MG TABLET", 50, "mg", _PO, _QD, prostate_cancer=350),
    _drug("CAPECITABINE 500 MG TABLET", 1500, "mg", _PO, _BID, solid=200),
    _drug("LENALIDOMIDE 10 MG CAPSULE", 10, "mg", _PO, _QD, blood=250),
    _drug("OXALIPLATIN 100 MG/20 ML IV SOLN", 150, "mg", _IV, _ONCE, chemotherapy_day=180),
    _drug("PACLITAXEL 6 MG/ML IV CONC", 140, "mg", _IV, _ONCE, chemotherapy_day=200),
    _drug("CARBOPLATIN 10 MG/ML IV SOLN", 450, "mg", _IV, _ONCE, chemotherapy_day=180),
    _drug("PEMBROLIZUMAB 25 MG/ML IV SOLN", 200, "mg", _IV, _ONCE, chemotherapy_day=170),
    _drug("DEXAMETHASONE SODIUM PHOSPHATE 4 MG/ML INJ SOLN", 10, "mg", _IV, _ONCE, chemotherapy_day=700),
    _drug("DIPHENHYDRAMINE 50 MG/ML INJ SOLN", 25, "mg", _IV, _ONCE, chemotherapy_day=450),
    _drug("FOSAPREPITANT 150 MG IV SOLN", 150, "mg", _IV, _ONCE, chemotherapy_day=350),
    _drug("PEGFILGRASTIM 6 MG/0.6 ML SUBCUTANEOUS SYRINGE", 6, "mg", _SQ, _ONCE, chemotherapy_day=200),
    _drug("ZOLEDRONIC ACID 4 MG/5 ML IV SOLN", 4, "mg", _IV, "Every 3 months", bone_metastasis=600),
    # Infection
    _drug("CEFTRIAXONE 2 GRAM IV SOLN", 2, "g", _IV, "Every 24 hours", pneumonia=650, sepsis=550, cholecystitis=350),
    _drug("AZITHROMYCIN 500 MG IV SOLN", 500, "mg", _IV, "Every 24 hours", pneumonia=550),
    _drug("VANCOMYCIN 1 GRAM/200 ML IN DEXTROSE IV PIGGYBACK", 1000, "mg", _IV, _Q12, sepsis=650, cellulitis=400, neutropenic_fever=450, septic_shock=900),
    _drug("PIPERACILLIN-TAZOBACTAM 4.5 GRAM IV SOLN", 4.5, "g", _IV, _Q8, sepsis=550, septic_shock=650, cholecystitis=450),
    _drug("CEFEPIME 2 GRAM IV SOLN", 2, "g", _IV, _Q8, neutropenic_fever=900, septic_shock=300),
    _drug("CEFAZOLIN 2 GRAM/50 ML IV PIGGYBACK", 2, "g", _IV, _Q8, surgery=900, cellulitis=350),
    _drug("CEPHALEXIN 500 MG CAPSULE", 500, "mg", _PO, "4 times daily", cellulitis=450),
    _drug("AMOXICILLIN 875 MG-POTASSIUM CLAVULANATE 125 MG TABLET", 875, "mg", _PO, _BID, cold=300, emergency=60),
    _drug("NITROFURANTOIN MONOHYDRATE/MACROCRYSTALS 100 MG CAPSULE", 100, "mg", _PO, _BID, emergency=60),
    # Stay and intensive care
    _drug("SODIUM CHLORIDE 0.9 % IV BOLUS", 1000, "mL", _IV, _ONCE, emergency=500, sepsis=700, ketoacidosis=950),
    _drug("LACTATED RINGERS IV INFUSION", 125, "mL/h", _IV, _GTT, stay=350, surgery=700, pancreatitis=900),
    _drug("SODIUM CHLORIDE 0.9 % IV FLUSH SYRINGE", 10, "mL", _IV, _Q8, stay=450, icu=550),
    _drug("NOREPINEPHRINE 16 MG/250 ML IN DEXTROSE 5% IV INFUSION", 5, "mcg/min", _IV, _GTT, septic_shock=950, cardiogenic_shock=700),
    _drug("VASOPRESSIN 20 UNIT/100 ML IN 0.9% NACL IV INFUSION", 0.03, "Units/min", _IV, _GTT, septic_shock=500),
    _drug("DOBUTAMINE 500 MG/250 ML IN DEXTROSE 5% IV INFUSION", 5, "mcg/kg/min", _IV, _GTT, cardiogenic_shock=550),
    _drug("PROPOFOL 10 MG/ML IV EMULSION", 30, "mcg/kg/min", _IV, _GTT, icu=500),
    _drug("DEXMEDETOMIDINE 400 MCG/100 ML IN 0.9% NACL IV INFUSION", 0.5, "mcg/kg/h", _IV, _GTT, icu=350),
    _drug("FUROSEMIDE 10 MG/ML INJ SOLN", 40, "mg", _IV, _Q12, decompensation=950, icu=350, cardiogenic_shock=600),
    _drug("CHLORHEXIDINE GLUCONATE 0.12 % MOUTHWASH", 15, "mL", "Mouth/Throat", _BID, icu=600),
    _drug("ALTEPLASE 2 MG IV SOLN", 2, "mg", _IV, _ONCE, icu=40),
    _drug("MIDAZOLAM 1 MG/ML INJ SOLN", 2, "mg", _IV, _ONCE, surgery=700, icu=250),
    _drug("ROCURONIUM 10 MG/ML IV SOLN", 50, "mg", _IV, _ONCE, surgery=600, respiratory=300),
    _drug("ALBUMIN, HUMAN 25 % IV SOLN", 25, "g", _IV, _ONCE, icu=150, cirrhosis=100),
    _drug("SODIUM ZIRCONIUM CYCLOSILICATE 10 GRAM ORAL POWDER PACKET", 10, "g", _PO, _TID, aki=350),
    _drug("CALCIUM GLUCONATE 1 GRAM/50 ML IV PIGGYBACK", 1, "g", _IV, _ONCE, aki=300, icu=250),
    _drug("ACYCLOVIR 400 MG TABLET", 400, "mg", _PO, _BID, blood=500),
    _drug("MULTIVITAMIN TABLET", 1, "tablet", _PO, _QD, nutrition=500, cirrhosis=400),
    _drug("NICOTINE 14 MG/24 HR TRANSDERMAL PATCH", 1, "patch", "Transdermal", _QD, smoking=250),
    # Brand with generic, vaccines ordered as drugs: planted by families, never in the background
    _drug("NALOXONE (NARCAN) 4 MG/ACTUATION NASAL SPRAY", 4, "mg", "Nasal", "PRN"),
    _drug("ENOXAPARIN (LOVENOX) 40 MG/0.4 ML SUBCUTANEOUS SYRINGE", 40, "mg", _SQ, _QD),
    _drug("APIXABAN (ELIQUIS) 5 MG TABLET", 5, "mg", _PO, _BID),
    _drug("ONDANSETRON HCL (ZOFRAN) 4 MG TABLET", 4, "mg", _PO, "Every 8 hours PRN"),
    _drug("OXYCODONE-ACETAMINOPHEN (PERCOCET) 5 MG-325 MG TABLET", 1, "tablet", _PO, _Q6),
    _drug("LEVOTHYROXINE 25 MCG TABLET", 25, "mcg", _PO, "Daily before breakfast"),
    _drug("COVID-19 VAC, MRNA (PFIZER) 30 MCG/0.3 ML IM SUSPENSION", 0.3, "mL", _IM, _ONCE),
)  # fmt: skip

BY_TEXT: dict[str, int] = {drug.text: place for place, drug in enumerate(FORMULARY)}
"""Where each order text stands in FORMULARY."""

# First match wins: words in the order's text, route.
_ROUTES: tuple[tuple[str, str], ...] = (
    ("NASAL", "Nasal"), ("SUBCUT", _SQ), ("SYRINGE", _SQ), ("PATCH", "Transdermal"), ("INHAL", _IH), ("NEBUL", "Nebulization"),
    ("INTRAMUSC", _IM), (" IM ", _IM), (" INJ", _IV), (" IV", _IV), ("CREAM", "Topical"), ("DROPS", "Both Eyes"),
)  # fmt: skip
_STRENGTH = re.compile(r"([\d,]+(?:\.\d+)?)\s*(MG|MCG|GRAM|G|UNIT|MEQ|ML)S?\b", re.IGNORECASE)
_UNITS = {"MG": "mg", "MCG": "mcg", "GRAM": "g", "G": "g", "UNIT": "Units", "MEQ": "mEq", "ML": "mL"}


def drug_for(text: str) -> Drug:
    """The formulary's entry of this text, else one with strength and route read off the text and once-daily timing."""
    if text in BY_TEXT:
        return FORMULARY[BY_TEXT[text]]
    strength = _STRENGTH.search(text)
    dose, unit = (float(strength[1].replace(",", "")), _UNITS[strength[2].upper()]) if strength else (1.0, "each")
    route = next((name for words, name in _ROUTES if words in f"{text.upper()} "), _PO)
    return Drug(text, int(dose) if dose == int(dose) else dose, unit, route, _QD)
