"""The Parquet files of `medarc-eval process`, in the columns that medarc-verifiers 0.1.0 writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.api import read, report
from medagentbenchv2.results.rows import Status

KEPT = {"task_type": "task1", "success": True, "family": "ct_followup", "error": None}


def processed(example: int, reward: float | None = 1.0, rollout: int = 0, **extras: Any) -> dict[str, Any]:
    """One row; `extras` is what keep_columns kept."""
    return {
        "env_id": "medagentbenchv2", "error": None, "example_id": example, "answer": None, "generation_ms": None,
        "extras": json.dumps(extras) if extras else None, "job_run_id": "j", "model_cost": 0.25, "model_id": "lab/m",
        "model_token_completion": 113.0, "model_token_prompt": 3515.0, "model_token_total": 3628.0, "reward": reward,
        "rollout_index": rollout, "run_id": "r", "status": "completed", "task": "medagentbenchv2", "total_ms": 1500.0,
    }  # fmt: skip


def kept(example: int, reward: float | None = 1.0, rollout: int = 0, **more: Any) -> dict[str, Any]:
    """One row of a file whose environment keeps all that a report asks for."""
    return processed(example, reward, rollout, **KEPT | {"task_id": f"task1_{example + 1}"} | more)


def write(folder: Path, *rows: dict[str, Any], name: str = "medagentbenchv2") -> Path:
    """The file in the place where `process` writes it."""
    path = folder / "runs" / "processed" / "m" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def test_a_row_becomes_a_rollout_and_rows_of_one_example_its_attempts(tmp_path: Path) -> None:
    path = write(tmp_path, kept(1), kept(0, 0.0, rollout=1, orders_wrong_dose=1.0), kept(0))
    (run,) = read([path]).runs
    assert (run.model, run.variant, run.format) == ("lab/m", "new_patient_tasks", "medarc-processed")
    assert [(row.index, row.task_id, row.attempt, row.correct) for row in run.rows] == [
        (0, "task1_1", 1, True), (0, "task1_1", 2, False), (1, "task1_2", 1, True),
    ]  # fmt: skip
    row = run.rows[1]
    assert (row.input_tokens, row.output_tokens, row.latency_s, row.cost) == (3515, 113, 1.5, 0.25)
    assert row.primary_failure is not None
    assert row.primary_failure.level2 == "wrong_dose"


def test_kept_errors_and_missing_rewards_are_infrastructure(tmp_path: Path) -> None:
    path = write(tmp_path, kept(0, 0.0, error="InfraError: the EHR went away"), kept(1, None), kept(2, 0.0))
    (run,) = read([path]).runs
    assert [row.status for row in run.rows] == [Status.ERROR, Status.ERROR, Status.COMPLETED]
    assert not any("infrastructure" in note for note in run.notes)


def test_what_the_file_cannot_tell_is_said(tmp_path: Path) -> None:
    (run,) = read([write(tmp_path, processed(0, task_id="task1_1", task_type="task1", success=True))]).runs
    assert any("infrastructure errors cannot be told from wrong answers" in note for note in run.notes)
    assert any("taken to be new_patient_tasks" in note for note in run.notes)


@pytest.mark.parametrize(
    ("task", "family", "variant"),
    [("task5_1", "magnesium_replacement", "test_data_v2"), ("w4007_qtc_management_1", "qtc_management", "generated")],
)
def test_the_task_set_is_told_by_families_and_ids(tmp_path: Path, task: str, family: str, variant: str) -> None:
    assert read([write(tmp_path, kept(0, task_id=task, family=family))]).runs[0].variant == variant


def test_a_file_without_task_ids_is_refused_with_the_lines_that_keep_them(tmp_path: Path) -> None:
    path = write(tmp_path, processed(0), processed(1))
    with pytest.raises(ArgumentError, match=r"row 1: `extras` holds no task_id.*keep_columns: \[task_id, task_type"):
        read([path])


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="has no column example_id"):
        read([write(tmp_path / "a", {"x": 1})])
    with pytest.raises(ArgumentError, match="holds medqa; give the file of medagentbenchv2"):
        read([write(tmp_path / "b", kept(0) | {"env_id": "medqa"})])
    broken = tmp_path / "medagentbenchv2.parquet"
    broken.write_bytes(b"PAR1 no more")
    with pytest.raises(ArgumentError, match="not a Parquet file"):
        read([broken])


def test_in_a_tree_the_full_results_go_before_the_processed_ones(tmp_path: Path) -> None:
    write(tmp_path, kept(0))
    write(tmp_path, kept(0) | {"env_id": "medqa"}, name="medqa")
    assert [run.source.name for run in read([tmp_path]).runs] == ["medagentbenchv2.parquet"]
    raw = tmp_path / "runs" / "raw"
    raw.mkdir()
    (raw / "results.jsonl").write_text(json.dumps({"example_id": 0, "reward": 1.0, "info": {"task_id": "task1_1"}}))
    assert [run.source.name for run in read([tmp_path]).runs] == ["results.jsonl"]


def test_a_report_is_made_of_it(tmp_path: Path) -> None:
    made = report([write(tmp_path, *(kept(k, float(k % 2)) for k in range(6)))], tmp_path / "out")
    assert "lab/m" in (tmp_path / "out" / "leaderboard.csv").read_text()
    assert made.boards[0].entries[0].accuracy == 0.5
