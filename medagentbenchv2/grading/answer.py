"""The answer that `finish` must hold: its items, and what makes a value of each the right one."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from medagentbenchv2.moment import Moment, is_moment, parse_moment

AnswerFault = Literal["missing", "wrong_length", "wrong_type", "wrong_value"]
EXACT = 1e-6
"""Tolerance of a reading."""


class Number(BaseModel):
    """A number within a tolerance; a number given as a string is of the wrong type."""

    model_config = ConfigDict(frozen=True)
    type: Literal["number"] = "number"
    value: float
    tolerance: float = EXACT
    loose: bool = False
    """True where numeric strings count, and null counts as -1 (published heart_rate_average)."""

    def fault(self, given: Any) -> AnswerFault | None:
        """None when right."""
        if self.loose:
            given = _number_said(given)
        if isinstance(given, bool) or not isinstance(given, int | float):
            return "wrong_type"
        close = math.isfinite(given) and abs(given - self.value) <= self.tolerance + 1e-9
        return None if close else "wrong_value"


class Day(BaseModel):
    """A calendar date; a full timestamp is cut to its date as written."""

    model_config = ConfigDict(frozen=True)
    type: Literal["day"] = "day"
    value: date

    def fault(self, given: Any) -> AnswerFault | None:
        """None when right."""
        if not isinstance(given, str):
            return "wrong_value" if given == -1 and not isinstance(given, bool) else "wrong_type"
        if not is_moment(given) or len(given.strip()) < len("2023-01-01"):
            return "wrong_value"
        return None if parse_moment(given).day == self.value else "wrong_value"


class Instant(BaseModel):
    """An instant, in any offset; a date without a time is not one."""

    model_config = ConfigDict(frozen=True)
    type: Literal["instant"] = "instant"
    value: datetime

    def fault(self, given: Any) -> AnswerFault | None:
        """None when right."""
        if not isinstance(given, str):
            return "wrong_value" if given == -1 and not isinstance(given, bool) else "wrong_type"
        if not is_moment(given):
            return "wrong_value"
        at = parse_moment(given)
        return None if at.has_time and at.instant == self.value else "wrong_value"


class Text(BaseModel):
    """A text, to the letter but for surrounding white space."""

    model_config = ConfigDict(frozen=True)
    type: Literal["text"] = "text"
    value: str

    def fault(self, given: Any) -> AnswerFault | None:
        """None when right."""
        if not isinstance(given, str):
            return "wrong_type"
        return None if given.strip() == self.value else "wrong_value"


Item = Annotated[Number | Day | Instant | Text, Field(discriminator="type")]


class Answer(BaseModel):
    """The list that `finish` must be called with."""

    model_config = ConfigDict(frozen=True)
    items: tuple[Item, ...]
    empty_ok: bool = False
    """True where [] is accepted, too (tasks in somebody else's words)."""

    def fault(self, given: list[Any]) -> AnswerFault | None:
        """The first fault of the worst kind: missing, wrong_length, wrong_type, wrong_value; None when right."""
        if not given:
            return None if self.empty_ok else "missing"
        if len(given) != len(self.items):
            return "wrong_length"
        faults = {item.fault(value) for item, value in zip(self.items, given, strict=True)} - {None}
        return "wrong_type" if "wrong_type" in faults else "wrong_value" if faults else None

    @property
    def expected(self) -> list[Any]:
        """The right values, as JSON-able data."""
        return [i.value if isinstance(i.value, float | str) else i.value.isoformat() for i in self.items]


def none_found() -> Number:
    """-1, which every family uses for 'nothing there'."""
    return Number(value=-1)


def day_of(at: Moment | None) -> Day | Number:
    """The calendar day of a record, as written there; -1 where there is no such record."""
    return Day(value=at.day) if at else none_found()


def instant_of(at: Moment | None) -> Instant | Number:
    """The instant of a record; -1 where there is no such record."""
    return Instant(value=at.instant) if at else none_found()


def number_of(value: float | None, *, tolerance: float = EXACT, loose: bool = False) -> Number:
    """A value; -1 where there is none."""
    return Number(value=-1 if value is None else value, tolerance=tolerance, loose=loose)


def _number_said(given: Any) -> Any:
    if given is None:
        return -1
    if isinstance(given, str):
        try:
            return float(given)
        except ValueError:
            return given
    return given
