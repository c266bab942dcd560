"""`tasks export --review` and `tasks reviews`, as typed: there and back."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import Command, command

__all__ = ["command"]


def fill(exported: Path, filled: Path, verdicts: list[str], reviewer: str) -> None:
    """What a reviewer does."""
    sheet = csv.DictReader(io.StringIO(exported.read_bytes().decode("utf-8-sig"), newline=""))
    rows = [
        row | {"verdict": verdict, "reviewer": reviewer, "comment": "see [1]" if verdict == "disagree" else ""}
        for row, verdict in zip(sheet, verdicts, strict=True)
    ]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, sheet.fieldnames or ())
    writer.writeheader()
    writer.writerows(rows)
    filled.write_text(text.getvalue(), encoding="utf-8", newline="")


@pytest.fixture
def filled(command: Command, tmp_path: Path) -> Path:
    """Ten tasks that two reviewers have judged."""
    command("tasks", "export", "--review", "--variant", "new_tasks", "--out", "sheet.csv")
    for name, third in (("ann", "disagree"), ("bob", "agree")):
        fill(tmp_path / "sheet.csv", tmp_path / f"{name}.csv", ["agree", "unsure", third, *["agree"] * 6, ""], name)
    return tmp_path


def test_reviews_are_summed_up_by_family_and_between_reviewers(filled: Path, command: Command) -> None:
    printed = command("tasks", "reviews", "ann.csv", "bob.csv", "--variant", "new_tasks").stdout
    assert "task3_1 (heart_rate_average), ann: disagree: see [1]" in printed
    assert "task2_1 (dvt_prophylaxis), bob: unsure" in printed
    assert "ann, bob" in printed
    assert "(Cohen)" in printed
    (total,) = (line for line in printed.splitlines() if "77.8" in line)
    assert total.replace("│", " ").split()[:4] == ["all", "9", "7", "77.8"]
    assert "2 rows have no verdict" in printed


def test_json_prints_the_data_alone(filled: Path, command: Command) -> None:
    found = json.loads(command("tasks", "reviews", "ann.csv", "bob.csv", "--variant", "new_tasks", "--json").stdout)
    assert (found["agreed"][-1]["tasks"], found["agreed"][-1]["agreed"]) == (9, 7)
    assert found["agreed"][-1]["interval"]["method"] == "Wilson"
    assert found["between_reviewers"][0]["share"] == pytest.approx(8 / 9)
    assert found["unjudged"] == 2


def test_a_review_of_another_variant_is_refused_with_the_option_to_give(filled: Path, command: Command) -> None:
    done = command("tasks", "reviews", "ann.csv", ok=False)
    assert "fingerprint: ann.csv, row 2: task1_1 was exported as" in done.stderr
    assert "give --variant or --tasks-path" in done.stderr


def test_one_reviewer_needs_no_statsmodels_and_two_name_the_extra(
    filled: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels.stats.inter_rater", None)
    assert "all" in command("tasks", "reviews", "ann.csv", "--variant", "new_tasks").stdout
    done = command("tasks", "reviews", "ann.csv", "bob.csv", "--variant", "new_tasks", ok=False)
    assert "medagentbenchv2[report]" in done.stderr


def test_somebody_elses_tasks_are_exported_and_read_back_too(command: Command, tmp_path: Path) -> None:
    command("tasks", "export", "--variant", "new_tasks", "--task-types", "task8", "--out", "mine.jsonl")
    command("tasks", "export", "--review", "--tasks-path", "mine.jsonl", "--out", "sheet.csv")
    fill(tmp_path / "sheet.csv", tmp_path / "ann.csv", ["agree"], "")
    found = json.loads(command("tasks", "reviews", "ann.csv", "--tasks-path", "mine.jsonl", "--json").stdout)
    assert found["agreed"][0]["family"] == "naloxone_coverage"
