# ruff: noqa: E501 (one row a line)
"""What patients suffer from: ICD-10-CM diagnoses, who has them, and how they move the laboratory.

Shares are clinical judgement for a tertiary hospital's panel of adults, not a citation; codes and wording are
ICD-10-CM's. Effects are in thousandths of a standard deviation of a factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ARCHETYPES: tuple[str, ...] = ("outpatient", "renal", "oncology", "surgical", "critical")
"""Kinds of patient: outpatient, diabetic-renal, oncology, surgical, and prone to intensive care."""


@dataclass(frozen=True)
class Problem:
    """A diagnosis."""

    code: str
    """ICD-10-CM."""
    display: str
    """ICD-10-CM's wording."""
    group: str
    """Name by which drugs and causes of admission refer to it; acute ones are never on a problem list."""
    shares: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    """Thousandths of each archetype's patients who have it; all 0 for acute diagnoses, which come with a stay."""
    sex: Literal["female", "male", "any"] = "any"
    """Who can have it."""
    ages: tuple[int, int] = (18, 120)
    """Ages at which a patient may have it."""
    effects: tuple[tuple[str, int], ...] = ()
    """What it does to the factors."""


def _chronic(code: str, display: str, group: str, shares: str, sex: Literal["female", "male", "any"] = "any",
             ages: tuple[int, int] = (18, 120), **effects: int) -> Problem:  # fmt: skip
    out, renal, oncology, surgical, critical = (int(share) for share in shares.split())
    return Problem(code, display, group, (out, renal, oncology, surgical, critical), sex, ages, tuple(effects.items()))


def _acute(code: str, display: str, group: str) -> Problem:
    return Problem(code, display, group)


