"""FHIR dates: what a written date covers, and how a date parameter compares with it.

A query of day or coarser precision compares calendar days as they are written in the resource, a finer one compares
instants (HAPI's ordinal columns). Numbers only, so that one matcher serves a single record and a numpy column.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, NamedTuple

EPOCH_DAY = date(1970, 1, 1).toordinal()
DAY_MS = 86_400_000
PREFIXES = ("eq", "ne", "ge", "gt", "le", "lt", "sa", "eb")
LEGACY = {"=": "eq", ">": "gt", ">=": "ge", "<": "lt", "<=": "le", "~": "ap"}
"""Comparison signs of early FHIR, which HAPI still accepts."""
FIRST, LAST = -(2**61), 2**61
"""Stand for an open start and an open end."""

_WRITTEN = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)


class Span(NamedTuple):
    """What a date covers: instants in ms since 1970 (UTC) and days since 1970 as written, all inclusive."""

    low: int
    high: int
    low_day: int
    high_day: int


@dataclass(frozen=True, slots=True)
class Written:
    """A date as somebody wrote it."""

    span: Span
    """The whole range that its precision covers."""
    precision: str
    """year, month, day, minute, second or milli."""

    @property
    def is_day_or_coarser(self) -> bool:
        """True when no time is written."""
        return self.precision in ("year", "month", "day")


@lru_cache(maxsize=8192)
def parse(text: str) -> Written | None:
    """Read a FHIR date, dateTime or instant of any precision (a missing offset means UTC); None when malformed."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    try:
        return _read(found)
    except (ValueError, OverflowError):
        return None


def _read(found: re.Match[str]) -> Written:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    first = date(int(year), int(month or 1), int(day or 1))
    if hour is None:
        precision = "day" if day else "month" if month else "year"
        low_day, high_day = first.toordinal() - EPOCH_DAY, _last_day(first, precision) - EPOCH_DAY
        return Written(Span(low_day * DAY_MS, high_day * DAY_MS + DAY_MS - 1, low_day, high_day), precision)
    at = datetime(first.year, first.month, first.day, int(hour), int(minute), int(second or 0), tzinfo=_zone(zone))
    low = milliseconds(at) + (int((fraction + "00")[:3]) if fraction else 0)
    precision = "milli" if fraction else "second" if second else "minute"
    high = low + {"milli": 0, "second": 999, "minute": 59_999}[precision]
    written_day = first.toordinal() - EPOCH_DAY
    return Written(Span(low, high, written_day, written_day), precision)


def _last_day(first: date, precision: str) -> int:
    if precision == "day":
        return first.toordinal()
    if precision == "year":
        return date(first.year, 12, 31).toordinal()
    return first.toordinal() + monthrange(first.year, first.month)[1] - 1


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def milliseconds(at: datetime) -> int:
    """Whole milliseconds since 1970-01-01T00:00Z of an aware datetime (exact: no floats)."""
    gap = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (gap.days * 86_400 + gap.seconds) * 1000 + gap.microseconds // 1000


def instant_text(ms: int) -> str:
    """The instant as HAPI writes it: `2025-01-02T00:00:00.001+00:00`."""
    second, ms = divmod(ms, 1000)
    return f"{_second_text(second)}.{ms:03}+00:00"


@lru_cache(maxsize=64)
def _second_text(second: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    return at.replace(tzinfo=None).isoformat()


def indexed(text: str) -> Span | None:
    """The span under which HAPI indexes a stored date: a date without time stands at its midnight, UTC."""
    written = parse(text)
    if written is None:
        return None
    low, _, low_day, high_day = written.span
    if written.is_day_or_coarser:
        return Span(low, high_day * DAY_MS, low_day, high_day)
    return Span(low, low, low_day, high_day)


@dataclass(frozen=True, slots=True)
class DateMatcher:
    """One date parameter value, such as ge2023-06: compares days or instants."""

    prefix: str
    by_day: bool
    low: int
    high: int

    @classmethod
    def of(cls, prefix: str, written: Written, hapi_date_quirk: bool = False) -> DateMatcher:
        """Compile a value; with the quirk `ge2023` starts at 2023-12-31, as HAPI completes it."""
        by_day = written.is_day_or_coarser
        low, high = written.span[2:] if by_day else written.span[:2]
        if hapi_date_quirk and prefix == "ge" and by_day:
            low = high
        return cls(prefix, by_day, low, high)

    def matches(self, low: Any, high: Any) -> Any:
        """Whether rows that cover low..high match; days or ms as `by_day` says; ints or integer arrays alike."""
        match self.prefix:
            case "eq":
                return (low >= self.low) & (high <= self.high)
            case "ne":
                return (low < self.low) | (high > self.high)
            case "ge":
                return high >= self.low
            case "gt":
                return high > self.high
            case "le":
                return low <= self.high
            case "lt":
                return low < self.low
            case "sa":
                return low > self.high
            case _:
                return high < self.low

    def accepts(self, spans: tuple[Span, ...]) -> bool:
        """Whether any of a record's spans matches."""
        if self.by_day:
            return any(self.matches(span.low_day, span.high_day) for span in spans)
        return any(self.matches(span.low, span.high) for span in spans)
