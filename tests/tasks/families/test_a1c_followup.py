"""HbA1c follow-up: 365 days to the instant, and the newest value with its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from medagentbenchv2.tasks.families.a1c_followup import A1cFollowup
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import LOINC, finish, order_service
from tests.tasks.harness import MRN, OTHER, V1_CLOCK, expectation_of, observation, planted, verdict_of

FOLLOWUP = A1cFollowup()
SLOTS = PatientSlots(mrn=MRN)
YEAR = timedelta(days=365)
AT = "2023-11-04T14:54:00+00:00"
RECENT = [observation("A1C", AT, 6.6)]
STALE = [observation("A1C", "2022-09-09T15:33:00+00:00", 5.8)]
TEST = order_service(MRN, V1_CLOCK, "4548-4", LOINC, "Hemoglobin A1c", priority="stat")


def rewards(calls: list[Any], chart: list[Any]) -> tuple[float, float]:
    """Strict and published."""
    strict, published = (
        verdict_of(FOLLOWUP, SLOTS, chart, V1_CLOCK, calls, profile=profile).reward
        for profile in ("strict", "published")
    )
    return strict, published


@pytest.mark.parametrize(
    ("age", "due"),
    [(YEAR, False), (YEAR + timedelta(seconds=1), True), (YEAR - timedelta(days=1), False), (2 * YEAR, True)],
)
def test_older_than_365_days_is_strict_and_to_the_second(age, due):
    expected = expectation_of(FOLLOWUP, SLOTS, [observation("A1C", V1_CLOCK - age, 6.0)], V1_CLOCK)
    assert bool(expected.orders) is due


def test_an_instant_in_another_offset_is_the_same_instant():
    edge = observation("A1C", "2022-11-13T02:15:00-08:00", 6.0)
    assert expectation_of(FOLLOWUP, SLOTS, [edge], V1_CLOCK).orders == ()


def test_the_newest_decides_and_none_after_the_clock():
    later = observation("A1C", V1_CLOCK + timedelta(minutes=1), 9.0)
    assert len(expectation_of(FOLLOWUP, SLOTS, [*STALE, later], V1_CLOCK).orders) == 1
    assert expectation_of(FOLLOWUP, SLOTS, [*RECENT, *STALE], V1_CLOCK).answer.expected[0] == 6.6


@pytest.mark.parametrize(
    ("chart", "calls", "strict", "published"),
    [
        (RECENT, [finish(6.6, AT)], 1.0, 1.0),
        (RECENT, [finish(6.6, "2023-11-04T09:54:00-05:00")], 1.0, 1.0),
        (RECENT, [finish(6.6, "2023-11-04")], 0.0, 0.0),
        (RECENT, [finish(AT, 6.6)], 0.0, 0.0),
        (RECENT, [finish(6.6)], 0.0, 0.0),
        (RECENT, [finish("6.6", AT)], 0.0, 0.0),
        (RECENT, [TEST, finish(6.6, AT)], 0.0, 0.0),
        (RECENT, [], 0.0, 0.0),
        (STALE, [TEST, finish(5.8, "2022-09-09T15:33:00+00:00")], 1.0, 1.0),
        (STALE, [finish(5.8, "2022-09-09T15:33:00+00:00")], 0.0, 0.0),
        (STALE, [TEST, TEST, finish(5.8, "2022-09-09T15:33:00+00:00")], 0.0, 0.0),
        (STALE, [TEST, finish()], 0.0, 1.0),
        ([], [TEST, finish(-1)], 1.0, 1.0),
        ([], [TEST, finish(-1, -1)], 0.0, 0.0),
        ([], [finish(-1)], 0.0, 0.0),
    ],
)
def test_value_instant_and_order(chart, calls, strict, published):
    assert rewards(calls, chart) == (strict, published)


@pytest.mark.parametrize(
    ("change", "strict", "published"),
    [
        ({"priority": "routine"}, 0.0, 0.0),
        ({"authoredOn": "2023-11-13T10:15:20+00:00"}, 1.0, 0.0),
        ({"authoredOn": "2023-11-12T10:15:00+00:00"}, 0.0, 0.0),
        ({"code": {"coding": [{"code": "4548-4"}]}}, 1.0, 0.0),
        ({"code": {"coding": [{"code": "A1C"}]}}, 0.0, 0.0),
        ({"code": {"text": "Hemoglobin A1c"}}, 0.0, 0.0),
        ({"subject": {"reference": f"Patient/{OTHER}"}}, 0.0, 0.0),
        ({"occurrenceDateTime": "2023-11-20"}, 1.0, 1.0),
        ({"note": {"text": "none on record"}}, 1.0, 1.0),
    ],
)
def test_each_field_of_the_order(change, strict, published):
    assert rewards([TEST.arguments | change, finish(-1)], []) == (strict, published)


@pytest.mark.parametrize("chart", [RECENT, STALE, []], ids=["recent", "stale", "none"])
def test_others_words_accept_an_empty_answer(chart):
    orders = [TEST] if chart is not RECENT else []
    assert verdict_of(FOLLOWUP, SLOTS, chart, V1_CLOCK, [*orders, finish()], ours=False).reward == 1.0
    assert verdict_of(FOLLOWUP, SLOTS, chart, V1_CLOCK, [*orders, finish(1, AT)], ours=False).reward == 0.0
    assert verdict_of(FOLLOWUP, SLOTS, chart, V1_CLOCK, [*orders, finish()]).reward == 0.0


@pytest.mark.parametrize(("branch", "minutes"), [("stale", 1), ("recent", 0)])
def test_the_edge_is_planted(branch, minutes):
    edge = (V1_CLOCK - YEAR - timedelta(minutes=minutes)).isoformat()
    tasks = [planted(FOLLOWUP, branch, index, now=V1_CLOCK) for index in range(10)]
    assert sum(task.expectation().answer.expected[1] == edge for task in tasks) == 2
