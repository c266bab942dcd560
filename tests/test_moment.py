"""Moments: FHIR dates and dateTimes as instants and days."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.moment import is_moment, parse_moment


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2023", datetime(2023, 1, 1, tzinfo=UTC)),
        ("2023-11", datetime(2023, 11, 1, tzinfo=UTC)),
        ("2023-11-07", datetime(2023, 11, 7, tzinfo=UTC)),
        ("2023-11-07T22:47:00Z", datetime(2023, 11, 7, 22, 47, tzinfo=UTC)),
        ("2023-11-07T22:47:00.250+02:00", datetime(2023, 11, 7, 20, 47, 0, 250_000, tzinfo=UTC)),
        ("2023-11-07T22:47", datetime(2023, 11, 7, 22, 47, tzinfo=UTC)),
    ],
)
def test_a_partial_date_means_its_earliest_instant_and_a_time_its_own(text: str, instant: datetime) -> None:
    assert parse_moment(text).instant == instant


def test_the_day_is_the_one_that_was_written_not_the_one_in_utc() -> None:
    moment = parse_moment("2023-11-07T23:30:00-05:00")
    assert moment.day == date(2023, 11, 7)
    assert moment.instant.date() == date(2023, 11, 8)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2023-13-01", "2023-11-31", "11/07/2023", "2023-11-07T25:00:00Z", "0001-01-01T00:00:00+14:00"],
)
def test_anything_else_is_no_moment(text: str) -> None:
    assert not is_moment(text)
    with pytest.raises(ValueError, match=r"FHIR date|years|month|day|hour|range"):
        parse_moment(text)


def test_a_number_is_no_moment() -> None:
    assert not is_moment(20231107)


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001 the offset is drawn apart
    st.integers(-14 * 60, 14 * 60),
)
def test_an_instant_survives_writing_and_reading_in_any_offset(naive: datetime, offset: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    read = parse_moment(moment.isoformat())
    assert read.instant == moment
    assert read.day == naive.date()
    assert read.has_time
