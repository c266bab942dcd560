"""Three forms of one search are one FHIR request."""

from __future__ import annotations

from typing import Any

import pytest

from medagentbenchv2.tools.dispatch import dispatch
from tests.tools.recording_ehr import RecordingEhr

MRN = "S1234567"
NEWEST = [("_sort", "-date"), ("_count", "200")]

SAME: list[tuple[str, str, list[tuple[str, str]], list[dict[str, Any]]]] = [
    (
        "fhir_patient_search",
        "Patient",
        [("birthdate", "1950-02-01"), ("family", "Stone"), ("given", "Ada")],
        [
            {"birthdate": "1950-02-01", "family": "Stone", "given": "Ada"},
            {"given": "Ada", "family": "Stone", "birthdate": "1950-02-01", "identifier": None, "name": ""},
        ],
    ),
    (
        "fhir_patient_search",
        "Patient",
        [("identifier", MRN)],
        [{"identifier": MRN}, {"identifier": f"Patient/{MRN}"}],
    ),
    ("fhir_patient_search", "Patient", [("identifier", f"urn:mrn|{MRN}")], [{"identifier": f"urn:mrn|{MRN}"}]),
    ("fhir_patient_search", "Patient", [("name", "Ada"), ("gender", "female")], [{"gender": "female", "name": "Ada"}]),
    (
        "fhir_observation_search",
        "Observation",
        [("patient", MRN), ("code", "K"), *NEWEST],
        [
            {"search_params": {"code": "K", "patient": MRN}, "explanation": "potassium first"},
            {"search_params": {"code": "K", "patient": f"Patient/{MRN}"}},
            {"code": "K", "patient": MRN},
            {"code": "K", "patient": f"Patient/{MRN}", "explanation": "", "date": None, "count": None},
            {"code": {"coding": [{"code": "K"}]}, "subject": {"reference": f"Patient/{MRN}"}, "_count": 200},
            {"code": {"code": "K"}, "patient": {"reference": f"http://ehr/fhir/Patient/{MRN}"}},
        ],
    ),
    (
        "fhir_observation_search",
        "Observation",
        [("patient", MRN), ("code", "TSH,FT4"), ("date", "ge2023-01-01"), ("date", "lt2024-01-01"), *NEWEST],
        [
            {"search_params": {"code": "TSH,FT4", "patient": MRN, "date": ["ge2023-01-01", "lt2024-01-01"]}},
            {"code": "TSH,FT4", "patient": MRN, "date": ["ge2023-01-01", "lt2024-01-01"]},
            {"code": ["TSH", "FT4"], "subject": MRN, "date": ["ge2023-01-01", "lt2024-01-01"]},
        ],
    ),
    (
        "fhir_observation_search",
        "Observation",
        [("patient", MRN), ("code", "http://loinc.org|K"), ("_sort", "-date"), ("_count", "5")],
        [
            {"code": "http://loinc.org|K", "patient": MRN, "count": 5},
            {"code": {"coding": [{"system": "http://loinc.org", "code": "K"}]}, "patient": MRN, "count": 5},
        ],
    ),
    (
        "fhir_vitals_search",
        "Observation",
        [("patient", MRN), ("category", "vital-signs"), ("date", "ge2023-11-01"), *NEWEST],
        [
            {"category": "vital-signs", "patient": MRN, "date": "ge2023-11-01"},
            {"category": {"coding": [{"code": "vital-signs"}]}, "subject": MRN, "date": ["ge2023-11-01"]},
        ],
    ),
    (
        "fhir_procedure_search",
        "Procedure",
        [("patient", MRN), ("code", "IMGCT0491,IMGIL0001"), *NEWEST],
        [
            {"search_params": {"code": "IMGCT0491,IMGIL0001", "patient": MRN}, "explanation": "CT"},
            {"code": "IMGCT0491,IMGIL0001", "patient": MRN},
            {"code": [{"code": "IMGCT0491"}, {"code": "IMGIL0001"}], "patient": {"reference": f"Patient/{MRN}"}},
        ],
    ),
    (
        "fhir_procedure_search",
        "ServiceRequest",
        [
            ("patient", MRN),
            ("code", "NUR1373"),
            ("authored", "ge2023-11-01"),
            ("_sort", "-authored"),
            ("_count", "200"),
        ],
        [
            {"search_params": {"code": "NUR1373", "patient": MRN, "requested": True, "date": "ge2023-11-01"}},
            {"code": "NUR1373", "patient": MRN, "requested": True, "date": "ge2023-11-01"},
            {"code": {"code": "NUR1373"}, "subject": MRN, "requested": True, "date": ["ge2023-11-01"]},
        ],
    ),
    (
        "fhir_condition_search",
        "Condition",
        [("patient", MRN), ("code", "C64.2"), ("_count", "200")],
        [
            {"search_params": {"code": "C64.2", "patient": MRN}, "explanation": "renal mass"},
            {"code": "C64.2", "patient": MRN},
            {"code": {"coding": [{"code": "C64.2"}], "text": "renal mass"}, "subject": f"Patient/{MRN}"},
        ],
    ),
    (
        "fhir_medication_request_search",
        "MedicationRequest",
        [
            ("patient", MRN),
            ("category", "inpatient"),
            ("status", "active,on-hold"),
            ("code:text", "heparin"),
            ("date", "le2023-11-07"),
            ("authoredon", "ge2023-01-01"),
            ("_sort", "-authoredon"),
            ("_count", "200"),
        ],
        [
            {
                "patient": MRN,
                "category": "inpatient",
                "status": "active,on-hold",
                "text": "heparin",
                "date": "le2023-11-07",
                "authoredon": "ge2023-01-01",
            },
            {
                "subject": {"reference": f"Patient/{MRN}"},
                "category": {"coding": [{"code": "inpatient"}]},
                "status": ["active", "on-hold"],
                "code:text": "heparin",
                "date": ["le2023-11-07"],
                "authoredon": ["ge2023-01-01"],
            },
        ],
    ),
]


@pytest.mark.parametrize(
    ("tool", "kind", "params", "arguments"),
    [(tool, kind, params, form) for tool, kind, params, forms in SAME for form in forms],
)
async def test_every_form_is_the_same_request(
    tool: str, kind: str, params: list[tuple[str, str]], arguments: dict[str, Any]
) -> None:
    ehr = RecordingEhr()
    outcome = await dispatch(ehr, tool, arguments)
    assert not outcome.invalid, outcome.text
    assert ehr.asked == [("search", kind, params)]


async def test_an_argument_given_twice_must_agree() -> None:
    ehr = RecordingEhr()
    agree = {"search_params": {"code": "K", "patient": MRN}, "patient": MRN}
    assert not (await dispatch(ehr, "fhir_observation_search", agree)).invalid
    differ = {"search_params": {"code": "K", "patient": MRN}, "patient": "S7654321"}
    outcome = await dispatch(ehr, "fhir_observation_search", differ)
    assert outcome.invalid
    assert "patient: given twice" in outcome.text
    assert len(ehr.asked) == 1


@pytest.mark.parametrize("patient", ["Patient/", ",", "John Smith", "S1?x=1", "../Observation", "S1|S2"])
async def test_a_patient_that_is_no_id_never_widens_the_search(patient: str) -> None:
    ehr = RecordingEhr()
    outcome = await dispatch(ehr, "fhir_condition_search", {"patient": patient})
    assert outcome.invalid
    assert outcome.text.startswith("fhir_condition_search was not executed. patient: sent ")
    assert ehr.asked == []
