"""The history of a record is every version of it that the rollout can know, newest first."""

from __future__ import annotations

from typing import Any

import orjson

from medagentbenchv2.fhir.session import Session
from tests.fhir.test_session import ANN, data, order, words


def versions(session: Session, url: str) -> list[tuple[str, str]]:
    bundle = data(session.request_now("GET", f"{url}/_history"))
    assert (bundle["type"], bundle["total"]) == ("history", len(bundle["entry"]))
    for entry in bundle["entry"]:
        number = entry["request"]["url"].rpartition("/")[2]
        assert entry["response"]["etag"] == f'W/"{number}"'
        assert entry["fullUrl"] == f"{session.base_url}/{url}"
        assert ("resource" in entry) == (entry["request"]["method"] != "DELETE")
        if "resource" in entry:
            assert entry["resource"] == data(session.request_now("GET", entry["request"]["url"]))
    return [(entry["request"]["method"], entry["response"]["status"]) for entry in bundle["entry"]]


def test_a_record_of_the_base_has_one_version(session: Session) -> None:
    assert versions(session, f"Patient/{ANN}") == [("POST", "201 Created")]


def test_changes_and_a_deletion_are_versions(session: Session) -> None:
    id = data(session.create_now("ServiceRequest", order()))["id"]
    url = f"ServiceRequest/{id}"
    session.request_now("PUT", url, orjson.dumps(order(id=id, status="completed")))
    session.request_now("DELETE", url)
    expected = [("DELETE", "200 OK"), ("PUT", "200 OK"), ("POST", "201 Created")]
    assert versions(session, url) == expected
    gone = session.request_now("GET", f"{url}/_history/3")
    assert gone.status == 410
    assert words(gone).startswith("Resource was deleted at ")


def test_a_changed_record_of_the_base_keeps_its_first_version(session: Session) -> None:
    url = f"Patient/{ANN}"
    before: dict[str, Any] = data(session.request_now("GET", url))
    session.request_now("PUT", url, orjson.dumps({**before, "active": True}))
    assert versions(session, url) == [("PUT", "200 OK"), ("POST", "201 Created")]
    assert data(session.request_now("GET", f"{url}/_history/1")) == before


def test_other_rollouts_have_another_history(session: Session) -> None:
    other = Session(session.snapshot)
    session.request_now("PUT", f"Patient/{ANN}", orjson.dumps({"resourceType": "Patient", "id": ANN}))
    assert len(versions(session, f"Patient/{ANN}")) == 2
    assert len(versions(other, f"Patient/{ANN}")) == 1
