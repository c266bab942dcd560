"""A session: what one rollout sees and writes, with HAPI's statuses and words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.ehr import Ehr, Response
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.fhir.hospital_on_paper import NOW, small_records

ANN = "S1234561"


def data(response: Response) -> Any:
    return orjson.loads(response.body)


def ids(response: Response) -> list[str]:
    return [entry["resource"]["id"] for entry in data(response).get("entry", ())]


def words(response: Response) -> str:
    outcome = data(response)
    assert outcome["resourceType"] == "OperationOutcome"
    text: str = outcome["issue"][0]["diagnostics"]
    return text


def order(**changes: Any) -> dict[str, Any]:
    body = {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order",
        "subject": {"reference": f"Patient/{ANN}"}, "authoredOn": "2023-11-13T10:15:00+00:00",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
    }  # fmt: skip
    return {**body, **changes}


async def test_it_is_an_ehr(session: Session) -> None:
    ehr: Ehr = session
    created = await ehr.create("ServiceRequest", order())
    assert created.status == 201
    id = data(created)["id"]
    assert (await ehr.read("ServiceRequest", id)).body == created.body
    assert ids(await ehr.search("ServiceRequest", [("code", "4548-4")])) == [id]
    assert ids(await ehr.request("GET", "ServiceRequest?code=4548-4")) == [id]
    assert [write.id for write in ehr.writes] == [id]


def test_a_create_is_answered_as_hapi_answers_it(session: Session, snapshot: Snapshot) -> None:
    answer = session.create_now("ServiceRequest", order())
    assert answer.status == 201
    assert answer.headers == {
        "Location": "http://localhost:8080/fhir/ServiceRequest/10900/_history/1",
        "ETag": 'W/"1"',
    }
    stored = data(answer)
    assert stored["id"] == str(snapshot.next_id) == "10900"
    assert stored["meta"] == {"versionId": "1", "lastUpdated": "2025-01-02T00:00:00.001+00:00"}
    assert {name: stored[name] for name in order()} == order()


def test_writes_are_stamped_one_millisecond_apart(session: Session) -> None:
    stamps = [data(session.create_now("ServiceRequest", order()))["meta"]["lastUpdated"][-10:-6] for _ in range(3)]
    assert stamps == [".001", ".002", ".003"]


def test_a_clock_of_its_own_stamps_writes(snapshot: Snapshot) -> None:
    at = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    session = Session(snapshot, clock=lambda: at, first_id=77)
    stored = data(session.create_now("ServiceRequest", order()))
    assert stored["id"] == "77"
    assert datetime.fromisoformat(stored["meta"]["lastUpdated"]) == at


def test_a_naive_clock_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(ArgumentError, match="now: 2023-01-01T00:00:00 has no time zone"):
        Session(snapshot, datetime(2023, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("kind", "body", "status", "said"),
    [
        ("ServiceRequest", order(subject={"reference": "Patient/S0000000"}), 400,
         "HAPI-1094: Resource Patient/S0000000 not found, specified in path: ServiceRequest.subject"),
        ("ServiceRequest", order(subject={"reference": ANN}), 400, "HAPI-0505: "),
        ("ServiceRequest", order(subject={"reference": "Pat/1"}), 400, "HAPI-0506: "),
        ("ServiceRequest", order(subject={"reference": f"http://other/fhir/Patient/{ANN}"}), 400, "HAPI-0507: "),
        ("ServiceRequest", order(resourceType="Observation"), 400, "HAPI-"),
        ("ServiceRequest", order(status="bogus"), 400, "HAPI-"),
        ("Foo", order(), 404, "HAPI-0302"),
        ("ServiceRequest", b"{not json", 400, "HAPI-0450"),
    ],
)  # fmt: skip
def test_a_rejected_create_is_not_a_write(session: Session, kind: str, body: Any, status: int, said: str) -> None:
    answer = session.create_now(kind, body)
    assert answer.status == status
    assert words(answer).startswith(said)
    assert list(session.writes) == []
    assert data(session.create_now("ServiceRequest", order()))["id"] == "10900"


def test_an_absolute_reference_to_this_server_is_its_own(session: Session) -> None:
    answer = session.create_now("ServiceRequest", order(subject={"reference": f"{session.base_url}/Patient/{ANN}"}))
    assert answer.status == 201


def test_a_reference_that_hapi_does_not_index_is_not_checked(session: Session) -> None:
    body = order(resourceType="MedicationRequest", medicationCodeableConcept={"text": "HEPARIN"})
    del body["code"]
    body["priorPrescription"] = {"reference": "MedicationRequest/404"}
    assert session.create_now("MedicationRequest", body).status == 201


def test_later_records_do_not_exist_as_of_now(snapshot: Snapshot) -> None:
    def total(now: datetime | None, kind: str) -> int:
        found: int = data(Session(snapshot, now).search_now(kind, (("_summary", "count"),)))["total"]
        return found

    for kind in ("Observation", "Condition", "ServiceRequest"):
        assert total(NOW, kind) < total(None, kind)
        assert total(datetime(1990, 1, 1, tzinfo=UTC), kind) > 0  # those without a date
    later = data(Session(snapshot).search_now("Observation", (("date", "gt2023-11-13T10:15:00Z"), ("_count", "1"))))
    id = later["entry"][0]["resource"]["id"]
    assert Session(snapshot).read_now("Observation", id).status == 200
    assert Session(snapshot, NOW).read_now("Observation", id).status == 404


def test_the_minute_of_now_itself_exists(snapshot: Snapshot) -> None:
    params = (("date", "2023-11-13T10:15:00Z"), ("_summary", "count"))
    assert data(Session(snapshot, NOW).search_now("Observation", params))["total"] > 0
    assert data(Session(snapshot, NOW - timedelta(seconds=1)).search_now("Observation", params))["total"] == 0


def test_a_rollout_sees_its_own_writes_whatever_their_date(snapshot: Snapshot) -> None:
    session = Session(snapshot, NOW)
    id = data(session.create_now("ServiceRequest", order(authoredOn="2030-01-01")))["id"]
    assert session.read_now("ServiceRequest", id).status == 200


def test_put_makes_the_next_version_and_keeps_the_place(session: Session) -> None:
    before = ids(session.search_now("ServiceRequest", (("_count", "500"),)))
    id = before[3]
    body = {**data(session.read_now("ServiceRequest", id)), "status": "completed", "priority": "routine"}
    answer = session.request_now("PUT", f"ServiceRequest/{id}", orjson.dumps(body))
    assert answer.status == 200
    assert answer.headers["ETag"] == 'W/"2"'
    assert ids(session.search_now("ServiceRequest", (("_count", "500"),))) == before
    assert id in ids(session.search_now("ServiceRequest", (("priority", "routine"),)))
    assert id not in ids(session.search_now("ServiceRequest", (("priority", "stat"), ("_count", "500"))))
    assert data(session.request_now("GET", f"ServiceRequest/{id}/_history/1"))["priority"] == "stat"
    assert data(session.request_now("GET", f"ServiceRequest/{id}/_history/2"))["priority"] == "routine"
    assert session.request_now("GET", f"ServiceRequest/{id}/_history/3").status == 404
    assert [(write.method, write.id) for write in session.writes] == [("PUT", id)]


@pytest.mark.parametrize(
    ("id", "said_id", "status", "said"),
    [
        ("newone", "newone", 201, ""),
        ("999999", "999999", 400, "HAPI-0960"),
        ("newone", None, 400, "HAPI-0419"),
        ("newone", "other", 400, "HAPI-0420"),
    ],
)
def test_put_of_an_unknown_id(session: Session, id: str, said_id: str | None, status: int, said: str) -> None:
    body = order(id=said_id) if said_id else order()
    answer = session.request_now("PUT", f"ServiceRequest/{id}", orjson.dumps(body))
    assert answer.status == status
    assert not said or words(answer).startswith(said)


def test_a_deleted_record_is_gone(session: Session) -> None:
    url = "ServiceRequest?_count=500"
    id, *rest = ids(session.request_now("GET", url))
    assert session.request_now("DELETE", f"ServiceRequest/{id}").status == 200
    assert session.read_now("ServiceRequest", id).status == 410
    assert ids(session.request_now("GET", url)) == rest
    assert session.request_now("DELETE", f"ServiceRequest/{id}").status == 200
    assert session.request_now("DELETE", "ServiceRequest/1").status == 404
    assert [(write.method, write.resource["id"]) for write in session.writes] == [("DELETE", id)]
    assert session.request_now("PUT", f"ServiceRequest/{id}", orjson.dumps(order(id=id))).headers["ETag"] == 'W/"3"'
    assert session.read_now("ServiceRequest", id).status == 200


def test_a_patient_that_is_referred_to_stays(session: Session) -> None:
    answer = session.request_now("DELETE", f"Patient/{ANN}")
    assert answer.status == 409
    assert words(answer).startswith(
        f"HAPI-0550: HAPI-0515: Unable to delete Patient/{ANN} because at least one resource"
    )
    assert session.request_now("DELETE", "Patient/S1234565").status == 200  # nothing in this chart
    assert words(session.create_now("ServiceRequest", order(subject={"reference": "Patient/S1234565"})))


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "", 400),
        ("GET", "Foo/1", 404),
        ("GET", "Patient/nobody", 404),
        ("GET", "Observation/10000000000000000000000000000", 404),
        ("GET", "Observation/010001", 404),
        ("GET", f"Patient/S1234560/_history/{'9' * 5000}", 404),
        ("GET", f"Observation/{'9' * 5000}", 404),
        ("GET", "Patient/S1234560/$everything", 400),
        ("PATCH", "Patient/S1234560", 400),
        ("PATCH", "Patient", 405),
        ("DELETE", "Patient", 400),
        ("OPTIONS", "Patient/S1234560", 405),
        ("GET", "Patient/_history", 400),
        ("GET", "Observation/$lastn", 400),
        ("GET", "Patient/nobody/_history", 404),
        ("GET", "Foo/1/_history", 404),
        ("GET", "?_getpages=garbage", 410),
        ("GET", "?_getpages=!!", 410),
        ("POST", "Patient/$match", 400),
    ],
)
def test_requests_that_cannot_be_served(session: Session, method: str, url: str, status: int) -> None:
    answer = session.request_now(method, url)
    assert answer.status == status
    assert words(answer)


def test_search_by_post_is_search(session: Session) -> None:
    get = session.request_now("GET", "Observation?code=K&_count=3")
    post = session.request_now("POST", "Observation/_search?_count=3", b"code=K")
    assert [ids(get), data(get)["total"]] == [ids(post), data(post)["total"]]


def test_absolute_urls_under_the_base_are_its_own(session: Session) -> None:
    url = "Patient?identifier=S1234562"
    assert session.request_now("GET", f"{session.base_url}/{url}") == session.request_now("GET", url)
    assert session.request_now("GET", f"/{url}") == session.request_now("GET", url)


def test_metadata_names_version_and_checksum(session: Session, snapshot: Snapshot) -> None:
    statement = data(session.request_now("GET", "metadata"))
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["extension"][0]["valueString"] == snapshot.checksum


def test_reset_drops_everything(session: Session) -> None:
    before = session.search_now("ServiceRequest", ())
    session.create_now("ServiceRequest", order())
    assert session.search_now("ServiceRequest", ()) != before
    session.reset()
    assert session.search_now("ServiceRequest", ()) == before
    assert not session.writes
    assert data(session.create_now("ServiceRequest", order()))["id"] == "10900"


async def rollout(session: Session, number: int) -> AsyncIterator[bytes]:
    """A fixed list of reads and writes that depends on the rollout's number."""
    for step in range(6):
        body = order(note=[{"text": f"rollout {number % 3} step {step}"}])
        yield (await session.create("ServiceRequest", body)).body
        yield (await session.search("ServiceRequest", (("patient", ANN), ("_sort", "-authored")))).body
        yield (await session.search("Observation", (("code", "K"), ("_count", str(5 + number % 4))))).body
        yield (await session.request("DELETE", f"ServiceRequest/{10_900 + step // 2}")).body


async def test_64_interleaved_rollouts_answer_as_64_sequential_ones(snapshot: Snapshot) -> None:
    # answers depend on number modulo 12; each sequential one has a hospital of its own
    alone = [[answer async for answer in rollout(Session(Snapshot.build(small_records())), n)] for n in range(12)]

    async def together(number: int) -> list[bytes]:
        answers = []
        async for answer in rollout(Session(snapshot), number):
            answers.append(answer)
            await asyncio.sleep(0)
        return answers

    for number, answers in enumerate(await asyncio.gather(*(together(number) for number in range(64)))):
        assert answers == alone[number % 12]


def test_strict_validation_names_every_issue(snapshot: Snapshot) -> None:
    body = order(colour="red")
    del body["intent"]
    assert Session(snapshot).create_now("ServiceRequest", body).status == 201
    strict = Session(snapshot, validation="r4")
    answer = strict.create_now("ServiceRequest", body)
    assert answer.status == 422
    assert len(data(answer)["issue"]) == 2
    assert not strict.writes
    assert strict.create_now("ServiceRequest", orjson.dumps(order())).status == 201
    with pytest.raises(ArgumentError, match="validation: 'R4' is not allowed; use one of hapi, r4"):
        Session(snapshot, validation="R4")
