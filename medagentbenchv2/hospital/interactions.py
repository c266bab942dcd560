# ruff: noqa: E501 (one row a line)
"""What must not be prescribed together, or to whom: the few rules that keep medication lists believable."""

from __future__ import annotations

# Of each of these words' drugs a patient takes at most one at a time.
ALTERNATIVES: tuple[tuple[str, ...], ...] = (
    ("LISINOPRIL", "LOSARTAN"), ("AMLODIPINE",), ("METOPROLOL", "CARVEDILOL"), ("FUROSEMIDE 40", "TORSEMIDE", "HYDROCHLOROTHIAZIDE"),
    ("ATORVASTATIN", "ROSUVASTATIN"), ("APIXABAN", "RIVAROXABAN", "WARFARIN", "DABIGATRAN", "ENOXAPARIN", "FONDAPARINUX", "DALTEPARIN", "HEPARIN (PORCINE) 5,000", "HEPARIN (PORCINE) 25,000"),
    ("METFORMIN",), ("PANTOPRAZOLE 40 MG IV", "PANTOPRAZOLE 40 MG TABLET", "OMEPRAZOLE", "FAMOTIDINE"), ("SERTRALINE", "ESCITALOPRAM", "BUPROPION"),
    ("OLANZAPINE", "RISPERIDONE", "CLOZAPINE", "ZIPRASIDONE", "CHLORPROMAZINE", "QUETIAPINE"),
    ("OXYCODONE", "HYDROCODONE", "HYDROMORPHONE 2 MG", "TRAMADOL"), ("CHOLECALCIFEROL", "ERGOCALCIFEROL"), ("ANASTROZOLE",),
    ("CEFTRIAXONE", "PIPERACILLIN", "CEFEPIME"), ("PACLITAXEL", "OXALIPLATIN", "PEMBROLIZUMAB"), ("IBUPROFEN", "KETOROLAC"),
    ("MORPHINE 4", "HYDROMORPHONE 1 MG"), ("PROPOFOL", "DEXMEDETOMIDINE"), ("CEPHALEXIN", "AMOXICILLIN", "NITROFURANTOIN"),
)  # fmt: skip
# Drugs that patients with a problem of these groups must not have.
AVOID: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("METFORMIN", ("ckd4", "esrd")), ("EMPAGLIFLOZIN", ("esrd",)), ("HYDROCHLOROTHIAZIDE", ("ckd4", "esrd")), ("SPIRONOLACTONE", ("ckd4", "esrd")),
    ("LISINOPRIL", ("esrd",)), ("LOSARTAN", ("esrd",)), ("FUROSEMIDE 40", ("esrd",)), ("TORSEMIDE", ("esrd",)), ("POTASSIUM CHLORIDE", ("ckd4", "esrd")),
    ("IBUPROFEN", ("ckd", "ckd4", "esrd", "cirrhosis", "failure")), ("KETOROLAC", ("ckd", "ckd4", "esrd", "cirrhosis")), ("ENOXAPARIN", ("ckd4", "esrd")), ("ALENDRONATE", ("ckd4", "esrd")),
    ("NITROFURANTOIN", ("ckd4", "esrd")), ("DABIGATRAN", ("ckd4", "esrd")), ("MORPHINE", ("ckd4", "esrd")), ("MAGNESIUM", ("esrd",)), ("SODIUM BICARBONATE 650", ("esrd",)),
    ("ESTRADIOL", ("breast", "clot", "coronary")), ("BUPROPION", ("epilepsy",)), ("SUMATRIPTAN", ("coronary",)), ("METOPROLOL", ("asthma",)),
)  # fmt: skip

# Drugs that a stay with one of these groups of acute problems must not bring.
WITHHELD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("HEPARIN (PORCINE) 5,000", ("bleeding",)), ("HEPARIN (PORCINE) 25,000", ("bleeding",)), ("ENOXAPARIN", ("bleeding",)),
    ("POTASSIUM CHLORIDE", ("aki",)), ("KETOROLAC", ("bleeding", "aki")), ("IBUPROFEN", ("bleeding", "aki")),
)  # fmt: skip
