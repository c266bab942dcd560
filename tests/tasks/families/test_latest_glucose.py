"""Latest glucose: by time, not by order of loading, and however old."""

from __future__ import annotations

from datetime import timedelta

import pytest

from medagentbenchv2.tasks.families.latest_glucose import LatestGlucose
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import finish
from tests.tasks.harness import MRN, V1_CLOCK, expectation_of, observation, verdict_of

LATEST = LatestGlucose()
SLOTS = PatientSlots(mrn=MRN)


def glu(value: float, *, days: float, **rest):
    return observation("GLU", V1_CLOCK - timedelta(days=days), value, **rest)


def latest(*chart) -> float:
    return expectation_of(LATEST, SLOTS, chart, V1_CLOCK).answer.expected[0]


def test_the_newest_reading_counts_however_old():
    assert latest(glu(150, days=900), glu(90, days=1200)) == 150


def test_a_reading_after_the_clock_does_not_exist():
    assert latest(glu(150, days=3), glu(300, days=-0.01)) == 150
    assert latest(glu(300, days=-0.01)) == -1


def test_another_test_is_not_a_glucose():
    assert latest(observation("A1C", V1_CLOCK, 7.1)) == -1


def test_a_date_without_a_time_is_its_earliest_instant():
    assert latest(observation("GLU", "2023-11-10", 111), observation("GLU", "2023-11-10T00:01:00Z", 222)) == 222


@pytest.mark.parametrize("profile", ["strict", "published"])
@pytest.mark.parametrize(("answer", "reward"), [([123], 1.0), ([123.0], 1.0), (["123 mg/dL"], 0.0), ([-1], 0.0)])
def test_the_answer_is_a_number(answer, reward, profile):
    assert verdict_of(LATEST, SLOTS, [glu(123, days=4)], V1_CLOCK, [finish(*answer)], profile=profile).reward == reward


def test_an_order_nobody_asked_for_is_collateral():
    stray = {"resourceType": "ServiceRequest", "subject": {"reference": f"Patient/{MRN}"}}
    verdict = verdict_of(LATEST, SLOTS, [glu(123, days=4)], V1_CLOCK, [stray, finish(123)], profile="published")
    assert verdict.failure.category == "extra_order"


def test_converted_readings_are_read_to_a_twentieth():
    chart = [glu(7.1, days=2, unit="mmol/L")]
    rewards = [verdict_of(LATEST, SLOTS, chart, V1_CLOCK, [finish(v)]).reward for v in (127.8, 127.76, 127.9, 7.1)]
    assert rewards == [1.0, 1.0, 0.0, 0.0]
