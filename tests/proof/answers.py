"""The wrong answers that lie closest to the right one, and other ways to say the right one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import singledispatch
from typing import Any

from medagentbenchv2.grading.answer import EXACT, Answer, Day, Instant, Number, Text

Given = list[Any]


def wrong_answers(answer: Answer, right: Given) -> Iterator[tuple[str, Given, str]]:
    """How, what, and the category that the judge must give."""
    if not answer.empty_ok:
        yield "missing", [], "missing"
    yield "with one value more", [*right, -1], "wrong_length"
    yield "said twice", [*right, *right], "wrong_length"
    if len(right) > 1:
        yield "with one value less", right[:-1], "wrong_length"
        if answer.fault(right[::-1]):
            yield "the other way round", right[::-1], _swapped(right)
    for place, item in enumerate(answer.items):
        for how, value, category in wrong(item, right[place]):
            yield f"[{place}] {how}", [*right[:place], value, *right[place + 1 :]], category


def other_answers(answer: Answer, right: Given) -> Iterator[tuple[str, Given]]:
    """How, and what: other ways to say the right answer."""
    for place, item in enumerate(answer.items):
        for how, value in same(item, right[place]):
            yield f"[{place}] {how}", [*right[:place], value, *right[place + 1 :]]


@singledispatch
def wrong(item: Any, right: Any) -> Iterator[tuple[str, Any, str]]:
    """The nearest wrong values of an item, with their category."""
    raise TypeError(f"{type(item).__name__}: say here how a value of it is wrong")


@wrong.register
def _(item: Number, right: Any) -> Iterator[tuple[str, Any, str]]:
    yield "number with a unit", f"{right} mg/dL", "wrong_type"
    if not item.loose:
        yield "number as text", str(right), "wrong_type"
        yield "null", None, "wrong_type"
    edge = item.tolerance + max(item.tolerance / 100, 1e-6)
    step = float(Decimal(1).scaleb(int(Decimal(str(right)).as_tuple().exponent))) if item.tolerance <= EXACT else edge
    for how, value in (
        ("a smallest step up", round(item.value + step, 9)),
        ("a smallest step down", round(item.value - step, 9)),
        ("just above the tolerance", item.value + edge),
        ("just below the tolerance", item.value - edge),
        ("-1 or 0", 0 if item.value == -1 else -1),
        ("far off", item.value * 10 + 7),
    ):
        yield how, value, "wrong_value"


@wrong.register
def _(item: Day, right: Any) -> Iterator[tuple[str, Any, str]]:
    for how, days in (("the day before", -1), ("the day after", 1)):
        yield how, (item.value + timedelta(days=days)).isoformat(), "wrong_value"
    yield "-1", -1, "wrong_value"
    yield "another way to write a date", f"{item.value:%m/%d/%Y}", "wrong_value"
    yield "in words", f"{item.value:%B %d, %Y}", "wrong_value"
    yield "only the month", f"{item.value:%Y-%m}", "wrong_value"
    yield "null", None, "wrong_type"
    yield "as a number", int(f"{item.value:%Y%m%d}"), "wrong_type"


@wrong.register
def _(item: Instant, right: Any) -> Iterator[tuple[str, Any, str]]:
    for how, seconds in (("a second early", -1), ("a second late", 1)):
        yield how, (item.value + timedelta(seconds=seconds)).isoformat(), "wrong_value"
    yield (
        "the same clock in another zone",
        item.value.replace(tzinfo=timezone(timedelta(hours=5))).isoformat(),
        "wrong_value",
    )
    yield "date only", item.value.date().isoformat(), "wrong_value"
    yield "-1", -1, "wrong_value"
    yield "in words", f"{item.value:%B %d, %Y %H:%M}", "wrong_value"
    yield "null", None, "wrong_type"
    yield "as a number", int(item.value.timestamp()), "wrong_type"


@wrong.register
def _(item: Text, right: Any) -> Iterator[tuple[str, Any, str]]:
    last = item.value[-1]
    yield "another last character", item.value[:-1] + ("3" if last != "3" else "4"), "wrong_value"
    yield "the last character missing", item.value[:-1], "wrong_value"
    yield "in a sentence", f"It is {item.value}.", "wrong_value"
    yield "-1", -1, "wrong_type"
    yield "null", None, "wrong_type"


@singledispatch
def same(item: Any, right: Any) -> Iterator[tuple[str, Any]]:
    """Other ways to say an item's value."""
    raise TypeError(f"{type(item).__name__}: say here how else its value may be given")


@same.register
def _(item: Number, right: Any) -> Iterator[tuple[str, Any]]:
    yield "as a float", float(right)
    if item.value == int(item.value):
        yield "as a whole number", int(item.value)
    if item.tolerance > EXACT:
        for how, sign in (("rounded up within the tolerance", 0.9), ("rounded down within the tolerance", -0.9)):
            yield how, item.value + sign * item.tolerance


@same.register
def _(item: Day, right: Any) -> Iterator[tuple[str, Any]]:
    yield "with a time", f"{item.value.isoformat()}T23:59:00+00:00"
    yield "with white space", f" {item.value.isoformat()} "


@same.register
def _(item: Instant, right: Any) -> Iterator[tuple[str, Any]]:
    for hours in (-7, 5.75):
        yield f"in the zone {hours:+}", item.value.astimezone(timezone(timedelta(hours=hours))).isoformat()
    yield "in UTC, with Z", item.value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    yield "with fractions of a second", _with_fraction(item.value)


@same.register
def _(item: Text, right: Any) -> Iterator[tuple[str, Any]]:
    yield "with white space", f" {item.value}\n"


def _with_fraction(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _swapped(right: Given) -> str:
    """A number and a date that changed places are of the wrong type."""
    return "wrong_type" if len({isinstance(value, str) for value in right}) > 1 else "wrong_value"
