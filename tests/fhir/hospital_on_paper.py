"""A small hospital made by hand and by seed: every shape of row, ties, missing dates, values and ranges."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import numpy as np

from medagentbenchv2.fhir.rows import MISSING, STATUSES, Records, Rows, Template

LOINC = "http://loinc.org"
NOW = datetime(2023, 11, 13, 10, 15, tzinfo=UTC)
NOW_MINUTE = int(NOW.timestamp()) // 60


def concept(system: str, code: str, display: str = "", text: str = "") -> dict[str, Any]:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


def category(code: str, display: str) -> list[dict[str, Any]]:
    return [concept("http://terminology.hl7.org/CodeSystem/observation-category", code, display)]


LAB, VITAL = category("laboratory", "Laboratory"), category("vital-signs", "Vital Signs")
CPT, ICD = "http://www.ama-assn.org/go/cpt", "http://hl7.org/fhir/sid/icd-10-cm"


def lab(code: str, unit: str, decimals: int, low: int | None, high: int | None, kind: Any = "quantity") -> Template:
    body = {"category": LAB, "code": concept(LOINC, code, code, code)}
    return Template("Observation", code, body, kind, decimals, unit, low, high, issued=True)


TEMPLATES = [
    lab("K", "mmol/L", 1, 35, 50),
    lab("MG", "mg/dL", 1, 17, 22),
    lab("A1C", "%", 1, None, 57),
    lab("GLU", "mg/dL", 0, 70, 99),
    lab("CULTURE", "", 0, None, None, "none"),
    Template("Observation", "BP", {"category": VITAL, "code": {"text": "BP 100% é"}}, "pair", 0, "mmHg"),
    Template("Procedure", "IMGCT0491", {"code": concept(CPT, "IMGCT0491", "CT ABDOMEN", "CT abdomen")}),
    Template("Procedure", "NUR1373", {"code": concept(CPT, "NUR1373", "FOLEY", "Insert catheter")}),
    Template("Condition", "C64.2", {"code": concept(ICD, "C64.2", "Renal mass", "Néoplasm, left kidney")}),
    Template("Condition", "I10", {"code": concept(ICD, "I10", "Hypertension")}),
    Template("MedicationRequest", "HEPARIN (PORCINE) 5,000 UNIT/ML INJ SOLN", {
        "intent": "order", "medicationCodeableConcept": {"text": "HEPARIN (PORCINE) 5,000 UNIT/ML INJ SOLN"},
        "dosageInstruction": [{"timing": {"code": {"text": "Q8H"}}, "route": {"text": "Subcutaneous"}}]}),
    Template("MedicationRequest", "WARFARIN 5 MG", {
        "intent": "plan", "medicationCodeableConcept": concept(
            "http://hl7.org/fhir/sid/ndc", "0056-0172", "", "WARFARIN 5 MG")}),
    Template("ServiceRequest", "LAB1", {"intent": "order", "priority": "stat", "code": concept(LOINC, "2823-3", "K")}),
]  # fmt: skip

KIND_STATUSES = {
    "Observation": ("final", "amended", "entered-in-error"),
    "Procedure": ("completed", "not-done"),
    "Condition": ("active", "resolved", "refuted", "entered-in-error"),
    "MedicationRequest": ("active", "stopped", "completed"),
    "ServiceRequest": ("active", "completed"),
}

FAMILIES = ("Stafford", "Müller", "O'Hara", "Lee")


def patient(index: int) -> dict[str, Any]:
    mrn = f"S{1234560 + index:07d}"
    kind = concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", "Medical Record Number")
    return {
        "resourceType": "Patient",
        "id": mrn,
        "identifier": [{"use": "usual", "type": kind, "value": mrn}],
        "name": [{"use": "official", "family": FAMILIES[index % 4], "given": ["Peter", "Ann"][index % 2 :]}],
        "telecom": [{"system": "phone", "value": f"342-994-{index:04d}", "use": "home"}],
        "gender": ("male", "female")[index % 2],
        "birthDate": f"19{40 + index}-0{1 + index % 9}-15",
        "address": [{"line": [f"{index} Main St"], "city": "Springfield", "state": "CA", "postalCode": "94301"}],
    }


def small_records(seed: int = 0, patients: int = 6, rows: int = 900) -> Records:
    """Rows of every template and status, in a random order of insertion."""
    draw = random.Random(seed)
    columns: dict[str, list[int]] = {name: [] for name in Rows.__dataclass_fields__}
    for _ in range(rows):
        index = draw.randrange(len(TEMPLATES))
        template = TEMPLATES[index]
        dated = draw.random() > 0.05
        # few distinct minutes, so that ties are common; some after now
        minute = NOW_MINUTE + 300 - draw.randrange(40) * 60 * draw.choice((1, 24, 24 * 60)) if dated else MISSING
        columns["template"].append(index)
        columns["patient"].append(draw.randrange(patients - 1))
        columns["minute"].append(minute)
        columns["value"].append(_value(template, draw))
        columns["status"].append(STATUSES.index(draw.choice(KIND_STATUSES[template.kind])))
        columns["delay"].append(draw.choice((0, 15, 1500)) if template.kind in ("Observation", "Condition") else 0)
    dtype = {"status": np.uint8}
    arrays = {name: np.array(column, dtype=dtype.get(name, np.int32)) for name, column in columns.items()}
    return Records([patient(index) for index in range(patients)], TEMPLATES, Rows(**arrays), 10_000, {"name": "paper"})


def _value(template: Template, draw: random.Random) -> int:
    if template.value == "none" or draw.random() < 0.05:
        return MISSING
    return (
        draw.randrange(90, 180) * 1000 + draw.randrange(50, 99) if template.value == "pair" else draw.randrange(10, 90)
    )
