"""The CSV tables: the published headers, ties, and what is ours after theirs."""

from __future__ import annotations

import csv
import io

import pytest

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.tables import Table, all_tables
from medagentbenchv2.results.tables.comparison import comparison, pairs
from medagentbenchv2.results.tables.conduct import format_adherence, safety, size_vs_accuracy
from medagentbenchv2.results.tables.leaderboard import leaderboard
from medagentbenchv2.results.tables.per_family import (
    model_rankings_per_task,
    task_accuracy_matrix,
    task_analysis,
    task_difficulty,
    task_rankings,
)
from tests.results.conftest import board_of
from tests.results.made import row

PUBLISHED = {
    "leaderboard": "Rank,Model,Accuracy (%),Correct,Total,Completed,Invalid Actions,Limit Reached,Errors,Time (min)",
    "task_accuracy_matrix": "Task,Description",
    "task_rankings": "Task,Description,1st,1st Score,2nd,2nd Score,3rd,3rd Score,4th,4th Score",
    "model_rankings_per_task": "Model,task1 (Ct followup)",
    "comparison": "Task,Description,lab/model-1 Score (%),Field Average (%),Delta (%),lab/model-1 Rank,"
    "Best Model,Best Score (%)",
    "task_difficulty": "Rank,Task,Description,Average Accuracy (%),Hardest For,Easiest For,Std Dev",
    "task_analysis": "Task,Task Description",
}


def tied() -> Board:
    """Three models on two families: a and c tie, b is behind in task2."""
    made = {m: [row("task1_1"), row("task2_1", correct=m != "b"), row("task2_2", correct=m != "b")] for m in "abc"}
    return board_of(made, focus="b")


def cells(table: Table) -> list[dict[str, str]]:
    """The rows of the CSV, read back."""
    return list(csv.DictReader(io.StringIO(table.to_csv())))


@pytest.mark.parametrize(("name", "header"), PUBLISHED.items())
def test_the_published_headers_come_first_and_ours_after(board: Board, name: str, header: str) -> None:
    table = next(table for table in all_tables(board) if table.name == name)
    assert table.to_csv().startswith(header + ",") or table.to_csv().startswith(header + "\n")


def test_every_table_is_a_rectangle_of_text(board: Board) -> None:
    tables = all_tables(board)
    assert len({table.name for table in tables}) == len(tables) == 11
    for table in tables:
        lines = list(csv.reader(io.StringIO(table.to_csv())))
        assert {len(line) for line in lines} == {len(table.headers)}
        assert len(lines) == len(table.rows) + 1
        assert "None" not in table.to_csv()


def test_the_estimand_is_named_in_every_interval_header(board: Board) -> None:
    for table in all_tables(board):
        for header in table.headers:
            if "95%" in header or "pass" in header:
                assert any(kind in header for kind in ("these tasks", "new families", "new patients")), header


def test_ties_share_a_rank_on_the_leaderboard() -> None:
    assert [(r["Rank"], r["Model"]) for r in cells(leaderboard(tied()))] == [("1", "a"), ("1", "c"), ("3", "b")]


def test_models_that_tie_in_a_family_share_its_cell_and_leave_the_next_place_empty() -> None:
    first, second = cells(task_rankings(tied()))
    assert (first["1st"], first["2nd"], first["3rd"]) == ("a; b; c", "", "")
    assert (second["1st"], second["2nd"], second["3rd"]) == ("a; c", "", "b")
    assert (second["1st Score"], second["3rd Score"]) == ("100.0", "0.0")
    assert [r["task2 (Dvt prophylaxis)"] for r in cells(model_rankings_per_task(tied()))] == ["1st", "1st", "3rd"]


def test_the_comparison_leaves_the_focus_out_of_its_field() -> None:
    first, second = cells(comparison(tied()))
    assert (second["b Score (%)"], second["Field Average (%)"], second["Delta (%)"]) == ("0.0", "100.0", "-100.0")
    assert (second["b Rank"], second["Best Model"]) == ("3rd", "a; c")
    assert (first["b Rank"], first["Delta (%)"]) == ("1st", "0.0")


