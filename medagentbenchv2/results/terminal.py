"""The leaderboard for a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.markdown import neighbour_lines
from medagentbenchv2.results.notes import oddities
from medagentbenchv2.results.tables.table import percent


def show(board: Board, console: Console) -> None:
    """Print the leaderboard, which neighbours tie, and what was odd in the data."""
    table = Table(title=f"{board.variant}: accuracy, 95 % interval for these tasks", title_justify="left")
    for name in ("Rank", "Model", "Accuracy (%)", "95 %", "Correct", "Rank 95 %"):
        table.add_column(name, justify="left" if name == "Model" else "right")
    for entry in (*board.entries, *board.references):
        rank, interval, places = board.ranks.get(entry.label), entry.interval, board.rank_intervals.get(entry.label)
        table.add_row(
            str(rank) if rank else "",
            escape(entry.label),
            percent(entry.accuracy) or "",
            f"{percent(interval.low)} to {percent(interval.high)}" if interval else "",
            f"{sum(row.correct for row in entry.rows)}/{sum(row.scored for row in entry.rows)}",
            f"{places[0]} to {places[1]}" if places else "",
        )
    console.print(table)
    for line in neighbour_lines(board):
        console.print(escape(line), highlight=False)
    for line in oddities(board):
        console.print(escape(f"note: {line}"), highlight=False, style="dim")
