"""Answers: the right length, types and values."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.grading.answer import Answer, Day, Instant, Number, Text, none_found

FIVE = Answer(items=(Number(value=5.1),))
WHEN = Answer(items=(Instant(value=datetime(2023, 11, 7, 22, 47, tzinfo=UTC)),))
DAY = Answer(items=(Day(value=date(2023, 11, 7)),))


@pytest.mark.parametrize(
    ("answer", "given", "fault"),
    [
        (FIVE, [5.1], None),
        (FIVE, [5.1 + 5e-7], None),
        (FIVE, [5.11], "wrong_value"),
        (FIVE, ["5.1"], "wrong_type"),
        (FIVE, [True], "wrong_type"),
        (FIVE, [None], "wrong_type"),
        (FIVE, [float("nan")], "wrong_value"),
        (FIVE, [], "missing"),
        (FIVE, [5.1, 5.1], "wrong_length"),
        (Answer(items=(none_found(),)), [-1], None),
        (Answer(items=(none_found(),)), [-1.0], None),
        (Answer(items=(none_found(),)), ["-1"], "wrong_type"),
        (Answer(items=(Number(value=80, tolerance=0.1),)), [80.1], None),
        (Answer(items=(Number(value=80, tolerance=0.1),)), [80.2], "wrong_value"),
        (Answer(items=(Number(value=-1, loose=True),)), [None], None),
        (Answer(items=(Number(value=-1, loose=True),)), ["-1"], None),
        (Answer(items=(Number(value=1),)), [1], None),
        (DAY, ["2023-11-07"], None),
        (DAY, ["2023-11-07T23:59:00-05:00"], None),
        (DAY, ["2023-11-08"], "wrong_value"),
        (DAY, ["2023-11"], "wrong_value"),
        (DAY, ["last week"], "wrong_value"),
        (DAY, [20231107], "wrong_type"),
        (DAY, [-1], "wrong_value"),
        (WHEN, ["2023-11-07T22:47:00+00:00"], None),
        (WHEN, ["2023-11-07T17:47:00-05:00"], None),
        (WHEN, ["2023-11-07"], "wrong_value"),
        (WHEN, ["2023-11-07T22:48:00+00:00"], "wrong_value"),
        (WHEN, [-1], "wrong_value"),
        (Answer(items=(Text(value="S1234567"),)), ["S1234567"], None),
        (Answer(items=(Text(value="S1234567"),)), ["S1234568"], "wrong_value"),
        (Answer(items=(Text(value="S1234567"),)), [1234567], "wrong_type"),
    ],
)
def test_an_answer_has_the_right_length_types_and_values(answer: Answer, given: list, fault: str | None) -> None:
    assert answer.fault(given) == fault


def test_an_empty_list_is_accepted_only_where_the_family_says_so() -> None:
    assert FIVE.model_copy(update={"empty_ok": True}).fault([]) is None


@given(st.floats(-1e6, 1e6))
def test_the_expected_values_are_always_right(value: float) -> None:
    answer = Answer(items=(Number(value=value), WHEN.items[0], DAY.items[0]))
    assert answer.fault(answer.expected) is None


def test_an_answer_survives_json() -> None:
    answer = Answer(items=(Number(value=1), *WHEN.items, *DAY.items, Text(value="x")))
    assert Answer.model_validate_json(answer.model_dump_json()) == answer
