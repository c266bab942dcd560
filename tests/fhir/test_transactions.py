"""Transactions are all or nothing, batches each on its own."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from medagentbenchv2.fhir.session import Session
from tests.fhir.test_session import data, ids, order, words


def entry(method: str, url: str, resource: Any = None, full_url: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"request": {"method": method, "url": url}}
    if resource is not None:
        found["resource"] = resource
    return {**found, "fullUrl": full_url} if full_url else found


def send(session: Session, type: str, *entries: dict[str, Any]) -> Any:
    return session.request_now(
        "POST", "", orjson.dumps({"resourceType": "Bundle", "type": type, "entry": list(entries)})
    )


def test_a_transaction_creates_all(session: Session) -> None:
    answer = send(
        session, "transaction", entry("POST", "ServiceRequest", order()), entry("POST", "ServiceRequest", order())
    )
    bundle = data(answer)
    assert answer.status == 200
    assert bundle["type"] == "transaction-response"
    assert [one["response"]["status"] for one in bundle["entry"]] == ["201 Created"] * 2
    assert [one["response"]["location"] for one in bundle["entry"]] == [
        "ServiceRequest/10900/_history/1", "ServiceRequest/10901/_history/1",
    ]  # fmt: skip
    assert len(session.writes) == 2


def test_a_transaction_with_a_bad_entry_does_nothing(session: Session) -> None:
    before = session.search_now("ServiceRequest", (("_count", "500"),))
    bad = order(subject={"reference": "Patient/nobody"})
    answer = send(
        session, "transaction", entry("POST", "ServiceRequest", order()), entry("POST", "ServiceRequest", bad)
    )
    assert answer.status == 400
    assert words(answer).startswith("HAPI-1094")
    assert not session.writes
    assert session.search_now("ServiceRequest", (("_count", "500"),)) == before
    assert data(session.create_now("ServiceRequest", order()))["id"] == "10900"


def test_a_batch_does_what_it_can(session: Session) -> None:
    bad = order(subject={"reference": "Patient/nobody"})
    bundle = data(send(session, "batch", entry("POST", "ServiceRequest", bad), entry("POST", "ServiceRequest", order()),
                       entry("GET", "Patient?identifier=S1234560")))  # fmt: skip
    assert [one["response"]["status"] for one in bundle["entry"]] == ["400 Bad Request", "201 Created", "200 OK"]
    assert bundle["entry"][0]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert bundle["entry"][2]["resource"]["total"] == 1
    assert len(session.writes) == 1


def test_new_resources_may_refer_to_each_other_in_any_order(session: Session) -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "New"}]}
    bundle = data(send(
        session, "transaction",
        entry("POST", "ServiceRequest", order(subject={"reference": "urn:uuid:1"})),
        entry("POST", "Patient", patient, "urn:uuid:1"),
    ))  # fmt: skip
    stored = data(session.request_now("GET", bundle["entry"][0]["response"]["location"]))
    assert stored["subject"]["reference"] == "/".join(bundle["entry"][1]["response"]["location"].split("/")[:2])


def test_deletes_come_before_creates(session: Session) -> None:
    first = ids(session.search_now("ServiceRequest", ()))[0]
    send(session, "transaction", entry("POST", "ServiceRequest", order()), entry("DELETE", f"ServiceRequest/{first}"))
    assert [write.method for write in session.writes] == ["DELETE", "POST"]


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b'{"resourceType":"Patient"}', b'{"resourceType":"Bundle","type":"searchset"}',
        b'{"resourceType":"Bundle","type":"batch","entry":[{}]}',
        b'{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"POST","url":"X","ifNoneExist":1}}]}',
        b'{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":{}}}]}',
        b'{"resourceType":"Bundle","type":"batch","entry":3}',
    ],
)  # fmt: skip
def test_a_malformed_bundle_is_refused(session: Session, body: bytes) -> None:
    assert session.request_now("POST", "", body).status == 400
