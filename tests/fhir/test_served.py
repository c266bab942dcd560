"""Sessions of the server: bounded in number, and none that is in use is thrown out."""

from __future__ import annotations

import pytest

from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.served import Limits, Sessions
from medagentbenchv2.fhir.snapshot import Snapshot


def test_a_session_is_made_once(snapshot: Snapshot) -> None:
    sessions = Sessions(snapshot, Limits())
    assert sessions.get("a") is sessions.get("a") is not sessions.get("b")
    assert len(sessions) == 2
    assert sessions.get("default") is sessions.default


def test_no_session_in_use_makes_room(snapshot: Snapshot) -> None:
    sessions = Sessions(snapshot, Limits(sessions=2))
    kept = [sessions.get("a"), sessions.get("b")]
    with pytest.raises(Problem, match="All 2 sessions are in use") as raised:
        sessions.get("c")
    assert raised.value.status == 503
    assert [sessions.get("a"), sessions.get("b")] == kept
    assert sessions.end("a")
    assert sessions.get("c")


def test_the_session_that_rested_longest_makes_room(snapshot: Snapshot) -> None:
    sessions = Sessions(snapshot, Limits(sessions=2, idle_s=0.0))
    first, second = sessions.get("a"), sessions.get("b")
    assert sessions.get("a") is first
    sessions.get("c")
    assert sessions.find("a") is first
    assert sessions.find("b") is None
    assert sessions.get("b") is not second


def test_a_page_is_never_longer_than_the_limit(snapshot: Snapshot) -> None:
    session = Sessions(snapshot, Limits(rows=7)).default
    everything = session.answer("http://h/fhir", "GET", "Observation?_summary=count", b"")
    for written in ("8", "1000000", "1_000", "%2B9", "99999999999999999999999"):
        page = session.answer("http://h/fhir", "GET", f"Observation?_count={written}", b"")
        assert page.body.count(b'"fullUrl"') == 7, written
        assert b'"relation":"next"' in page.body
        assert b'"total":' + everything.body.partition(b'"total":')[2].partition(b",")[0] in page.body
    assert session.answer("http://h/fhir", "GET", "Observation?_count=3", b"").body.count(b'"fullUrl"') == 3
    assert session.answer("http://h/fhir", "GET", "Observation?_count=-1", b"").status == 400


def test_long_questions_and_many_small_answers_fill_no_memory(snapshot: Snapshot) -> None:
    session, kept = Sessions(snapshot, Limits()).default, snapshot.responses
    kept.clear()
    session.answer("http://h/fhir", "GET", "Observation?code=" + "x" * 10_000, b"")
    assert len(kept) == 0
    for number in range(5000):
        session.answer("http://h/fhir", "GET", f"Patient?_id=none-{number}", b"")
    assert 3000 < len(kept) <= 4096
    assert kept.size <= 16 * 2**20
    kept.clear()