# code, display, group, thousandths of outpatient, renal, oncology, surgical and critical patients
CHRONIC: tuple[Problem, ...] = (
    _chronic("I10", "Essential (primary) hypertension", "hypertension", "380 150 350 400 450", ages=(30, 120), PRESSURE=900),
    _chronic("E78.5", "Hyperlipidemia, unspecified", "lipids", "360 700 300 380 450", ages=(30, 120), LIPID=700),
    _chronic("E78.2", "Mixed hyperlipidemia", "lipids", "80 160 60 70 100", ages=(30, 120), LIPID=900),
    _chronic("E11.9", "Type 2 diabetes mellitus without complications", "diabetes", "150 0 130 150 120", ages=(35, 120), SUGAR=4200),
    _chronic("E11.65", "Type 2 diabetes mellitus with hyperglycemia", "diabetes", "20 550 30 30 180", ages=(35, 120), SUGAR=1500),
    _chronic("E11.22", "Type 2 diabetes mellitus with diabetic chronic kidney disease", "diabetes", "0 1000 0 0 150", ages=(35, 120), SUGAR=4200),
    _chronic("E11.42", "Type 2 diabetes mellitus with diabetic polyneuropathy", "neuropathy", "0 500 20 20 80", ages=(35, 120)),
    _chronic("E11.319", "Type 2 diabetes mellitus with unspecified diabetic retinopathy without macular edema", "retinopathy", "0 350 10 10 60", ages=(35, 120)),
    _chronic("Z79.4", "Long term (current) use of insulin", "insulin", "20 550 30 40 180", ages=(35, 120)),
    _chronic("N18.31", "Chronic kidney disease, stage 3a", "ckd", "30 250 60 50 150", ages=(40, 120), RENAL=3000, ANEMIA=400),
    _chronic("N18.4", "Chronic kidney disease, stage 4 (severe)", "ckd4", "0 500 0 0 100", ages=(40, 120), RENAL=7000, ANEMIA=1300),
    _chronic("N18.6", "End stage renal disease", "esrd", "0 250 0 0 60", ages=(40, 120), RENAL=12500, ANEMIA=2600),
    _chronic("Z99.2", "Dependence on renal dialysis", "esrd", "0 0 0 0 0"),
    _chronic("I12.9", "Hypertensive chronic kidney disease with stage 1 through stage 4 chronic kidney disease, or unspecified chronic kidney disease", "hypertension", "0 700 0 0 120", ages=(40, 120), PRESSURE=1300),
    _chronic("I12.0", "Hypertensive chronic kidney disease with stage 5 chronic kidney disease or end stage renal disease", "hypertension", "0 0 0 0 0", ages=(40, 120), PRESSURE=1500),
    _chronic("D63.1", "Anemia in chronic kidney disease", "renal_anemia", "0 550 0 0 150", ages=(40, 120), ANEMIA=700),
    _chronic("N25.81", "Secondary hyperparathyroidism of renal origin", "mineral", "0 400 0 0 70", ages=(40, 120), CALCIUM=-400),
    _chronic("E66.9", "Obesity, unspecified", "obesity", "280 380 150 220 280", BODY=1400),
    _chronic("E66.01", "Morbid (severe) obesity due to excess calories", "obesity", "40 90 20 60 120", BODY=2600),
    _chronic("I25.10", "Atherosclerotic heart disease of native coronary artery without angina pectoris", "coronary", "90 330 90 120 420", ages=(45, 120), HEART=700),
    _chronic("I50.22", "Chronic systolic (congestive) heart failure", "failure", "15 180 20 25 400", ages=(45, 120), HEART=2300, PRESSURE=-300),
    _chronic("I50.32", "Chronic diastolic (congestive) heart failure", "failure", "15 120 30 20 180", ages=(50, 120), HEART=1700),
    _chronic("I48.91", "Unspecified atrial fibrillation", "fibrillation", "40 130 70 60 330", ages=(50, 120), HEART=700, RHYTHM=600),
    _chronic("Z86.73", "Personal history of transient ischemic attack (TIA), and cerebral infarction without residual deficits", "coronary", "30 110 30 30 120", ages=(50, 120)),
    _chronic("I73.9", "Peripheral vascular disease, unspecified", "coronary", "20 190 20 60 130", ages=(50, 120)),
    _chronic("J44.9", "Chronic obstructive pulmonary disease, unspecified", "copd", "60 70 110 70 330", ages=(45, 120), LUNG=1300),
    _chronic("J45.909", "Unspecified asthma, uncomplicated", "asthma", "110 50 50 80 80", LUNG=300),
    _chronic("G47.33", "Obstructive sleep apnea (adult) (pediatric)", "apnea", "90 170 60 100 200", ages=(30, 120), LUNG=200),
    _chronic("E03.9", "Hypothyroidism, unspecified", "thyroid", "80 90 80 70 90", THYROID=2100),
    _chronic("K21.9", "Gastro-esophageal reflux disease without esophagitis", "reflux", "220 220 260 260 280"),
    _chronic("F32.A", "Depression, unspecified", "depression", "170 150 200 140 200"),
    _chronic("F41.1", "Generalized anxiety disorder", "anxiety", "150 70 150 110 110"),
    _chronic("F17.210", "Nicotine dependence, cigarettes, uncomplicated", "smoking", "110 110 130 130 190", LUNG=300),
    _chronic("M54.50", "Low back pain, unspecified", "pain", "210 170 200 250 150"),
    _chronic("M17.11", "Unilateral primary osteoarthritis, right knee", "pain", "110 110 70 240 90", ages=(45, 120)),
    _chronic("M16.12", "Unilateral primary osteoarthritis, left hip", "pain", "40 40 30 140 40", ages=(45, 120)),
    _chronic("M81.0", "Age-related osteoporosis without current pathological fracture", "bone", "90 60 90 90 60", ages=(58, 120)),
    _chronic("G89.29", "Other chronic pain", "chronic_pain", "80 110 190 190 110"),
    _chronic("G89.3", "Neoplasm related pain (acute) (chronic)", "chronic_pain", "0 0 420 0 0"),
    _chronic("N40.1", "Benign prostatic hyperplasia with lower urinary tract symptoms", "prostate", "260 260 230 260 260", sex="male", ages=(55, 120)),
    _chronic("N95.1", "Menopausal and female climacteric states", "menopause", "180 60 120 110 40", sex="female", ages=(46, 65)),
    _chronic("E55.9", "Vitamin D deficiency, unspecified", "vitamin_d", "190 280 190 150 150", NUTRITION=-300),
    _chronic("D50.9", "Iron deficiency anemia, unspecified", "iron", "90 150 180 140 150", ANEMIA=1400),
    _chronic("K70.30", "Alcoholic cirrhosis of liver without ascites", "cirrhosis", "5 10 20 20 130", ages=(35, 120), LIVER=4500, COAG=2600, NUTRITION=-1700, MARROW=1500),
    _chronic("K76.0", "Fatty (change of) liver, not elsewhere classified", "fatty_liver", "90 150 70 80 60", ages=(30, 120), LIVER=900),
    _chronic("G40.909", "Epilepsy, unspecified, not intractable, without status epilepticus", "epilepsy", "20 20 30 20 40"),
    _chronic("G43.909", "Migraine, unspecified, not intractable, without status migrainosus", "migraine", "90 20 40 50 20", ages=(18, 65)),
    _chronic("M10.9", "Gout, unspecified", "gout", "50 170 30 50 80", ages=(40, 120)),
    _chronic("L40.0", "Psoriasis vulgaris", "skin", "30 20 15 20 20"),
    _chronic("J30.9", "Allergic rhinitis, unspecified", "allergy", "170 60 80 90 50"),
    _chronic("H40.11X0", "Primary open-angle glaucoma, stage unspecified", "glaucoma", "40 90 30 30 40", ages=(50, 120)),
    _chronic("Z86.718", "Personal history of other venous thrombosis and embolism", "clot", "20 40 110 60 110"),
    _chronic("F03.90", "Unspecified dementia without behavioral disturbance", "dementia", "15 30 15 20 110", ages=(68, 120)),
    _chronic("F20.9", "Schizophrenia, unspecified", "psychosis", "12 12 8 8 25"),
    _chronic("F31.9", "Bipolar disorder, unspecified", "bipolar", "20 15 12 15 25"),
    _chronic("C50.911", "Malignant neoplasm of unspecified site of right female breast", "breast", "0 0 380 0 0", sex="female", MARROW=300),
    _chronic("C61", "Malignant neoplasm of prostate", "prostate_cancer", "0 0 280 0 0", sex="male", ages=(50, 120), ANEMIA=300),
    _chronic("C34.90", "Malignant neoplasm of unspecified part of unspecified bronchus or lung", "solid", "0 0 240 0 0", ages=(40, 120), LUNG=1200, ANEMIA=700, NUTRITION=-900),
    _chronic("C18.9", "Malignant neoplasm of colon, unspecified", "solid", "0 0 240 0 0", ages=(35, 120), ANEMIA=1200, NUTRITION=-600),
    _chronic("C25.9", "Malignant neoplasm of pancreas, unspecified", "solid", "0 0 110 0 0", ages=(40, 120), LIVER=900, NUTRITION=-1300, SUGAR=900),
    _chronic("C83.30", "Diffuse large B-cell lymphoma, unspecified site", "blood", "0 0 200 0 0", MARROW=1000, ANEMIA=1000),
    _chronic("C90.00", "Multiple myeloma not having achieved remission", "blood", "0 0 130 0 0", ages=(45, 120), MARROW=800, ANEMIA=1400, RENAL=900, CALCIUM=700),
    _chronic("C78.7", "Secondary malignant neoplasm of liver and intrahepatic bile duct", "metastasis", "0 0 200 0 0", LIVER=1400),
    _chronic("C79.51", "Secondary malignant neoplasm of bone", "bone_metastasis", "0 0 190 0 0", CALCIUM=600),
    _chronic("C64.2", "Malignant neoplasm of left kidney, except renal pelvis", "kidney_cancer", "0 0 0 0 0"),
    _chronic("D63.0", "Anemia in neoplastic disease", "cancer_anemia", "0 0 500 0 0", ANEMIA=900),
    _chronic("D70.1", "Agranulocytosis secondary to cancer chemotherapy", "neutropenia", "0 0 300 0 0", MARROW=700),
    _chronic("R11.2", "Nausea with vomiting, unspecified", "nausea", "40 60 400 90 60"),
    _chronic("Z51.11", "Encounter for antineoplastic chemotherapy", "chemotherapy", "0 0 800 0 0"),
    _chronic("Z85.820", "Personal history of malignant melanoma of skin", "history", "20 15 40 20 20", ages=(40, 120)),
    _chronic("K80.20", "Calculus of gallbladder without cholecystitis without obstruction", "gallstones", "40 50 50 160 60"),
    _chronic("K57.30", "Diverticulosis of large intestine without perforation or abscess without bleeding", "history", "90 110 90 140 110", ages=(45, 120)),
    _chronic("K43.9", "Ventral hernia without obstruction or gangrene", "hernia", "15 20 30 170 30"),
    _chronic("S72.001S", "Fracture of unspecified part of neck of right femur, sequela", "history", "0 0 0 110 40", ages=(60, 120)),
    _chronic("Z96.651", "Presence of right artificial knee joint", "history", "30 30 20 200 40", ages=(50, 120)),
    _chronic("Z93.0", "Tracheostomy status", "history", "0 0 0 0 110", LUNG=700),
    _chronic("J96.11", "Chronic respiratory failure with hypoxia", "copd", "0 10 20 0 230", ages=(45, 120), LUNG=1300),
    _chronic("E46", "Unspecified protein-calorie malnutrition", "nutrition", "0 40 160 50 250", NUTRITION=-1500),
    _chronic("I69.351", "Hemiplegia and hemiparesis following cerebral infarction affecting right dominant side", "stroke", "5 40 5 10 110", ages=(50, 120)),
    _chronic("Z94.0", "Kidney transplant status", "transplant", "0 90 0 0 30", ages=(30, 120), RENAL=800, MARROW=400),
    _chronic("Z00.00", "Encounter for general adult medical examination without abnormal findings", "visit", "600 250 200 300 120"),
    _chronic("Z79.899", "Other long term (current) drug therapy", "visit", "350 550 600 350 550"),
    _chronic("Z23", "Encounter for immunization", "visit", "300 300 300 200 150"),
)  # fmt: skip

