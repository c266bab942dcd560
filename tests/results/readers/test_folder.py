"""Our run folders and those of the published tool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.readers.folder import read_folder
from medagentbenchv2.results.rows import Status
from medagentbenchv2.results.run import Run
from tests.results.made import row, rows, write_run


def published(task: str, **keys: Any) -> dict[str, Any]:
    """A row as the published tool writes it."""
    base = {"index": 0, "task_id": task, "status": "completed", "correct": True, "result": '["S1"]', "num_turns": 2}
    return {**base, "time": "2026-02-05 13:09:53", **keys}


def read_lines(folder: Path, *lines: object, summary: dict[str, Any] | None = None) -> Run:
    """The run that these lines make."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (folder / "runs.jsonl").write_text("\n".join(texts) + "\n")
    if summary:
        (folder / "summary.json").write_text(json.dumps(summary))
    return read_folder(folder / "runs.jsonl")


def test_a_run_of_ours_comes_back_whole(tmp_path: Path) -> None:
    made = rows(0, 2, 2, seed=1)
    run = read_folder(write_run(tmp_path, "a/b", made, traces=True, result_size=100) / "runs.jsonl")
    assert list(run.rows) == made
    assert (run.model, run.variant, run.format, run.implied_attempts) == ("a/b", "new_patient_tasks", "ours", False)
    assert [(t.task_id, t.attempt) for t in run.traces()] == [(r.task_id, r.attempt) for r in made]
    assert run.fingerprints == {"task": "t1", "run": "r1"}


def test_a_result_encoded_as_text_is_decoded(tmp_path: Path) -> None:
    run = read_lines(tmp_path, published("task1_1", result='[6.2, "x"]'))
    assert run.rows[0].result == [6.2, "x"]
    assert run.format == "published"
    assert run.variant == "test_data_v2"


def test_results_that_are_no_list_are_left_out_and_counted(tmp_path: Path) -> None:
    run = read_lines(
        tmp_path, published("task1_1", result="[", correct=False), published("task1_2", result="3", correct=False)
    )
    assert [r.result for r in run.rows] == [None, None]
    assert run.notes == ("1 results are not JSON and are left out", "1 results are no JSON list and are left out")


def test_an_error_keeps_what_the_published_tool_said_about_it(tmp_path: Path) -> None:
    line = published("task1_1", status="task error", correct=False, result={"error": "API call failed after retries"})
    (only,) = read_lines(tmp_path, line).rows
    assert (only.status, only.result) == (Status.ERROR, None)
    assert only.failure is not None
    assert only.failure.detail == "API call failed after retries"


def test_a_second_row_of_a_task_is_attempt_2_and_said_to_be(tmp_path: Path) -> None:
    run = read_lines(tmp_path, published("task1_1"), published("task1_2"), published("task1_1", correct=False))
    assert [(r.task_id, r.attempt, r.correct) for r in run.rows] == [
        ("task1_1", 1, True),
        ("task1_2", 1, True),
        ("task1_1", 2, False),
    ]
    assert run.implied_attempts
    assert "1 tasks have a second row, reported as attempt 2 and never averaged in" in run.notes[0]


def test_a_summary_with_a_short_total_is_reported(tmp_path: Path) -> None:
    summary = {"model": "a/b", "total": 1, "correct": 1, "accuracy": 100.0, "elapsed_seconds": 90}
    run = read_lines(tmp_path, published("task1_1"), published("task1_2"), summary=summary)
    assert "total is short: 1 of the 2 tasks" in run.notes[0]
    assert (run.model, run.elapsed_seconds) == ("a/b", 90)


def test_a_retried_error_gives_way_to_its_retry(tmp_path: Path) -> None:
    failed = row("task1_1", correct=False, status="error")
    folder = write_run(
        tmp_path, "m", [failed, row("task1_1"), row("task1_2"), failed.model_copy(update={"task_id": "task1_2"})]
    )
    run = read_folder(folder / "runs.jsonl")
    assert [(r.task_id, r.scored) for r in run.rows] == [("task1_1", True), ("task1_2", True)]
    assert run.notes == ("2 infrastructure errors were retried",)


def test_a_scored_attempt_that_stands_twice_is_not_lost(tmp_path: Path) -> None:
    run = read_folder(write_run(tmp_path, "m", [row("task1_1"), row("task1_1", correct=False)]) / "runs.jsonl")
    assert [(r.attempt, r.correct) for r in run.rows] == [(1, True), (2, False)]
    assert "1 rows repeat a task's attempt" in run.notes[0]


def test_a_last_line_torn_by_a_kill_is_left_out_and_said(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "m", [row("task1_1"), row("task1_2")])
    data = (folder / "runs.jsonl").read_bytes()
    (folder / "runs.jsonl").write_bytes(data[:-20])
    run = read_folder(folder / "runs.jsonl")
    assert len(run.rows) == 1
    assert run.notes == ("line 2 was cut off while it was written and is left out",)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"index": 0,', "line 2: not JSON"),
        ("[1]", "line 2: a JSON object is expected, not list"),
        (published("task1_2", status="gave up"), "line 2, field status: .*gave up"),
        (published("task1_2", correct="perhaps"), "line 2, field correct: .*perhaps"),
        (published("task1_2", index=-1), "line 2, field index"),
        (published("task1_2", time="yesterday"), "line 2, field time: .*yesterday"),
        (published("task1_2", status="task error"), "line 2, field row: correct"),
        ({"task_id": "task1_2", "status": "completed", "correct": True}, "line 2, field index: Field required"),
    ],
)
def test_a_bad_row_is_named_by_file_line_and_field(tmp_path: Path, line: object, complaint: str) -> None:
    with pytest.raises(ArgumentError, match=rf"runs\.jsonl, {complaint}"):
        read_lines(tmp_path, published("task1_1"), line, published("task1_3"))


def test_the_variant_comes_from_the_config_or_from_the_place(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "outputs" / "new_tasks" / "m", "m", [row("task1_1")], variant="generated")
    assert read_folder(folder / "runs.jsonl").variant == "generated"
    (folder / "config.json").unlink()
    assert read_folder(folder / "runs.jsonl").variant == "new_tasks"
    assert read_folder(folder / "runs.jsonl").model == "m"


def test_a_broken_config_is_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "m", [row("task1_1")])
    (folder / "config.json").write_text("{")
    with pytest.raises(ArgumentError, match=r"config\.json: not JSON"):
        read_folder(folder / "runs.jsonl")


def test_a_summary_of_ours_is_no_published_figure(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "m", [row("task1_1", correct=False, status="error")])
    (folder / "summary.json").write_text('{"accuracy": null, "correct": 0, "total": 1, "elapsed_seconds": 3}')
    run = read_folder(folder / "runs.jsonl")
    assert run.published is None
    assert run.elapsed_seconds == 3
