"""The tools over the embedded EHR: what one rollout reads, files and reads again."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.tools.call import Result
from medagentbenchv2.tools.dispatch import dispatch
from medagentbenchv2.tools.search_forms import flat
from medagentbenchv2.tools.searches import SEARCHES
from tests.fhir.hospital_on_paper import NOW, small_records
from tests.tools.test_creates import BLOOD_PRESSURE, MAGNESIUM, REFERRAL

CREATES = {
    "fhir_vitals_create": BLOOD_PRESSURE,
    "fhir_medication_request_create": MAGNESIUM,
    "fhir_service_request_create": REFERRAL,
}


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return Snapshot.build(small_records())


@pytest.fixture
def ehr(snapshot: Snapshot) -> Session:
    return Session(snapshot, NOW)


@pytest.fixture(scope="module")
def mrn() -> str:
    return str(small_records().patients[0]["id"])


async def call(ehr: Session, tool: str, arguments: dict[str, Any], **options: Any) -> Result:
    outcome = await dispatch(ehr, tool, arguments, **options)
    assert not outcome.invalid, outcome.text
    return Result(outcome.text)


async def every(ehr: Session, kind: str, mrn: str, **filters: str) -> list[dict[str, Any]]:
    """What the EHR itself says, on one page."""
    response = await ehr.search(kind, [("patient", mrn), *filters.items(), ("_count", "5000")])
    return [entry["resource"] for entry in orjson.loads(response.body).get("entry", ())]


@pytest.mark.parametrize("output", ["bundle", "compact"])
@pytest.mark.parametrize(
    ("tool", "kind", "filters"),
    [
        ("fhir_observation_search", "Observation", {"code": "K"}),
        ("fhir_vitals_search", "Observation", {"category": "vital-signs"}),
        ("fhir_procedure_search", "Procedure", {"code": "IMGCT0491,NUR1373"}),
        ("fhir_procedure_search", "ServiceRequest", {"requested": True}),
        ("fhir_condition_search", "Condition", {}),
        ("fhir_medication_request_search", "MedicationRequest", {}),
        ("fhir_medication_request_search", "MedicationRequest", {"status": "active"}),
    ],
)
async def test_pages_together_hold_what_the_ehr_holds(
    ehr: Session, mrn: str, tool: str, kind: str, filters: dict[str, Any], output: str
) -> None:
    rows = await every(ehr, kind, mrn, **{name: value for name, value in filters.items() if name != "requested"})
    assert len(rows) > 2
    seen: list[str] = []
    for page in range(1, len(rows) // 2 + 2):
        shown = await call(ehr, tool, {"patient": mrn, "count": 2, "page": page, **filters}, output=output)
        assert shown.data["total"] == len(rows)
        seen += [row["id"] for row in shown.resources]
    assert sorted(seen) == sorted(row["id"] for row in rows)


async def test_newest_come_first(ehr: Session, mrn: str) -> None:
    labs = (await call(ehr, "fhir_observation_search", {"patient": mrn, "code": "K"})).resources
    dates = [row["effectiveDateTime"] for row in labs if "effectiveDateTime" in row]
    assert dates == sorted(dates, reverse=True)
    orders = (await call(ehr, "fhir_medication_request_search", {"patient": mrn})).resources
    dates = [row["authoredOn"] for row in orders if "authoredOn" in row]
    assert dates == sorted(dates, reverse=True)


async def test_a_medication_is_found_by_how_its_text_begins(ehr: Session, mrn: str) -> None:
    everything = await every(ehr, "MedicationRequest", mrn)
    expected = {row["id"] for row in everything if row["medicationCodeableConcept"]["text"].startswith("HEPARIN")}
    found = await call(ehr, "fhir_medication_request_search", {"patient": mrn, "text": "heparin"})
    assert {row["id"] for row in found.resources} == expected
    assert expected


@pytest.mark.parametrize("tool", CREATES)
async def test_what_is_filed_is_one_write_and_nothing_of_it_is_lost(ehr: Session, mrn: str, tool: str) -> None:
    arguments = CREATES[tool] | {"subject": mrn}
    arguments = {name: value for name, value in arguments.items() if name != "priorPrescription"}
    shown = await call(ehr, tool, arguments)
    (write,) = ehr.writes
    assert shown.data["id"] == write.id
    assert (write.method, write.kind) == ("POST", arguments["resourceType"])
    filed = {name: value for name, value in write.resource.items() if name not in ("id", "meta")}
    assert filed == arguments | {"subject": {"reference": f"Patient/{mrn}"}}


async def test_an_order_can_be_found_and_stopped(ehr: Session, mrn: str) -> None:
    search = {"patient": mrn, "status": "active"}
    order = (await call(ehr, "fhir_medication_request_search", search)).resources[0]
    stop = {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": order["medicationCodeableConcept"]["text"],
        "authoredOn": NOW.isoformat(),
        "status": "stopped",
        "intent": "order",
        "subject": mrn,
        "priorPrescription": order["id"],
    }
    await call(ehr, "fhir_medication_request_create", stop)
    assert ehr.writes[0].resource["priorPrescription"] == {"reference": f"MedicationRequest/{order['id']}"}
    stopped = (await call(ehr, "fhir_medication_request_search", search | {"status": "stopped"})).resources
    assert ehr.writes[0].id in {row["id"] for row in stopped}


@pytest.mark.parametrize("wrong", [{"subject": "S0000000"}, {"status": "Active!"}, {"authoredOn": "yesterday"}])
async def test_a_create_that_is_rejected_is_not_a_write(ehr: Session, mrn: str, wrong: dict[str, str]) -> None:
    shown = await call(ehr, "fhir_service_request_create", REFERRAL | {"subject": mrn} | wrong)
    assert shown.data["resourceType"] == "OperationOutcome"
    assert list(ehr.writes) == []


async def test_an_unknown_patient_has_no_rows(ehr: Session) -> None:
    shown = await call(ehr, "fhir_observation_search", {"patient": "S0000000", "code": "K"})
    assert shown.data["total"] == 0


async def test_patients_are_found(ehr: Session, mrn: str) -> None:
    by_id = await call(ehr, "fhir_patient_search", {"identifier": f"Patient/{mrn}"})
    (patient,) = by_id.resources
    assert patient["id"] == mrn
    name = patient["name"][0]
    named = {"family": name["family"], "given": name["given"][0], "birthdate": patient["birthDate"]}
    assert mrn in {row["id"] for row in (await call(ehr, "fhir_patient_search", named)).resources}


@pytest.mark.parametrize(
    ("tool", "more"), [*((tool, {}) for tool in SEARCHES), ("fhir_procedure_search", {"requested": True})]
)
async def test_the_ehr_knows_every_parameter_that_a_search_sends(
    ehr: Session, tool: str, more: dict[str, bool]
) -> None:
    model = SEARCHES[tool]
    # the category of a medication order is the published tool's argument; the embedded EHR answers it with a 400
    left_out = {"count", "page", "requested"} | ({"category"} if model.kind == "MedicationRequest" else set())
    given = {name: "1" for name in model.model_fields if name not in left_out}
    dates = {name: "2023-11-01" for name in ("date", "authoredon", "birthdate") if name in given}
    search = model.model_validate(flat(given | dates | more, wrapped=model.wrapped))
    response = await ehr.search(search.target(), [*search.filters(), *search.sorting()])
    assert response.ok, response.body
