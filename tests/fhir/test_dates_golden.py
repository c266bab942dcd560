"""Date parameters against the bounds that HAPI 6.6.1's own DateRangeParam gives them (golden/dates.jsonl.zst).

HAPI's raw bounds of a year or a month are completed by its search layer, so those are left to the other date tests.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from medagentbenchv2.fhir.dates import EPOCH_DAY, DateMatcher
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.query import read
from tests.fhir.golden_rows import golden

ROWS = golden("dates")


def matchers(row: dict[str, Any]) -> list[DateMatcher]:
    query = read("Observation", tuple(("date", value) for value in row["values"]))
    found = [clause.matcher for clause in query.clauses if isinstance(clause.matcher, DateMatcher)]
    assert len(found) == len(row["values"])
    return found


def day_number(day: int) -> int:
    """yyyymmdd of a day since 1970, the form of HAPI's ordinal columns."""
    return int(date.fromordinal(EPOCH_DAY + day).strftime("%Y%m%d"))


def within(value: int, low: int | None, high: int | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def is_accepted(row: dict[str, Any]) -> bool:
    return row["outcome"] == "ok" and all(value.strip() for value in row["values"])


def test_there_are_at_least_two_thousand_frozen_rows() -> None:
    assert len(ROWS) >= 2000


def test_instants_within_hapis_bounds_match_and_the_next_millisecond_does_not() -> None:
    checked = 0
    for row in filter(is_accepted, ROWS):
        found = matchers(row)
        if any(matcher.by_day for matcher in found):
            continue
        negated = found[0].prefix == "ne"
        for bound in (row["low"], row["high"]):
            for instant in range(bound - 1, bound + 2) if bound is not None else ():
                ours = all(bool(matcher.matches(instant, instant)) for matcher in found)
                assert ours == (within(instant, row["low"], row["high"]) != negated), (row, instant)
                checked += 1
    assert checked > 2000


def test_days_within_hapis_bounds_match_and_their_neighbours_do_not() -> None:
    checked = 0
    for row in filter(is_accepted, ROWS):
        found = matchers(row)
        if any(not matcher.by_day or matcher.high != matcher.low for matcher in found):
            continue
        negated = found[0].prefix == "ne"
        for matcher in found:
            for day in range(matcher.low - 1, matcher.low + 2):
                ours = all(bool(each.matches(day, day)) for each in found)
                theirs = within(day_number(day), row["low_day"], row["high_day"]) != negated
                assert ours == theirs, (row, datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day))
                checked += 1
    assert checked > 1000


@pytest.mark.parametrize("code", ["1922", "1923", "1924", "1925", "1940", "1941", "1882"])
def test_what_hapi_refuses_is_refused_with_its_code(code: str) -> None:
    refused = [row for row in ROWS if row.get("message", "").startswith(f"HAPI-{code}")]
    assert refused
    for row in refused:
        if not all(value.strip() for value in row["values"]):
            continue  # an empty parameter is ignored before HAPI's parser sees it
        with pytest.raises(Problem) as problem:
            matchers(row)
        assert problem.value.status == 400
        assert problem.value.diagnostics.startswith(f"HAPI-{code}"), row
