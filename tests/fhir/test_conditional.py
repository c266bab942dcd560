"""A conditional write happens when its condition holds, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from medagentbenchv2.fhir.ehr import Response
from medagentbenchv2.fhir.matching import Conditions
from medagentbenchv2.fhir.server import FhirServer
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.fhir.serving import serving
from tests.fhir.test_session import data, order, words
from tests.fhir.test_transactions import entry, send

ONCE = "identifier=urn:test|1"


def person(**changes: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": "urn:test", "value": "1"}], **changes}


def create(session: Session, body: dict[str, Any], none_exist: str) -> Response:
    return session.request_now("POST", body["resourceType"], orjson.dumps(body), Conditions(none_exist=none_exist))


def put(session: Session, url: str, body: dict[str, Any], match: str = "") -> Response:
    return session.request_now("PUT", url, orjson.dumps(body), Conditions(match=match))


@pytest.mark.parametrize("url", [ONCE, f"Patient?{ONCE}", f"?{ONCE}", f"http://localhost:8080/fhir/Patient?{ONCE}",
                                 "identifier=urn:test%7C1&_count=5"])  # fmt: skip
def test_a_record_that_exists_is_answered_instead_of_created(session: Session, url: str) -> None:
    first, second = create(session, person(), url), create(session, person(active=True), url)
    assert (first.status, second.status) == (201, 200)
    assert second.body == first.body
    assert second.headers == first.headers
    assert len(session.writes) == 1


def test_a_record_of_the_base_is_found_too(session: Session) -> None:
    answer = create(session, person(), "Patient?identifier=S1234561")
    assert (answer.status, data(answer)["id"]) == (200, "S1234561")
    assert answer.headers["ETag"] == 'W/"1"'
    assert not session.writes


def test_several_matches_fail_the_precondition(session: Session) -> None:
    for answer in (
        create(session, person(), "gender=female"),
        put(session, "Patient?gender=female", person()),
        session.request_now("DELETE", "Patient?gender=female"),
    ):
        assert answer.status == 412
        assert "resource with match URL" in words(answer)
    assert not session.writes


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("Patient?", "HAPI-0518"), ("identifier=", "HAPI-0518"), ("_sort=name", "HAPI-0518"),
        ("bogus=1", "HAPI-0488"), ("_bogus=1", "HAPI-0488"), ("Observation?code=K", "Invalid match URL"),
        ("birthdate=yesterday", "HAPI-1940"),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_judged_is_refused(session: Session, url: str, said: str) -> None:
    answer = create(session, person(), url)
    assert answer.status == 400
    assert words(answer).startswith(said)
    assert not session.writes


def test_a_conditional_update_changes_the_match_or_creates(session: Session) -> None:
    created = put(session, f"Patient?{ONCE}", person())
    changed = put(session, f"Patient?{ONCE}", person(active=True))
    assert (created.status, changed.status) == (201, 200)
    assert data(changed)["id"] == data(created)["id"]
    assert data(changed)["meta"]["versionId"] == "2"
    other = put(session, f"Patient?{ONCE}", person(id="another"))
    assert words(other).startswith("HAPI-2279")
    taken = put(session, "Patient?identifier=nobody", person(id="S1234561"))
    assert taken.status == 409
    named = put(session, "Patient?identifier=nobody", {"resourceType": "Patient", "id": "named"})
    assert (named.status, data(named)["id"]) == (201, "named")


def test_a_conditional_delete_deletes_the_match_or_nothing(session: Session) -> None:
    id = data(create(session, person(), ONCE))["id"]
    first = session.request_now("DELETE", f"Patient?{ONCE}")
    assert words(first) == f"Successfully deleted 1 resource(s). Deleted Patient/{id}."
    second = session.request_now("DELETE", f"Patient?{ONCE}")
    assert second.status == 200
    assert words(second).startswith("Unable to find resource matching URL")
    assert [write.method for write in session.writes] == ["POST", "DELETE"]


def test_another_version_than_the_current_one_is_a_conflict(session: Session) -> None:
    id = data(session.create_now("ServiceRequest", order()))["id"]
    body, url = order(id=id, status="on-hold"), f"ServiceRequest/{id}"
    assert put(session, url, body, 'W/"1"').status == 200
    stale = put(session, url, body, 'W/"1"')
    assert stale.status == 409
    assert words(stale).startswith(f"HAPI-0989: Trying to update ServiceRequest/{id}/_history/1 but")
    patch = b'[{"op": "replace", "path": "/status", "value": "completed"}]'
    assert session.request_now("PATCH", url, patch, Conditions(match='W/"1"')).status == 409
    assert session.request_now("DELETE", url, b"", Conditions(match='W/"1"')).status == 409
    assert session.request_now("DELETE", url, b"", Conditions(match='W/"2"')).status == 200


def test_an_update_that_changes_nothing_makes_no_version(session: Session) -> None:
    stored = session.create_now("ServiceRequest", order())
    id = data(stored)["id"]
    for body in (order(id=id), data(stored), {**data(stored), "meta": {"versionId": "9"}}):
        answer = put(session, f"ServiceRequest/{id}", body)
        assert (answer.status, answer.body, answer.headers["ETag"]) == (200, stored.body, 'W/"1"')
    base = data(session.request_now("GET", "Patient/S1234561"))
    assert put(session, "Patient/S1234561", base).headers["ETag"] == 'W/"1"'
    assert len(session.writes) == 1
    assert put(session, f"ServiceRequest/{id}", order(id=id, status="completed")).headers["ETag"] == 'W/"2"'
    assert put(session, f"ServiceRequest/{id}", order(id=id)).headers["ETag"] == 'W/"3"'


def test_entries_of_a_transaction_may_be_conditional(session: Session) -> None:
    new = entry("POST", "Patient", person(), "urn:uuid:1")
    new["request"]["ifNoneExist"] = ONCE
    its_order = entry("POST", "ServiceRequest", order(subject={"reference": "urn:uuid:1"}))
    statuses, subjects = [], []
    for _ in range(2):
        answers = [one["response"] for one in data(send(session, "transaction", new, its_order))["entry"]]
        statuses.append(answers[0]["status"])
        subjects.append(data(session.request_now("GET", answers[1]["location"]))["subject"]["reference"])
    assert statuses == ["201 Created", "200 OK"]
    assert subjects[0] == subjects[1]
    stale = entry("PUT", "Patient/S1234561", {"resourceType": "Patient", "id": "S1234561"})
    stale["request"]["ifMatch"] = 'W/"7"'
    assert send(session, "transaction", stale).status == 409
    assert data(send(session, "batch", stale))["entry"][0]["response"]["status"] == "409 Conflict"


@pytest.fixture(scope="module")
def http(snapshot: Snapshot) -> Iterator[httpx.Client]:
    with serving(FhirServer(snapshot)) as root, httpx.Client(base_url=f"{root}/fhir") as client:
        yield client


def test_headers_state_conditions(http: httpx.Client) -> None:
    first = http.post("/Patient", json=person(), headers={"If-None-Exist": ONCE})
    second = http.post("/Patient", json=person(), headers={"If-None-Exist": ONCE})
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.headers["location"] == first.headers["location"]
    url = f"/Patient/{first.json()['id']}"
    changed = person(id=first.json()["id"], active=True)
    assert http.put(url, json=changed, headers={"If-Match": 'W/"1"'}).status_code == 200
    assert http.put(url, json=changed, headers={"If-Match": 'W/"1"'}).status_code == 409


def test_a_patch_is_a_json_patch(http: httpx.Client) -> None:
    id = http.post("/Patient", json=person()).json()["id"]
    change = b'[{"op": "add", "path": "/active", "value": true}]'
    done = http.patch(f"/Patient/{id}", content=change, headers={"Content-Type": "application/json-patch+json"})
    assert (done.status_code, done.json()["active"], done.headers["etag"]) == (200, True, 'W/"2"')
    for sort in ("application/fhir+json", "application/json", "application/merge-patch+json"):
        refused = http.patch(f"/Patient/{id}", content=change, headers={"Content-Type": sort})
        assert refused.status_code == 400
        assert "Invalid Content-Type for PATCH operation" in refused.json()["issue"][0]["diagnostics"]
