"""Which heart rates are averaged, and which numbers are right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.tasks.families.heart_rate_average import HeartRateAverage
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import CPT, finish, order_service
from tests.tasks.harness import MRN, V2_CLOCK, before, expectation_of, observation, verdict_of

FAMILY, SLOTS, NOW = HeartRateAverage(), PatientSlots(mrn=MRN), V2_CLOCK


def beat(value, **ago):
    return observation("HEARTRATE", before(**ago), value)


CHART = [beat(80, hours=1), beat(90, hours=5), beat(100, hours=7)]


def test_each_window_is_averaged_on_its_own():
    assert _answer(CHART) == [85.0, 90.0]


def test_both_windows_include_their_first_and_last_instant():
    assert _answer([beat(60), beat(70, hours=6), beat(110, hours=12)]) == [65.0, 80.0]


def test_a_minute_outside_a_window_is_outside():
    assert _answer([beat(60), beat(70, hours=6, minutes=1), beat(110, hours=12, minutes=1)]) == [60.0, 65.0]


@given(st.lists(st.tuples(st.integers(-120, 900), st.integers(40, 180)), max_size=12))
def test_a_mean_is_of_exactly_the_readings_of_its_window(drawn):
    def mean(hours):
        values = [value for ago, value in drawn if 0 <= ago <= hours * 60]
        return sum(values) / len(values) if values else -1

    answer = _answer([beat(value, minutes=ago) for ago, value in drawn])
    assert answer == pytest.approx([mean(6), mean(12)])


def test_an_empty_window_is_minus_one():
    assert _answer([]) == [-1.0, -1.0]
    assert _answer([beat(70, hours=8)]) == [-1.0, 70.0]


@pytest.mark.parametrize(
    "reading",
    [
        observation("HEARTRATE", before(hours=2), 150, status="entered-in-error"),
        observation("HEARTRATE", before(hours=2), 150, status="cancelled"),
        observation("HEARTRATE", "2023-11-07T22:48:00+00:00", 150),
        observation("HEARTRATE", None, 150),
        observation("PULSE", before(hours=2), 150),
        observation("HEARTRATE", before(hours=2), 150, valueQuantity=None, valueString="150"),
        observation("HEARTRATE", before(hours=2), 150, valueQuantity={"value": 150, "comparator": ">"}),
    ],
    ids=["in error", "cancelled", "after now", "undated", "other code", "text", "censored"],
)
def test_what_is_no_reading_of_the_past_is_left_out(reading):
    assert _answer([*CHART, reading]) == [85.0, 90.0]


def test_a_missing_status_is_valid_and_the_category_does_not_matter():
    vital = observation(
        "HEARTRATE", before(hours=2), 100, status=None, category=[{"coding": [{"code": "vital-signs"}]}]
    )
    assert _answer([*CHART, vital]) == [90.0, 92.5]


def test_instants_are_compared_across_offsets():
    eastern = observation("HEARTRATE", "2023-11-08T00:30:00+02:00", 40)
    assert _answer([eastern]) == [40.0, 40.0]


@pytest.mark.parametrize(
    ("values", "right"),
    [
        ((85, 90), True),
        ((85.1, 89.9), True),
        ((85.11, 90), False),
        ((90, 85), False),
        ((85,), False),
        (("85", 90), False),
        ((None, 90), False),
    ],
)
def test_numbers_are_right_within_a_tenth(values, right):
    assert verdict_of(FAMILY, SLOTS, CHART, NOW, [finish(*values)]).correct is right


@pytest.mark.parametrize("values", [("85", 90), (85, "90.05")])
def test_the_published_graders_read_numeric_strings(values):
    assert _published(CHART, [finish(*values)]).correct


@pytest.mark.parametrize("value", [None, "-1", -1])
def test_and_take_null_for_an_empty_window(value):
    assert _published([beat(70, hours=8)], [finish(value, 70)]).correct


def test_silence_is_never_accepted():
    assert _published([], []).failure.category == "no_finish"


def test_nothing_may_be_ordered():
    order = order_service(MRN, NOW, "93000", CPT, "ECG")
    assert verdict_of(FAMILY, SLOTS, CHART, NOW, [order, finish(85, 90)]).failure.category == "extra_order"


def test_in_somebody_elses_words_the_answer_still_counts():
    assert verdict_of(FAMILY, SLOTS, CHART, NOW, [finish(85, 90)], ours=False).correct
    assert not verdict_of(FAMILY, SLOTS, CHART, NOW, [finish(85, 95)], ours=False).correct


def _answer(resources):
    return expectation_of(FAMILY, SLOTS, resources, NOW).answer.expected


def _published(resources, calls):
    return verdict_of(FAMILY, SLOTS, resources, NOW, calls, profile="published")
