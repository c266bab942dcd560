"""Dates: what a written date covers, and how a query value compares with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.fhir.dates import DateMatcher, indexed, instant_text, milliseconds, parse


def matches(value: str, written: str, quirk: bool = False) -> bool:
    prefix = value[:2] if value[0].isalpha() else ""
    query, stored = parse(value.removeprefix(prefix)), indexed(written)
    assert query is not None
    assert stored is not None
    return DateMatcher.of(prefix or "eq", query, quirk).accepts((stored,))


@pytest.mark.parametrize(
    ("value", "written", "expected"),
    [
        ("2023-06-27", "2023-06-27T23:25:00+00:00", True),
        ("2023-06", "2023-06-27T23:25:00+00:00", True),
        ("2023", "2023-06-27", True),
        ("2024", "2023-12-31T23:59:59+00:00", False),
        ("ge2023", "2023-01-01T00:00:00+00:00", True),
        ("gt2023", "2023-12-31T23:59:59+00:00", False),
        ("le2023-06", "2023-06-30T23:59:00+00:00", True),
        ("lt2023-06", "2023-05-31T23:59:00+00:00", True),
        ("ne2023-06-27", "2023-06-28", True),
        ("sa2023-06-26", "2023-06-27", True),
        ("eb2023-06-28", "2023-06-27", True),
        ("2023-06-27T23:25", "2023-06-27T23:25:59+00:00", True),
        ("2023-06-27T23:25:00Z", "2023-06-28T01:25:00+02:00", True),
        ("ge2023-06-27T23:25:00.001Z", "2023-06-27T23:25:00+00:00", False),
        ("2023-06-27T00:00:00Z", "2023-06-27", True),
        ("le9999-12", "2023-06-27", True),
        ("2024-02", "2024-02-29", True),
    ],
)
def test_a_value_matches_as_the_standard_says(value: str, written: str, expected: bool) -> None:
    assert matches(value, written) is expected


def test_a_day_is_compared_as_it_is_written_and_an_instant_as_an_instant() -> None:
    late = "2023-06-27T23:30:00-05:00"  # already the 28th in UTC
    assert matches("2023-06-27", late)
    assert not matches("2023-06-28", late)
    assert matches("ge2023-06-28T00:00:00Z", late)


def test_the_hapi_quirk_moves_only_ge_of_a_year_or_month() -> None:
    assert not matches("ge2023", "2023-06-27", quirk=True)
    assert matches("ge2023", "2023-12-31", quirk=True)
    assert matches("le2023", "2023-12-31", quirk=True)
    assert matches("ge2023-06-27", "2023-06-27", quirk=True)


@pytest.mark.parametrize(
    "text", ["", "23", "2023-13", "2023-02-30", "2023-06-27T25:00", "2023-06-27T10", "x", "2023-06-27 10:00"]
)
def test_malformed_dates_are_none(text: str) -> None:
    assert parse(text) is None


@given(st.datetimes(min_value=datetime(1800, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_milliseconds_are_exact(at: datetime) -> None:
    aware = at.replace(tzinfo=UTC, microsecond=at.microsecond // 1000 * 1000)
    ms = milliseconds(aware)
    assert datetime.fromisoformat(instant_text(ms)) == aware
    stored = indexed(instant_text(ms))
    assert stored is not None
    assert stored.low == ms


@given(st.dates(), st.sampled_from(["eq", "ge", "gt", "le", "lt"]), st.dates())
def test_days_compare_as_days(day: object, prefix: str, other: object) -> None:
    compare = {"eq": day == other, "ge": day >= other, "gt": day > other, "le": day <= other, "lt": day < other}  # type: ignore[operator]
    assert matches(f"{prefix}{other}", str(day)) is compare[prefix]
