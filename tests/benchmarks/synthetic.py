"""A hospital of the published size without medicine in it: for timing the engine, not for asking it anything."""

from __future__ import annotations

import numpy as np

from medagentbenchv2.fhir.rows import STATUSES, Records, Rows, Template

SIZES = {"Observation": 563_426, "Procedure": 124_969, "Condition": 74_821, "MedicationRequest": 21_991}
"""Rows by type, as the published hospital has them."""
_TEMPLATES = {"Observation": 220, "Procedure": 700, "Condition": 900, "MedicationRequest": 600}
_STATUS = {"Observation": "final", "Procedure": "completed", "Condition": "active", "MedicationRequest": "active"}
_LAB = {
    "coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
        "code": "laboratory", "display": "Laboratory",
    }]
}  # fmt: skip


def records(seed: int = 0, scale: float = 1.0) -> Records:
    """About 785,000 rows of 100 patients, draws as panels at common times, heavy-tailed by patient."""
    draw = np.random.default_rng(seed)
    templates: list[Template] = []
    parts = []
    weights = draw.pareto(1.5, 100) + 1
    for kind, many in SIZES.items():
        first = len(templates)
        templates += [_template(kind, index) for index in range(_TEMPLATES[kind])]
        parts.append(_rows(draw, kind, int(many * scale), first, _TEMPLATES[kind], weights / weights.sum()))
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((columns["minute"], columns["patient"]))
    rows = Rows(**{name: column[order] for name, column in columns.items()})
    patients = [_patient(index) for index in range(500)]
    return Records(patients, templates, rows, labels={"name": "synthetic"})


def _rows(
    draw: np.random.Generator, kind: str, many: int, first: int, templates: int, weights: np.ndarray
) -> dict[str, np.ndarray]:
    panel = 12 if kind == "Observation" else 2
    draws = -(-many // panel)
    patient = np.repeat(draw.choice(100, draws, p=weights), panel)[:many]
    minute = np.repeat(28_330_000 - draw.integers(0, 5 * 525_600, draws), panel)[:many]
    popular = np.minimum(draw.geometric(0.03, many) - 1, templates - 1)
    value = np.clip(draw.normal(1000, 150, many), 1, 5000)
    return {
        "template": (first + popular).astype(np.int32),
        "patient": patient.astype(np.int32),
        "minute": minute.astype(np.int32),
        "value": (value if kind == "Observation" else np.full(many, np.iinfo(np.int32).min)).astype(np.int32),
        "status": np.full(many, STATUSES.index(_STATUS[kind]), dtype=np.uint8),
        "delay": (draw.integers(1, 8, many) * 15 if kind == "Observation" else np.zeros(many)).astype(np.int32),
    }


def _template(kind: str, index: int) -> Template:
    if kind == "Observation":
        code = {"coding": [{"system": "http://loinc.org", "code": f"LAB{index}", "display": f"LAB{index}"}]}
        body = {"category": [_LAB], "code": {**code, "text": f"LAB{index}"}}
        return Template(kind, f"LAB{index}", body, "quantity", 2, "mg/dL", 700, 1300, issued=True)
    if kind == "MedicationRequest":
        dosage = [{"timing": {"code": {"text": "DAILY"}}, "route": {"text": "Oral"}}]
        text = {"text": f"DRUG {index} 5 MG ORAL TABLET"}
        body = {"intent": "order", "medicationCodeableConcept": text, "dosageInstruction": dosage}
        return Template(kind, f"DRUG{index}", body)
    system = "http://www.ama-assn.org/go/cpt" if kind == "Procedure" else "http://hl7.org/fhir/sid/icd-10-cm"
    code = f"{kind[0]}{index}"
    concept = {"coding": [{"system": system, "code": code}], "text": f"{kind} number {index}"}
    return Template(kind, code, {"code": concept})


def _patient(index: int) -> dict[str, object]:
    mrn = f"S{index:07d}"
    name = [{"use": "official", "family": f"Family{index % 97}", "given": [f"Given{index % 31}"]}]
    return {
        "resourceType": "Patient", "id": mrn, "identifier": [{"use": "usual", "value": mrn}], "name": name,
        "gender": "female" if index % 2 else "male", "birthDate": f"{1930 + index % 70}-05-15",
    }  # fmt: skip
