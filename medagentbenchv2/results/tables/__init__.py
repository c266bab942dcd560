"""The CSV tables: the published names and headers, with columns of ours after theirs."""

from __future__ import annotations

from collections.abc import Callable

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.tables.comparison import comparison, pairs
from medagentbenchv2.results.tables.conduct import format_adherence, safety, size_vs_accuracy
from medagentbenchv2.results.tables.doubled import doubled_runs
from medagentbenchv2.results.tables.leaderboard import leaderboard
from medagentbenchv2.results.tables.per_family import (
    model_rankings_per_task,
    task_accuracy_matrix,
    task_analysis,
    task_difficulty,
    task_rankings,
)
from medagentbenchv2.results.tables.table import Table

TABLES: tuple[Callable[[Board], Table], ...] = (
    leaderboard,
    task_accuracy_matrix,
    task_rankings,
    model_rankings_per_task,
    comparison,
    task_difficulty,
    task_analysis,
    format_adherence,
    size_vs_accuracy,
    safety,
    pairs,
    doubled_runs,
)
"""Every table, in the order in which a reader wants them."""


def all_tables(board: Board) -> list[Table]:
    """Every table of a board; doubled_runs only where a file holds a run twice."""
    tables = [make(board) for make in TABLES]
    return [table for table in tables if table.rows or table.name != "doubled_runs"]


__all__ = ["TABLES", "Table", "all_tables"]
