"""One row of runs.jsonl."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from pydantic import ValidationError

from medagentbenchv2.results.rows import PUBLISHED_STATUSES, TAXONOMY, Failure, Row, Status
from tests.results.made import row


def test_the_first_seven_keys_on_disk_are_the_published_tools_in_its_order() -> None:
    keys = list(orjson.loads(row("task1_1").to_line()))
    assert keys[:7] == ["index", "task_id", "status", "correct", "result", "num_turns", "time"]
    assert keys[7:] == [
        "attempt", "family", "reward", "checks", "failure", "input_tokens", "cached_tokens", "output_tokens",
        "latency_s",         "cost", "fingerprint",
    ]  # fmt: skip


def test_a_row_comes_back_from_disk_as_it_was() -> None:
    made = row("task1_1", time="2026-01-02T03:04:05+02:00", failure=None, checks=[{"name": "answer", "passed": True}])
    assert Row.model_validate_json(made.to_line()) == made


@pytest.mark.parametrize(("published", "ours"), PUBLISHED_STATUSES.items())
def test_the_published_spelling_of_a_status_is_accepted(published: str, ours: Status) -> None:
    assert Row(index=0, task_id="task1_1", status=published, correct=False).status is ours


def test_a_time_without_offset_is_read_as_utc_and_any_time_is_aware() -> None:
    assert row("task1_1", time="2026-02-05 13:09:53").time.utcoffset() == timedelta(0)  # type: ignore[union-attr]
    assert row("task1_1", time="2026-02-05T13:09:53+05:00").time.utcoffset() == timedelta(hours=5)  # type: ignore[union-attr]


def test_an_infrastructure_error_cannot_be_correct_and_is_not_scored() -> None:
    with pytest.raises(ValidationError, match="never scored"):
        row("task1_1", status="error")
    assert not row("task1_1", correct=False, status="error").scored


def test_a_protocol_failure_follows_from_the_status_alone() -> None:
    assert row("t_1", correct=False, status="limit_reached").primary_failure == Failure(
        level1="protocol", level2="turn_limit"
    )
    assert row("t_1", correct=False, status="error").primary_failure == Failure(level1="infrastructure")
    assert row("t_1", correct=False).primary_failure is None
    assert row("t_1", correct=True).primary_failure is None


def test_the_judges_words_for_the_two_levels_are_accepted() -> None:
    assert Failure.model_validate({"group": "orders", "category": "wrong_dose"}) == Failure(
        level1="orders", level2="wrong_dose"
    )


def test_a_failure_group_outside_the_taxonomy_is_refused() -> None:
    with pytest.raises(ValidationError, match="not a failure group"):
        Failure(level1="mood")
    assert set(TAXONOMY) == {"answer", "orders", "protocol", "infrastructure"}
