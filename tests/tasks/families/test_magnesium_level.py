"""Magnesium level: the newest of a window that is closed at both ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from medagentbenchv2.tasks.families.magnesium_level import MagnesiumLevel
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import finish
from tests.tasks.harness import MRN, V1_CLOCK, expectation_of, observation, planted, verdict_of

LEVEL = MagnesiumLevel()
SLOTS = PatientSlots(mrn=MRN)
DAY = timedelta(hours=24)


def mg(value: float, *, ago: timedelta, **rest):
    return observation("MG", V1_CLOCK - ago, value, **rest)


def level(*chart) -> float:
    return expectation_of(LEVEL, SLOTS, chart, V1_CLOCK).answer.expected[0]


def test_the_newest_counts_in_whatever_order_the_chart_was_loaded():
    old, new = mg(1.5, ago=timedelta(hours=9)), mg(2.2, ago=timedelta(hours=3))
    assert level(old, new) == level(new, old) == 2.2


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(0), 1.8),
        (DAY, 1.8),
        (DAY + timedelta(seconds=1), -1),
        (timedelta(days=3), -1),
        (timedelta(seconds=-1), -1),
    ],
)
def test_the_window_is_closed_at_both_ends(ago, expected):
    assert level(mg(1.8, ago=ago)) == expected


def test_instants_are_compared_not_strings():
    assert level(observation("MG", "2023-11-12T05:14:59-05:00", 1.1)) == -1
    assert level(observation("MG", "2023-11-12T05:15:00-05:00", 1.1)) == 1.1


@pytest.mark.parametrize(
    "untrue",
    [
        {"status": "entered-in-error"},
        {"status": "cancelled"},
        {"valueQuantity": {"value": 0.5, "comparator": "<"}},
        {"valueQuantity": None},
        {"effectiveDateTime": None},
    ],
)
def test_a_record_that_is_no_reading_is_skipped(untrue):
    good = mg(2.1, ago=timedelta(hours=5))
    assert level(mg(1.0, ago=timedelta(hours=1), **untrue), good) == 2.1


def test_a_missing_status_is_valid():
    assert level(mg(1.7, ago=timedelta(hours=1), status=None)) == 1.7


def test_another_unit_is_converted_and_read_less_closely():
    chart = [mg(0.8, ago=timedelta(hours=1), unit="mmol/L")]
    rewards = [verdict_of(LEVEL, SLOTS, chart, V1_CLOCK, [finish(v)]).reward for v in (1.944, 1.9, 1.99, 2.0, 0.8)]
    assert rewards == [1.0, 1.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("profile", ["strict", "published"])
@pytest.mark.parametrize(("answer", "reward"), [([1.8], 1.0), (["1.8"], 0.0), ([1.81], 0.0), ([-1], 0.0), ([], 0.0)])
def test_the_answer_is_exact(answer, reward, profile):
    chart = [mg(1.8, ago=timedelta(hours=1))]
    assert verdict_of(LEVEL, SLOTS, chart, V1_CLOCK, [finish(*answer)], profile=profile).reward == reward


def test_the_edge_of_the_window_is_planted():
    planted_at = [
        resource["effectiveDateTime"]
        for index in range(8)
        for resource in planted(LEVEL, "measured", index, now=V1_CLOCK).ward.resources
        if resource["resourceType"] == "Observation"
    ]
    assert planted_at.count((V1_CLOCK - DAY).isoformat()) == 2
    assert planted_at.count((V1_CLOCK - DAY - timedelta(minutes=1)).isoformat()) == 8
    assert sum(at > V1_CLOCK.isoformat() for at in planted_at) == 8
