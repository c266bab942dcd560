"""Readings in another unit are brought to one, and read less closely."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.chart import Reading
from medagentbenchv2.moment import parse_moment
from medagentbenchv2.tasks.units import GLUCOSE, MAGNESIUM


def reading(value: float, unit: str) -> Reading:
    return Reading("GLU", parse_moment("2023-11-07T08:00:00Z"), value, unit)


@pytest.mark.parametrize("unit", ["mg/dL", "", "MG/DL"])
def test_the_usual_unit_is_left_alone_and_exact(unit):
    assert GLUCOSE.value(reading(104, unit)) == 104
    assert GLUCOSE.number(reading(104, unit)).fault(104.01) == "wrong_value"


def test_millimoles_are_converted_and_read_to_a_twentieth():
    assert GLUCOSE.value(reading(5.5, "mmol/L")) == 99
    assert MAGNESIUM.value(reading(1.0, "mmol/L")) == 2.43
    assert GLUCOSE.number(reading(5.5, "mmol/L")).fault(99.05) is None
    assert GLUCOSE.number(reading(5.5, "mmol/L")).fault(99.06) == "wrong_value"


def test_no_reading_is_minus_one():
    assert GLUCOSE.number(None).fault(-1) is None
    assert GLUCOSE.mean([]) is None


@given(st.lists(st.floats(1, 40), min_size=1, max_size=20))
def test_the_mean_does_not_depend_on_the_unit_it_was_written_in(values):
    millimoles = [reading(value, "mmol/L") for value in values]
    milligrams = [reading(value * 18.0, "mg/dL") for value in values]
    assert GLUCOSE.mean(millimoles) == pytest.approx(GLUCOSE.mean(milligrams))