def test_difficulty_counts_everyone_and_the_field_average_does_not_count_the_focus() -> None:
    hardest, easiest = cells(task_difficulty(tied()))
    assert (hardest["Task"], hardest["Average Accuracy (%)"], hardest["Field Average (%)"]) == (
        "task2",
        "66.7",
        "100.0",
    )
    assert (hardest["Hardest For"], hardest["Easiest For"]) == ("b", "a; c")
    assert hardest["Std Dev"] == "57.7"  # sample standard deviation of 100, 100, 0
    assert easiest["Rank"] == "2"


def test_the_matrix_ends_with_an_overall_row_and_the_analysis_has_percent_signs() -> None:
    matrix, analysis = cells(task_accuracy_matrix(tied())), cells(task_analysis(tied()))
    assert (matrix[-1]["Task"], matrix[-1]["b"]) == ("Overall", "33.3")
    assert (analysis[0]["a"], analysis[-1]["Task Description"], analysis[-1]["b"]) == (
        "100.0%",
        "Overall Accuracy",
        "33.3%",
    )


def test_pairs_say_what_could_have_been_seen() -> None:
    by_models = {(r["Model A"], r["Model B"]): r for r in cells(pairs(tied()))}
    same = by_models["a", "c"]
    assert (same["Difference, these tasks (pp)"], same["p"], same["Verdict"]) == ("0.0", "1", "no difference shown")
    assert float(same["Minimum Detectable Effect (pp)"]) > 0
    assert (same["Adjacent Ranks"], by_models["a", "b"]["Adjacent Ranks"], by_models["a", "b"]["A Only"]) == (
        "yes",
        "no",
        "2",
    )


def test_reference_agents_follow_without_a_rank_and_set_the_scale(board: Board) -> None:
    table = {r["Model"]: r for r in cells(leaderboard(board))}
    assert table["Oracle"]["Rank"] == ""
    assert (table["Oracle"]["Score Above Floor (%)"], table["Null agent"]["Score Above Floor (%)"]) == ("100.0", "0.0")
    assert table["lab/model-0"]["Score Above Floor (%)"] == table["lab/model-0"]["Accuracy (%)"]


def test_repeats_and_cost_are_reported(board: Board) -> None:
    first = cells(leaderboard(board))[0]
    assert (first["Attempts"], first["k"]) == ("3", "3")
    assert (
        float(first["pass^k, these tasks (%)"])
        <= float(first["Accuracy (%)"])
        <= float(first["pass@k, these tasks (%)"])
    )
    assert float(first["Cost per Success (USD)"]) == pytest.approx(
        float(first["Cost (USD)"]) / int(first["Correct"]), abs=1e-4
    )
    assert int(first["Cached Tokens"]) == 2000 * int(first["Total"])


def test_unsafe_orders_are_counted_with_an_exact_bound(board: Board) -> None:
    table = {r["Model"]: r for r in cells(safety(board))}
    worst = table["lab/model-3"]
    share, bound = float(worst["Wrong Patient (%)"]), float(worst["Wrong Patient 95% Upper, these tasks (%)"])
    assert 0 < share < bound
    assert worst["Wrong Patient 3/n (%)"] == ""
    clean = cells(
        safety(board_of({"a": [row(f"task1_{k}", checks=[{"name": "x", "passed": True}]) for k in range(100)]}))
    )[0]
    assert (clean["Extra Order"], clean["Extra Order 95% Upper, these tasks (%)"], clean["Extra Order 3/n (%)"]) == (
        "0",
        "3.0",
        "3.0",
    )


def test_safety_is_blank_where_nobody_checked() -> None:
    (only,) = cells(safety(board_of({"a": [row("task1_1")]})))
    assert (only["Rollouts with Checks"], only["Wrong Patient"], only["Wrong Patient 95% Upper, these tasks (%)"]) == (
        "0",
        "",
        "",
    )


def test_format_adherence_counts_every_breach(board: Board) -> None:
    for record in cells(format_adherence(board)):
        breaches = sum(
            int(record[name]) for name in ("Invalid Actions", "Limit Reached", "Context Limit", "Missing Finish")
        )
        assert int(record["Completed"]) + breaches == int(record["Scored"])


def test_what_is_unknown_of_a_models_size_stays_blank() -> None:
    table = {
        r["Model"]: r
        for r in cells(size_vs_accuracy(board_of({"nobody/knows": [row("t_1")], "qwen/qwen3-8b": [row("t_1")]})))
    }
    assert table["nobody/knows"]["Parameters (B)"] == ""
    assert table["Qwen3 8B"]["Parameters (B)"] == "8.2"
