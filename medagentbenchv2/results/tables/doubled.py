"""doubled_runs.csv: files that hold two runs of one model, each run apart, with the published figure beside."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.entry import Entry, tally
from medagentbenchv2.results.rows import Row
from medagentbenchv2.results.tables.table import Cell, Table, decimals, percent


def first_run(entry: Entry) -> list[Row]:
    """Each task's first row."""
    return [rows[0] for rows in entry.run.by_task().values()]


def second_run(entry: Entry) -> list[Row]:
    """Each task's last row: the second run started late and took over the tasks that have one row."""
    return [rows[-1] for rows in entry.run.by_task().values()]


def all_rows_accuracy(rows: Sequence[Row]) -> Fraction:
    """Share of correct rows with errors in the denominator, which is how the published figures count."""
    return Fraction(sum(row.correct for row in rows), len(rows))


def doubled_runs(board: Board) -> Table:
    """Two rows per doubled file, first and second run; never averaged."""
    rows = [
        _row(entry, name, run, own)
        for entry in board.entries
        if entry.run.implied_attempts
        for name, run, own in (
            ("first", first_run(entry), list(entry.run.attempt(1))),
            ("second", second_run(entry), list(entry.run.attempt(2))),
        )
    ]
    headers = (
        "Model", "Run", "Rows in File", "Tasks", "Correct", "Errors", "All Rows (%)", "Scored (%)", "Own Rows",
        "Own Correct", "Own Rows (%)", "Published (%)", "Published Correct", "Published Total",
    )  # fmt: skip
    about = "files that hold two runs, each apart, with the published figure beside"
    return Table("doubled_runs", about, headers, rows)


def _row(entry: Entry, name: str, run: list[Row], own: list[Row]) -> list[Cell]:
    correct, scored = tally(run)
    published = entry.run.published
    return [
        entry.label,
        name,
        len(entry.run.rows),
        len(run),
        correct,
        len(run) - scored,
        percent(all_rows_accuracy(run)),
        percent(Fraction(correct, scored) if scored else None),
        len(own),
        sum(row.correct for row in own),
        percent(all_rows_accuracy(own)),
        decimals(published.accuracy, 1) if published else None,
        published.correct if published else None,
        published.total if published else None,
    ]
