"""Accuracy of every model in every family, as colour and as number."""

from __future__ import annotations

from typing import Any

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.plots.style import Theme, figure, folded, panel, text_inches
from medagentbenchv2.results.tables.per_family import task_accuracy_matrix
from medagentbenchv2.results.tables.table import Table


def frame(board: Board) -> Table:
    """The accuracy matrix; empty when nothing was scored."""
    matrix = task_accuracy_matrix(board)
    scored = any(entry.accuracy is not None for entry in board.entries)
    return Table("task_heatmap", matrix.about, matrix.headers, matrix.rows if scored else [])


def draw(board: Board, table: Table, theme: Theme) -> Any:
    """The figure; families down, models across in leaderboard order."""
    values = [[float(cell) if cell is not None else float("nan") for cell in row[2:]] for row in table.rows]
    rows = [folded(group.label) for group in board.groups] + ["Overall"]
    columns = [entry.label for entry in board.entries]
    left, bottom = text_inches(rows) + 0.1, text_inches(columns) * 0.72 + 0.25
    width = max(left + 0.46 * len(columns) + 1.2, 6.2)
    height = 0.78 + 0.37 * len(rows) + bottom
    fig = figure(width, height, theme, "Accuracy by family and model (%)", f"{board.variant}; {_sizes(board)}")
    ax = panel(fig, theme, left, 1.2, 0.78, bottom)
    cell = ax.pcolormesh(values, cmap="cividis", vmin=0, vmax=100, edgecolors=theme.paper, linewidth=1.2)
    for y, line in enumerate(values):
        for x, value in enumerate(line):
            if value == value:
                ax.text(
                    x + 0.5,
                    y + 0.5,
                    f"{value:.0f}",
                    ha="center",
                    va="center",
                    size=8,
                    color="#000000" if value > 55 else "#FFFFFF",
                )
    ax.axhline(len(rows) - 1, color=theme.ink, linewidth=1.2)
    ax.set_ylim(len(rows), 0)
    ax.set_yticks([y + 0.5 for y in range(len(rows))], rows)
    ax.set_xticks([x + 0.5 for x in range(len(columns))], columns, rotation=45, ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    bar = fig.colorbar(cell, cax=panel(fig, theme, width - 0.95, 0.78, 0.78, bottom))
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=theme.ink, length=2)
    return fig


def _sizes(board: Board) -> str:
    sizes = [max(len(entry.tasks_of(group)) for entry in board.entries) for group in board.groups]
    if len(set(sizes)) == 1:
        return f"n = {sizes[0]} tasks in each family"
    return "n = " + ", ".join(f"{size} ({group.key})" for group, size in zip(board.groups, sizes, strict=True))
