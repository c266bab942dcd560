"""Three forms of one order are one resource, with nothing that the agent said lost."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import orjson
import pytest

from medagentbenchv2.tools.dispatch import dispatch
from tests.tools.recording_ehr import RecordingEhr

NOW = "2023-11-13T10:15:00+00:00"
VITAL_SIGNS = {"system": "http://hl7.org/fhir/observation-category", "code": "vital-signs", "display": "Vital Signs"}
SUBJECT = {"reference": "Patient/S1234567"}
SUBJECTS: list[Any] = [SUBJECT, "Patient/S1234567", "S1234567", {"reference": "S1234567"}]

BLOOD_PRESSURE: dict[str, Any] = {
    "resourceType": "Observation",
    "category": [{"coding": [VITAL_SIGNS]}],
    "code": {"text": "BP"},
    "effectiveDateTime": NOW,
    "status": "final",
    "valueString": "118/77 mmHg",
    "subject": SUBJECT,
}
MAGNESIUM_CODE = {"system": "http://hl7.org/fhir/sid/ndc", "code": "0338-1715-40", "display": "Magnesium"}
AMOUNTS = {"doseQuantity": {"value": 2, "unit": "g"}, "rateQuantity": {"value": 2, "unit": "h"}}
MAGNESIUM: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "medicationCodeableConcept": {"coding": [MAGNESIUM_CODE], "text": "magnesium sulfate"},
    "authoredOn": NOW,
    "dosageInstruction": [{"route": {"text": "IV"}, "doseAndRate": [AMOUNTS]}],
    "status": "active",
    "intent": "order",
    "subject": SUBJECT,
    "priorPrescription": {"reference": "MedicationRequest/77"},
}
REFERRAL_CODE = {"system": "http://snomed.info/sct", "code": "306181000000106", "display": "Orthopedic referral"}
REFERRAL: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "code": {"coding": [REFERRAL_CODE], "text": "Orthopedic surgery referral"},
    "authoredOn": NOW,
    "status": "active",
    "intent": "order",
    "priority": "stat",
    "subject": SUBJECT,
    "note": [{"text": "Acute left knee injury"}],
    "reasonCode": [{"text": "ACL tear"}],
    "occurrenceDateTime": "2023-11-14",
}
EXPECTED = {
    "fhir_vitals_create": BLOOD_PRESSURE,
    "fhir_medication_request_create": MAGNESIUM,
    "fhir_service_request_create": REFERRAL,
}
FORMS: list[tuple[str, str, list[Any]]] = [
    *((tool, "subject", SUBJECTS) for tool in EXPECTED),
    (
        "fhir_vitals_create",
        "category",
        [
            "vital-signs",
            ["vital-signs"],
            {"coding": [VITAL_SIGNS]},
            {"coding": VITAL_SIGNS},
            [{"coding": [VITAL_SIGNS]}],
            VITAL_SIGNS,
            [VITAL_SIGNS],
        ],
    ),
    ("fhir_vitals_create", "code", ["BP", {"text": "BP"}, [{"text": "BP"}]]),
    (
        "fhir_medication_request_create",
        "dosageInstruction",
        [
            [{"route": "IV", "doseAndRate": [AMOUNTS]}],
            [{"route": {"text": "IV"}, "doseAndRate": [AMOUNTS]}],
            {"route": "IV", "doseAndRate": AMOUNTS},
            {"route": "IV", **AMOUNTS},
            [{"route": {"text": "IV", "coding": []}, "doseAndRate": [AMOUNTS | {"type": None}]}],
        ],
    ),
    (
        "fhir_medication_request_create",
        "medicationCodeableConcept",
        [
            {"coding": [MAGNESIUM_CODE], "text": "magnesium sulfate"},
            {"coding": MAGNESIUM_CODE, "text": "magnesium sulfate"},
        ],
    ),
    (
        "fhir_medication_request_create",
        "priorPrescription",
        ["77", "MedicationRequest/77", {"reference": "MedicationRequest/77"}, {"reference": "77"}],
    ),
    (
        "fhir_service_request_create",
        "note",
        [
            {"text": "Acute left knee injury"},
            [{"text": "Acute left knee injury"}],
            "Acute left knee injury",
            ["Acute left knee injury"],
        ],
    ),
    (
        "fhir_service_request_create",
        "code",
        [
            {"coding": [REFERRAL_CODE], "text": "Orthopedic surgery referral"},
            {"coding": REFERRAL_CODE, "text": "Orthopedic surgery referral"},
        ],
    ),
    (
        "fhir_service_request_create",
        "reasonCode",
        ["ACL tear", {"text": "ACL tear"}, ["ACL tear"], [{"text": "ACL tear"}]],
    ),
]


@pytest.mark.parametrize(
    ("tool", "argument", "form"), [(tool, argument, form) for tool, argument, forms in FORMS for form in forms]
)
async def test_every_form_of_an_argument_files_the_same_resource(tool: str, argument: str, form: Any) -> None:
    ehr = RecordingEhr()
    arguments = EXPECTED[tool] | {argument: form}
    sent = deepcopy(arguments)
    outcome = await dispatch(ehr, tool, arguments)
    assert not outcome.invalid, outcome.text
    assert ehr.asked == [("create", EXPECTED[tool]["resourceType"], EXPECTED[tool])]
    assert arguments == sent, "the caller's arguments are left alone"


@pytest.mark.parametrize("tool", EXPECTED)
async def test_raw_json_files_what_the_decoded_object_files(tool: str) -> None:
    ehr = RecordingEhr()
    assert not (await dispatch(ehr, tool, orjson.dumps(EXPECTED[tool]).decode())).invalid
    assert ehr.asked == [("create", EXPECTED[tool]["resourceType"], EXPECTED[tool])]


async def test_a_bare_coding_counts_as_a_code() -> None:
    ehr = RecordingEhr()
    await dispatch(ehr, "fhir_service_request_create", REFERRAL | {"code": REFERRAL_CODE})
    assert ehr.asked[0][2]["code"] == {"coding": [REFERRAL_CODE]}


async def test_numbers_stay_as_typed() -> None:
    ehr = RecordingEhr()
    for value in (4, 4.0, 0.5):
        dosage = [{"doseAndRate": [{"doseQuantity": {"value": value, "unit": "g"}}]}]
        await dispatch(ehr, "fhir_medication_request_create", MAGNESIUM | {"dosageInstruction": dosage})
        filed = ehr.asked.pop()[2]["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"]
        assert (filed, type(filed)) == (value, type(value))


async def test_an_order_can_be_stopped_without_a_dosage() -> None:
    ehr = RecordingEhr()
    arguments = {name: value for name, value in MAGNESIUM.items() if name != "dosageInstruction"}
    outcome = await dispatch(ehr, "fhir_medication_request_create", arguments | {"status": "stopped"})
    assert not outcome.invalid
    assert ehr.asked[0][2]["status"] == "stopped"


async def test_a_create_that_the_server_refuses_is_shown_and_is_not_invalid() -> None:
    ehr = RecordingEhr(refuse=True)
    outcome = await dispatch(ehr, "fhir_service_request_create", REFERRAL)
    assert not outcome.invalid
    assert orjson.loads(outcome.text)["resourceType"] == "OperationOutcome"
    assert not ehr.writes


async def test_a_create_answers_with_the_resource_as_filed() -> None:
    ehr = RecordingEhr()
    bundle = await dispatch(ehr, "fhir_service_request_create", REFERRAL)
    compact = await dispatch(ehr, "fhir_service_request_create", REFERRAL, output="compact")
    assert orjson.loads(bundle.text)["meta"] == {"versionId": "1"}
    assert orjson.loads(compact.text) == REFERRAL | {"id": "9"}