ACUTE: tuple[Problem, ...] = (
    _acute("A41.9", "Sepsis, unspecified organism", "sepsis"),
    _acute("R65.21", "Severe sepsis with septic shock", "septic_shock"),
    _acute("N39.0", "Urinary tract infection, site not specified", "sepsis"),
    _acute("J18.9", "Pneumonia, unspecified organism", "pneumonia"),
    _acute("J96.01", "Acute respiratory failure with hypoxia", "respiratory"),
    _acute("J80", "Acute respiratory distress syndrome", "respiratory"),
    _acute("J44.1", "Chronic obstructive pulmonary disease with (acute) exacerbation", "copd_flare"),
    _acute("U07.1", "COVID-19", "covid"),
    _acute("N17.9", "Acute kidney failure, unspecified", "aki"),
    _acute("E87.5", "Hyperkalemia", "aki"),
    _acute("E87.6", "Hypokalemia", "electrolytes"),
    _acute("E87.1", "Hypo-osmolality and hyponatremia", "electrolytes"),
    _acute("E83.42", "Hypomagnesemia", "electrolytes"),
    _acute("E86.0", "Dehydration", "dehydration"),
    _acute("E11.10", "Type 2 diabetes mellitus with ketoacidosis without coma", "ketoacidosis"),
    _acute("I50.23", "Acute on chronic systolic (congestive) heart failure", "decompensation"),
    _acute("I50.33", "Acute on chronic diastolic (congestive) heart failure", "diastolic_decompensation"),
    _acute("I21.4", "Non-ST elevation (NSTEMI) myocardial infarction", "infarction"),
    _acute("I48.0", "Paroxysmal atrial fibrillation", "infarction"),
    _acute("R57.0", "Cardiogenic shock", "cardiogenic_shock"),
    _acute("I63.9", "Cerebral infarction, unspecified", "stroke_acute"),
    _acute("K92.2", "Gastrointestinal hemorrhage, unspecified", "bleeding"),
    _acute("D62", "Acute posthemorrhagic anemia", "bleeding"),
    _acute("K85.90", "Acute pancreatitis without necrosis or infection, unspecified", "pancreatitis"),
    _acute("K56.609", "Unspecified intestinal obstruction, unspecified as to partial versus complete obstruction", "obstruction"),
    _acute("K81.0", "Acute cholecystitis", "cholecystitis"),
    _acute("K35.80", "Unspecified acute appendicitis", "appendicitis"),
    _acute("S72.002A", "Fracture of unspecified part of neck of left femur, initial encounter for closed fracture", "fracture"),
    _acute("Z47.1", "Aftercare following joint replacement surgery", "joint"),
    _acute("Z48.815", "Encounter for surgical aftercare following surgery on the digestive system", "abdominal"),
    _acute("Z48.812", "Encounter for surgical aftercare following surgery on the circulatory system", "cardiac_surgery"),
    _acute("G89.18", "Other acute postprocedural pain", "postoperative"),
    _acute("R50.81", "Fever presenting with conditions classified elsewhere", "neutropenic_fever"),
    _acute("D61.810", "Antineoplastic chemotherapy induced pancytopenia", "neutropenic_fever"),
    _acute("R07.9", "Chest pain, unspecified", "chest_pain"),
    _acute("R10.9", "Unspecified abdominal pain", "abdominal_pain"),
    _acute("R06.02", "Shortness of breath", "dyspnea"),
    _acute("R55", "Syncope and collapse", "syncope"),
    _acute("R51.9", "Headache, unspecified", "headache"),
    _acute("L03.115", "Cellulitis of right lower limb", "cellulitis"),
    _acute("R41.0", "Disorientation, unspecified", "delirium"),
    _acute("J06.9", "Acute upper respiratory infection, unspecified", "cold"),
    _acute("S93.401A", "Sprain of unspecified ligament of right ankle, initial encounter", "sprain"),
)  # fmt: skip

PROBLEMS: tuple[Problem, ...] = CHRONIC + ACUTE
"""Every diagnosis of the background."""
