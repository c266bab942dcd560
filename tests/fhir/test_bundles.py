"""The searchset Bundle: its elements, links, subsets and included records."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.fhir.test_session import ANN, data, ids, order


def get(session: Session, url: str) -> Any:
    answer = session.request_now("GET", url)
    assert answer.status == 200, answer.body
    return data(answer)


def test_a_bundle_has_hapis_elements_in_hapis_order(session: Session) -> None:
    bundle = get(session, "Observation?code=K&patient=S1234560&_count=1")
    assert list(bundle) == ["resourceType", "id", "meta", "type", "total", "link", "entry"]
    assert list(bundle["entry"][0]) == ["fullUrl", "resource", "search"]
    assert bundle["type"] == "searchset"
    assert bundle["entry"][0]["search"] == {"mode": "match"}
    assert bundle["link"][0] == {
        "relation": "self",
        "url": "http://localhost:8080/fhir/Observation?_count=1&code=K&patient=S1234560",
    }


def test_an_empty_bundle_has_no_entry(session: Session) -> None:
    bundle = get(session, "Observation?patient=S0000000")
    assert bundle["total"] == 0
    assert "entry" not in bundle
    assert [link["relation"] for link in bundle["link"]] == ["self"]


def test_every_page_is_reached_once_by_next_links(session: Session) -> None:
    everything = ids(session.search_now("Observation", (("code", "K"), ("_count", "1000"))))
    url, seen, pages = "Observation?code=K&_count=7", [], 0
    while url:
        bundle = get(session, url)
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        assert bundle["total"] == len(everything)
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert ("previous" in links) is (pages > 0)
        url, pages = links.get("next", ""), pages + 1
    assert seen == everything
    assert pages == -(-len(everything) // 7)


def test_a_page_link_keeps_working_for_another_session(snapshot: Snapshot) -> None:
    first = get(Session(snapshot), "Observation?code=K,MG&_count=2&_sort=-date")
    url = next(link["url"] for link in first["link"] if link["relation"] == "next")
    assert url.startswith("http://localhost:8080/fhir?_getpages=")
    assert url.endswith("&_getpagesoffset=2&_count=2&_bundletype=searchset")
    assert get(Session(snapshot), url) == get(Session(snapshot), url)
    assert len(get(Session(snapshot), url)["entry"]) == 2


def test_the_default_page_is_twenty_and_there_is_no_maximum(session: Session) -> None:
    bundle = get(session, "Observation")
    assert len(bundle["entry"]) == 20
    assert len(get(session, "Observation?_count=100000")["entry"]) == bundle["total"]


def test_the_same_question_has_the_same_bytes(snapshot: Snapshot) -> None:
    url = "Observation?code=K&_sort=-date"
    fresh = [Session(snapshot).request_now("GET", url) for _ in range(2)]
    snapshot.responses.clear()
    assert fresh == [Session(snapshot).request_now("GET", url) for _ in range(2)]


def test_another_base_url_stands_in_all_links(snapshot: Snapshot) -> None:
    body = Session(snapshot, base_url="https://x.org/r4").request_now("GET", "Observation?_count=2").body
    assert b"localhost" not in body
    assert body.count(b"https://x.org/r4") == 4


def test_pretty_is_the_same_json(session: Session) -> None:
    plain, indented = (
        session.request_now("GET", f"Patient?_count=2&_pretty={word}").body for word in ("false", "true")
    )
    assert b"\n  " in indented
    assert b"\n" not in plain
    assert orjson.loads(indented)["entry"] == orjson.loads(plain)["entry"]
    assert b"\n  " in session.request_now("GET", f"Patient/{ANN}?_pretty=true").body


@pytest.mark.parametrize(
    "url", ["Observation?_count=0", "Observation?_summary=count", "Observation?_summary=count&_total=none"]
)
def test_a_count_is_a_total_without_entries(session: Session, url: str) -> None:
    bundle = get(session, url)
    assert bundle["total"] == get(session, "Observation")["total"]
    assert "entry" not in bundle


def test_total_none_leaves_the_total_out(session: Session) -> None:
    assert "total" not in get(session, "Observation?_total=none")


def test_elements_keep_what_is_asked_and_what_is_mandatory(session: Session) -> None:
    for url in ("Observation?_elements=effectiveDateTime", "Observation?_elements=Observation.effectiveDateTime"):
        found = get(session, f"{url}&date:missing=false&_count=1")["entry"][0]["resource"]
        assert set(found) == {"resourceType", "id", "meta", "status", "code", "effectiveDateTime"}
        assert found["meta"]["tag"][0]["code"] == "SUBSETTED"


def test_a_read_is_shaped_too(session: Session) -> None:
    assert set(get(session, f"Patient/{ANN}?_elements=gender")) == {"resourceType", "id", "meta", "gender"}
    assert set(get(session, f"Patient/{ANN}?_summary=text")) == {"resourceType", "id", "meta"}
    assert session.request_now("GET", f"Patient/{ANN}?_format=xml").status == 406
    assert get(session, f"Patient/{ANN}?_format=json") == get(session, f"Patient/{ANN}")


def test_summaries(session: Session) -> None:
    def elements(summary: str) -> set[str]:
        return set(get(session, f"Patient?_summary={summary}&_count=1")["entry"][0]["resource"])

    assert elements("text") == {"resourceType", "id", "meta"}
    assert elements("data") == elements("true") == elements("false")
    assert "category" not in get(session, "Observation?_summary=true")["entry"][0]["resource"]


def test_included_records_follow_the_matches_once(session: Session) -> None:
    bundle = get(
        session, f"Observation?patient={ANN}&_count=3&_include=Observation:patient&_include=Observation:subject"
    )
    modes = [(entry["resource"]["resourceType"], entry["search"]["mode"]) for entry in bundle["entry"]]
    assert modes == [("Observation", "match")] * 3 + [("Patient", "include")]
    assert bundle["total"] == get(session, f"Observation?patient={ANN}")["total"]


def test_revinclude_brings_what_refers_to_the_match(session: Session) -> None:
    wanted = set(ids(session.search_now("ServiceRequest", (("patient", ANN), ("_count", "500")))))
    new = data(session.create_now("ServiceRequest", order()))["id"]
    bundle = get(session, f"Patient?_id={ANN}&_revinclude=ServiceRequest:patient")
    included = {one["resource"]["id"] for one in bundle["entry"] if one["search"]["mode"] == "include"}
    assert included == wanted | {new}
    assert bundle["total"] == 1


def test_a_chain_goes_through_the_patient(session: Session) -> None:
    direct = ids(session.search_now("Observation", (("patient", ANN), ("_count", "500"))))
    for chain in ("patient.identifier", "subject:Patient.identifier", "subject.identifier"):
        assert ids(session.request_now("GET", f"Observation?{chain}={ANN}&_count=500")) == direct
    assert ids(session.request_now("GET", "Observation?patient.family=nobody")) == []


def test_cached_answers_never_hide_a_write(snapshot: Snapshot) -> None:
    url = "ServiceRequest?code=4548-4"
    writer, reader = Session(snapshot), Session(snapshot)
    for _ in range(2):
        assert ids(writer.request_now("GET", url)) == []
    writer.create_now("ServiceRequest", order())
    assert len(ids(writer.request_now("GET", url))) == 1
    assert ids(reader.request_now("GET", url)) == []
    include = f"Patient?_id={ANN}&_revinclude=ServiceRequest:patient"
    assert len(ids(writer.request_now("GET", include))) == len(ids(reader.request_now("GET", include))) + 1


def test_the_cache_is_bounded(snapshot: Snapshot) -> None:
    snapshot.responses.clear()
    session = Session(snapshot)
    for number in range(400):
        session.search_now("Observation", (("_count", str(300 + number)),))
    assert snapshot.responses.size <= 16 * 2**20
    assert len(snapshot.responses) < 400
