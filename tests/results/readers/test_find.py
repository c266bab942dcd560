"""Which files under a path are runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.api import read
from tests.results.made import row, write_run


def test_a_file_a_folder_and_a_tree_lead_to_the_same_run_which_is_read_once(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "new_tasks" / "m", "m", [row("task1_1")])
    runs = read([tmp_path, folder, folder / "runs.jsonl"])
    assert [run.model for run in runs.runs] == ["m"]
    assert runs.rollouts == 1


def test_a_trace_file_leads_to_the_run_beside_it(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "m", [row("task1_1")], traces=True, result_size=50)
    assert read([folder / "traces.jsonl.zst"]).runs[0].source == folder / "runs.jsonl"


def test_a_file_of_another_name_is_known_by_its_keys(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "m", [row("task1_1")])
    renamed = (folder / "runs.jsonl").rename(folder / "mine.jsonl")
    assert read([renamed]).runs[0].rows[0].task_id == "task1_1"


@pytest.mark.parametrize("path", ["nowhere", "empty", "other.jsonl"])
def test_a_path_without_runs_is_refused_by_name(tmp_path: Path, path: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.jsonl").write_text('{"colour": "red"}\n')
    with pytest.raises(ArgumentError, match=rf"PATH: .*{path}.*(traces\.jsonl of verifiers v1|does not exist)"):
        read([tmp_path / path])


def test_no_path_at_all_is_refused() -> None:
    with pytest.raises(ArgumentError, match="PATH: give at least one"):
        read([])
