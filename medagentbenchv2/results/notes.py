"""What was odd in the data, in sentences: nothing that a reader dropped, doubled or could not use stays unsaid."""

from __future__ import annotations

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.rows import Status
from medagentbenchv2.results.tables.doubled import all_rows_accuracy, first_run, second_run
from medagentbenchv2.results.tables.table import percent


def oddities(board: Board) -> list[str]:
    """One sentence per oddity, by model in leaderboard order."""
    said = list(board.notes)
    for entry in (*board.entries, *board.references):
        said += [f"{entry.label}: {note}." for note in entry.run.notes]
        said += _doubled(entry) + _errors(entry) + _published(entry)
    return said


def _doubled(entry: Entry) -> list[str]:
    if not entry.run.implied_attempts:
        return []
    first, second = all_rows_accuracy(first_run(entry)), all_rows_accuracy(second_run(entry))
    published = entry.run.published
    beside = f"; published: {published.accuracy:.1f} % of {published.total}" if published else ""
    return [
        f"{entry.label}: the first run has {percent(first)} %, the second {percent(second)} % over all rows{beside}. "
        "The leaderboard counts the first."
    ]


def _errors(entry: Entry) -> list[str]:
    errors = entry.statuses[Status.ERROR]
    return [f"{entry.label}: {errors} infrastructure errors are outside every denominator."] if errors else []


def _published(entry: Entry) -> list[str]:
    published = entry.run.published
    if published is None or entry.accuracy is None or entry.run.implied_attempts:
        return []
    if f"{published.accuracy:.1f}" == percent(entry.accuracy):
        return []
    return [f"{entry.label}: the summary states {published.accuracy:.1f} %, the rows give {percent(entry.accuracy)} %."]
