"""The answer is kept as it was typed, or refused with a reason."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.tools.dispatch import dispatch
from tests.tools.recording_ehr import RecordingEhr

VALUES = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.none(),
    max_size=5,
)


@given(value=VALUES)
async def test_values_keep_their_types(value: list[Any]) -> None:
    outcome = await dispatch(RecordingEhr(), "finish", {"value": value})
    assert outcome.finished
    assert not outcome.invalid
    assert outcome.answer == value
    assert [type(item) for item in outcome.answer or ()] == [type(item) for item in value]


@pytest.mark.parametrize(("text", "types"), [('{"value": [1, 1.0, "1", null]}', (int, float, str, type(None)))])
async def test_raw_json_keeps_types_too(text: str, types: tuple[type, ...]) -> None:
    outcome = await dispatch(RecordingEhr(), "finish", text)
    assert tuple(type(item) for item in outcome.answer or ()) == types


async def test_an_empty_list_is_an_answer() -> None:
    outcome = await dispatch(RecordingEhr(), "finish", {"value": []})
    assert outcome.finished
    assert outcome.answer == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[1]", "this is text that holds a list; accepted is the list itself"),
        ("[]", "this is text that holds a list"),
        ("S1", 'accepted is a list such as ["S1"]'),
        ("{x}", 'accepted is a list such as ["{x}"]'),
        (5, "accepted is a list such as [5]"),
        (True, "sent true; accepted is a list"),
        (None, "sent null; accepted is a list"),
        ({"a": 1}, 'sent {"a":1}; accepted is a list'),
        ([True], "value[0] is true; accepted are text, numbers and null"),
        ([1, [2]], "value[1] is [2]"),
        ([{"a": 1}], 'value[0] is {"a":1}'),
        ([math.nan], "value[0] is not a finite number"),
        ([0] * 1001, "accepted are at most 1000 values"),
    ],
)
async def test_anything_else_is_refused(value: Any, said: str) -> None:
    outcome = await dispatch(RecordingEhr(), "finish", {"value": value})
    assert outcome.invalid
    assert not outcome.finished
    assert outcome.answer is None
    assert said in outcome.text


@pytest.mark.parametrize("arguments", [{}, {"answer": [1]}, {"value": [1], "explanation": "x"}])
async def test_the_value_and_nothing_else_is_taken(arguments: dict[str, Any]) -> None:
    assert (await dispatch(RecordingEhr(), "finish", arguments)).invalid
