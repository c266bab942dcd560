"""Average glucose: every reading of 24 hours once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.tasks.families.average_glucose import AverageGlucose
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import finish
from tests.tasks.harness import MRN, V1_CLOCK, Planted, expectation_of, observation, planted, verdict_of

AVERAGE = AverageGlucose()
SLOTS = PatientSlots(mrn=MRN)
DAY = timedelta(hours=24)


def glu(value: float, *, ago: timedelta, **rest):
    return observation("GLU", V1_CLOCK - ago, value, **rest)


def mean(*chart) -> float:
    return expectation_of(AVERAGE, SLOTS, chart, V1_CLOCK).answer.expected[0]


@given(st.lists(st.integers(40, 600), min_size=1, max_size=30))
def test_the_mean_is_arithmetic(values):
    chart = [glu(value, ago=timedelta(minutes=40 * place)) for place, value in enumerate(values)]
    assert mean(*chart) == pytest.approx(sum(values) / len(values))


def test_both_ends_of_the_window_count_and_nothing_beyond():
    inside = [glu(100, ago=timedelta(0)), glu(140, ago=DAY)]
    outside = [glu(400, ago=DAY + timedelta(seconds=1)), glu(400, ago=timedelta(seconds=-1))]
    assert mean(*inside, *outside) == 120
    assert mean(*outside) == -1


def test_equal_readings_at_different_times_each_count():
    assert mean(*(glu(value, ago=timedelta(hours=h)) for h, value in enumerate([90, 90, 120]))) == 100


def test_another_unit_is_converted():
    assert mean(glu(10.0, ago=timedelta(hours=1), unit="mmol/L"), glu(100, ago=timedelta(hours=2))) == 140


def test_an_untrue_reading_does_not_count():
    assert mean(glu(100, ago=timedelta(hours=1)), glu(300, ago=timedelta(hours=2), status="entered-in-error")) == 100


@pytest.mark.parametrize("profile", ["strict", "published"])
@pytest.mark.parametrize(("answer", "reward"), [(110, 1.0), (110.09, 1.0), (109.91, 1.0), (110.2, 0.0), ("110", 0.0)])
def test_the_answer_may_be_off_by_a_tenth(answer, reward, profile):
    chart = [glu(100, ago=timedelta(hours=1)), glu(120, ago=timedelta(hours=2))]
    assert verdict_of(AVERAGE, SLOTS, chart, V1_CLOCK, [finish(answer)], profile=profile).reward == reward


def test_whoever_draws_the_window_wrongly_is_off_by_more_than_the_tolerance():
    minute, later = timedelta(minutes=1), timedelta(days=3)
    for index in range(15):
        task = planted(AVERAGE, "measured", index, now=V1_CLOCK)
        right = between(task, V1_CLOCK - DAY, V1_CLOCK)
        assert right == pytest.approx(task.expectation().answer.expected[0])
        assert abs(between(task, V1_CLOCK - DAY - minute, V1_CLOCK) - right) > 1
        assert abs(between(task, V1_CLOCK - DAY, V1_CLOCK + later) - right) > 1
        if index % 3 == 0:
            assert abs(between(task, V1_CLOCK - DAY + minute, V1_CLOCK) - right) > 1


def between(task: Planted, since: datetime, until: datetime) -> float:
    """The mean of what was planted between two instants, both included."""
    values = [
        resource["valueQuantity"]["value"]
        for resource in task.ward.resources
        if resource["resourceType"] == "Observation"
        and since <= datetime.fromisoformat(resource["effectiveDateTime"]) <= until
    ]
    return sum(values) / len(values)
