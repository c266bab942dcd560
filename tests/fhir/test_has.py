"""`_has` finds the records that other records refer to, as of the clock and with the rollout's own writes."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import orjson
import pytest

from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.fhir import list_scan
from tests.fhir.hospital_on_paper import NOW
from tests.fhir.test_against_a_list_scan import DATE_NAMES, any_params, any_resource, everything
from tests.fhir.test_session import ids, order


def referred(resources: list[dict[str, Any]]) -> set[str]:
    return {one["subject"]["reference"].rpartition("/")[2] for one in resources}


@pytest.mark.parametrize("now", [None, NOW])
def test_random_reverse_searches_equal_a_list_scan(now: datetime | None, snapshot: Snapshot) -> None:
    draw, session = random.Random(5), Session(snapshot, now)
    base = everything(Session(snapshot), ("Patient", *DATE_NAMES))
    own = [orjson.loads(session.create_now(kind, any_resource(draw, kind)).body) for kind in DATE_NAMES]
    for _ in range(150):
        kind = draw.choice(list(DATE_NAMES))
        inner = [pair for pair in any_params(draw, kind) if pair[0] != "_sort"][:1]
        if not inner:
            continue
        wanted = referred(list_scan.search([*base, *own], kind, inner, now, len(own)))
        params = [(f"_has:{kind}:{draw.choice(('patient', 'subject'))}:{inner[0][0]}", inner[0][1]), ("_count", "50")]
        assert set(ids(session.search_now("Patient", params))) == wanted, params


def test_two_of_them_must_both_hold(session: Session) -> None:
    both = [("_has:Observation:patient:code", "K"), ("_has:Procedure:patient:code", "NUR1373"), ("_count", "50")]
    each = [set(ids(session.search_now("Patient", [one, both[2]]))) for one in both[:2]]
    assert set(ids(session.search_now("Patient", both))) == each[0] & each[1]
    assert each[0]


def test_the_rollouts_own_writes_refer_too(session: Session) -> None:
    params = [("_has:ServiceRequest:subject:code", "http://loinc.org|4548-4")]
    assert ids(session.search_now("Patient", params)) == []
    session.create_now("ServiceRequest", order(subject={"reference": "Patient/S1234565"}))
    assert ids(session.search_now("Patient", params)) == ["S1234565"]
    assert ids(Session(session.snapshot).search_now("Patient", params)) == []


def test_it_nests_and_chains(session: Session) -> None:
    inner = "_has:Observation:patient:code"
    having = ids(session.search_now("Patient", [(inner, "K"), ("_count", "50")]))
    chained = ids(session.search_now("Procedure", [(f"patient.{inner}", "K"), ("_count", "1000")]))
    wanted = ids(session.search_now("Procedure", [("patient", ",".join(having)), ("_count", "1000")]))
    assert chained == wanted
    assert chained
    name = "_has:Observation:patient:patient.identifier"
    assert ids(session.search_now("Patient", [(name, "S1234561")])) == ["S1234561"]


def test_tags_profiles_and_sources_are_searched(session: Session) -> None:
    meta = {"tag": [{"system": "urn:t", "code": "a"}], "profile": ["http://x.org/p"], "source": "http://s.org",
            "security": [{"code": "R"}]}  # fmt: skip
    id = orjson.loads(session.create_now("ServiceRequest", order(meta=meta)).body)["id"]
    for name, value in (("_tag", "urn:t|a"), ("_tag", "a"), ("_profile", "http://x.org/p"), ("_source", "http://s.org"),
                        ("_security", "R")):  # fmt: skip
        assert ids(session.search_now("ServiceRequest", [(name, value)])) == [id]
        assert ids(session.search_now("ServiceRequest", [(name, "other")])) == []
    assert id not in ids(session.search_now("ServiceRequest", [("_tag:not", "a"), ("_count", "1000")]))
