"""A FHIR date or dateTime: the instant it means, and the day as it was written."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime

_SHAPE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d:\d\d)?)?)?)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time that remembers how it was written."""

    instant: datetime
    """Timezone-aware; a partial date means its earliest instant, UTC; a time without offset is read as UTC."""
    day: date
    """The calendar day in the offset it was written with."""
    has_time: bool
    """False for a date, a month or a year."""
    text: str
    """As written."""


def parse_moment(text: str) -> Moment:
    """Read a FHIR date or dateTime. Raises ValueError for anything else."""
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a FHIR date or dateTime such as 2023-11-07 or 2023-11-07T22:47:00+00:00")
    year, month, day, time, offset = match.groups()
    written = f"{year}-{month or '01'}-{day or '01'}"
    stamp = datetime.fromisoformat(f"{written}T{time or '00:00'}{'+00:00' if offset in (None, 'z', 'Z') else offset}")
    try:
        instant = stamp.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999 in UTC") from None
    return Moment(instant, date.fromisoformat(written), time is not None, text)


def add_months(at: datetime, months: int) -> datetime:
    """The same time of day that many calendar months later, on the month's last day where it has no such day."""
    years, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + years, month + 1
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))


def is_moment(text: object) -> bool:
    """True when `parse_moment` would read it."""
    if not isinstance(text, str):
        return False
    try:
        parse_moment(text)
    except ValueError:
        return False
    return True
