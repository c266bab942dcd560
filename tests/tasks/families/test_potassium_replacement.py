"""Potassium replacement: ten milliequivalents a tenth, and the level of the next morning."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.grading.fields import Amount
from medagentbenchv2.tasks.families.potassium_replacement import (
    PotassiumReplacement,
    milliequivalents,
    tomorrow_at_8,
)
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import LOINC, NDC, finish, order_medication, order_service
from medagentbenchv2.tools.call import Call
from tests.tasks.harness import MRN, OTHER, V1_CLOCK, expectation_of, observation, planted, verdict_of

REPLACEMENT = PotassiumReplacement()
SLOTS = PatientSlots(mrn=MRN)
MORNING = datetime.fromisoformat("2023-11-14T08:00:00+00:00")


def k(value: float, *, days: float = 2, **rest: Any):
    return observation("K", V1_CLOCK - timedelta(days=days), value, **rest)


def tablets(dose: float, *, unit: str = "mEq", route: str = "oral", mrn: str = MRN) -> Call:
    coding = {"system": NDC, "code": "40032-917-01"}
    return order_medication(mrn, V1_CLOCK, "potassium chloride", coding=coding, route=route, dose=(dose, unit))


def check(at: datetime | None = MORNING, *, priority: str | None = "stat", code: str = "2823-3") -> Call:
    return order_service(MRN, V1_CLOCK, code, LOINC, "Serum potassium", at=at, priority=priority)


def rewards(calls: list[Call | dict[str, Any]], chart: list[Any]) -> tuple[float, float]:
    """Strict and published."""
    strict, published = (
        verdict_of(REPLACEMENT, SLOTS, chart, V1_CLOCK, calls, profile=profile).reward
        for profile in ("strict", "published")
    )
    return strict, published


@given(st.integers(20, 60))
def test_ten_milliequivalents_for_each_tenth_below_3_5(tenths):
    assert milliequivalents(tenths / 10) == max(0, (35 - tenths) * 10)


@pytest.mark.parametrize(("level", "orders"), [(3.4, 2), (3.5, 0), (3.49, 2), (5.1, 0)])
def test_3_5_is_not_low(level, orders):
    assert len(expectation_of(REPLACEMENT, SLOTS, [k(level)], V1_CLOCK).orders) == orders


def test_the_newest_counts_however_old_and_none_after_the_clock():
    assert len(expectation_of(REPLACEMENT, SLOTS, [k(3.1, days=400), k(3.9, days=500)], V1_CLOCK).orders) == 2
    assert expectation_of(REPLACEMENT, SLOTS, [k(4.1), k(2.9, days=-0.1)], V1_CLOCK).answer.expected == [4.1]


def test_morning_is_that_of_the_clocks_own_offset():
    evening = datetime(2023, 11, 13, 23, 30, tzinfo=timezone(timedelta(hours=-8)))
    assert tomorrow_at_8(evening).isoformat() == "2023-11-14T08:00:00-08:00"
    assert tomorrow_at_8(V1_CLOCK) == MORNING


@pytest.mark.parametrize(
    ("calls", "strict", "published"),
    [
        ([tablets(30), check(), finish(3.2)], 1.0, 1.0),
        ([check(), tablets(30), finish(3.2)], 1.0, 1.0),
        ([tablets(30.1), check(), finish(3.2)], 1.0, 1.0),
        ([tablets(30), check(MORNING.replace(minute=30)), finish(3.2)], 0.0, 1.0),
        ([tablets(30), check(MORNING.replace(hour=9)), finish(3.2)], 0.0, 0.0),
        ([tablets(30), check(MORNING - timedelta(days=1)), finish(3.2)], 0.0, 0.0),
        ([tablets(30), check(None), finish(3.2)], 0.0, 0.0),
        ([tablets(30), check(priority="routine"), finish(3.2)], 0.0, 0.0),
        ([tablets(30), check(code="4548-4"), finish(3.2)], 0.0, 0.0),
        ([tablets(30, route="PO"), check(), finish(3.2)], 1.0, 0.0),
        ([tablets(30, route="Oral"), check(), finish(3.2)], 1.0, 1.0),
        ([tablets(30, route="IV"), check(), finish(3.2)], 0.0, 0.0),
        ([tablets(30, unit="mg"), check(), finish(3.2)], 0.0, 0.0),
        ([tablets(40), check(), finish(3.2)], 0.0, 0.0),
        ([tablets(30, mrn=OTHER), check(), finish(3.2)], 0.0, 0.0),
        ([tablets(30), finish(3.2)], 0.0, 0.0),
        ([check(), finish(3.2)], 0.0, 0.0),
        ([tablets(10), tablets(10), tablets(10), check(), finish(3.2)], 0.0, 0.0),
        ([tablets(30), check(), finish("3.2")], 0.0, 0.0),
        ([tablets(30), check()], 0.0, 0.0),
    ],
)
def test_both_orders_and_the_answer_are_needed(calls, strict, published):
    assert rewards(calls, [k(3.2)]) == (strict, published)


def test_the_timing_element_must_name_the_morning_in_any_offset():
    written = check().arguments | {"occurrenceDateTime": "2023-11-14T03:00:00-05:00"}
    assert rewards([tablets(30), written, finish(3.2)], [k(3.2)]) == (1.0, 1.0)
    dated = check().arguments | {"occurrenceDateTime": "2023-11-14"}
    assert rewards([tablets(30), dated, finish(3.2)], [k(3.2)]) == (0.0, 0.0)


def test_at_3_5_any_order_is_too_many():
    assert rewards([finish(3.5)], [k(3.5)]) == (1.0, 1.0)
    assert rewards([check(), finish(3.5)], [k(3.5)]) == (0.0, 0.0)


@pytest.mark.parametrize(("chart", "answer"), [([k(4.0)], 4.0), ([], -1)])
def test_others_words_ask_for_no_value(chart, answer):
    for calls, ours, theirs in (([finish(answer)], 1.0, 1.0), ([finish()], 0.0, 1.0), ([finish(2.0)], 0.0, 0.0)):
        assert rewards(calls, chart) == (ours, theirs)
        assert verdict_of(REPLACEMENT, SLOTS, chart, V1_CLOCK, calls, ours=False).reward == theirs


def test_exactly_3_5_is_planted_and_doses_differ():
    normal, low = ([planted(REPLACEMENT, branch, i, now=V1_CLOCK) for i in range(15)] for branch in ("normal", "low"))
    doses = [f.expected for task in low for f in task.expectation().orders[0].fields if isinstance(f, Amount)]
    assert 3.5 in [task.expectation().answer.expected[0] for task in normal]
    assert len(set(doses)) == 10
