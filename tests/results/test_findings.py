"""Sentences that the statistics support, and none that they do not."""

from __future__ import annotations

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.findings import findings
from medagentbenchv2.results.markdown import neighbour_lines, pipe
from medagentbenchv2.results.notes import oddities
from tests.results.conftest import board_of
from tests.results.made import row


def many(good: int, n: int = 60) -> list[object]:
    return [row(f"task1_{k}", correct=k < good) for k in range(n)]


def test_a_lead_that_no_test_carries_is_called_that() -> None:
    said = " ".join(findings(board_of({"a": many(40), "b": many(38)})))
    assert "a has the highest accuracy, 66.7 %" in said
    assert "Its lead is not shown against b (" in said
    assert "no order between neighbours is shown" in said


def test_a_lead_that_stands_is_said_with_its_test() -> None:
    said = " ".join(findings(board_of({"a": many(55), "b": many(10)})))
    assert "It differs from every other model" in said
    assert "a over b (75.0 points on 60 shared tasks, exact McNemar" in said


def test_equal_models_share_the_first_rank() -> None:
    assert "a and b share the first rank with 66.7 %" in findings(board_of({"a": many(40), "b": many(40)}))[0]


def test_nothing_scored_beside_a_reference_is_said() -> None:
    board = board_of({"a": [row("t_1", correct=False, status="error")], "oracle": [row("t_1", correct=True)]})
    assert "Nothing was scored." in findings(board)


def two_families(first: int, second: int) -> list[object]:
    """30 tasks in each of two families, so many of them right."""
    return [row(f"task{f}_{k}", correct=k < good, index=k) for f, good in ((1, first), (2, second)) for k in range(30)]


def test_families_are_called_harder_only_where_a_test_says_so() -> None:
    said = " ".join(findings(board_of({"a": two_families(14, 16)})))
    assert "No family is shown to be harder than another: means over models range from 46.7 % in task1" in said
    said = " ".join(findings(board_of({"a": two_families(5, 25)})))
    assert "Families differ: means over models range from 16.7 % in task1" in said
    assert "after Bonferroni for 1 pairs" in said
    assert "The best in the hardest: a with 16.7 %." in said


def test_neighbours_tie_or_differ() -> None:
    lines = neighbour_lines(board_of({"a": many(40), "b": many(38), "c": many(2)}))
    assert lines[0].startswith("ranks 1 and 2, a and b: tie (detectable: ")
    assert lines[1].startswith("ranks 2 and 3, b and c: differ; 60.0 points")


def test_floor_ceiling_flips_and_safety_are_reported(board: Board) -> None:
    said = " ".join(findings(board))
    assert "The floor is Null agent with 0.0 %" in said
    assert "The ceiling is Oracle with 100.0 %" in said
    assert "Share of repeated tasks solved in some attempts but not in all" in said
    assert "Charts were left worse: wrong patient in up to" in said
    assert "For new families like these lab/model-0 has" in said
    assert "lab/model-1 stands" in said


def test_errors_are_reported_as_outside_the_denominators() -> None:
    assert oddities(board_of({"a": [row("t_1"), row("t_2", correct=False, status="error")]})) == [
        "a: 1 infrastructure errors are outside every denominator."
    ]


def test_a_cell_cannot_break_a_markdown_table() -> None:
    assert pipe(["a"], [["x|y\nz"]]).splitlines()[-1] == "| x\\|y z |"
