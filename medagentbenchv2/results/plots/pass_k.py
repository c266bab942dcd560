"""How success decays when it must be repeated: pass^k (all of k) falls, pass@k (any of k) rises."""

from __future__ import annotations

from typing import Any

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.plots.style import Theme, figure, legend, marker, panel, text_inches
from medagentbenchv2.results.statistics.bootstrap import task_bootstrap
from medagentbenchv2.results.statistics.repeats import pass_at_k_of, pass_hat_k_of
from medagentbenchv2.results.tables.table import Cell, Table, percent

FEW = 6
"""Up to so many models, pass@k is drawn, too; the frame always holds it."""


def frame(board: Board) -> Table:
    """One row per repeated model and k; intervals by resampling tasks."""
    rows = [_row(entry, k) for entry in _repeated(board) for k in range(1, entry.run.attempts + 1)]
    headers = (
        "Model", "k", "Tasks with k Attempts", "pass^k (%)", "pass^k 95% CI Low, these tasks (%)",
        "pass^k 95% CI High, these tasks (%)", "pass@k (%)", "pass@k 95% CI Low, these tasks (%)",
        "pass@k 95% CI High, these tasks (%)",
    )  # fmt: skip
    return Table("pass_k", "pass^k and pass@k by k", headers, [row for row in rows if row])


def _repeated(board: Board) -> list[Entry]:
    return [entry for entry in board.entries if any(attempts > 1 for _, attempts in entry.tallies.values())]


def _row(entry: Entry, k: int) -> list[Cell]:
    eligible = {task: pair for task, pair in entry.tallies.items() if pair[1] >= k}
    strata = [entry.groups[task].key for task in eligible]
    row: list[Cell] = [entry.label, k, len(eligible)]
    for measure in (pass_hat_k_of, pass_at_k_of):
        interval = task_bootstrap([measure(pair, k) for pair in eligible.values()], strata, entry.how)
        if interval is None:
            return []
        row += [percent(interval.estimate), percent(interval.low), percent(interval.high)]
    return row


def draw(board: Board, table: Table, theme: Theme) -> Any:
    """The figure, legend to the right."""
    series: dict[str, list[list[float]]] = {}
    for label, *rest in table.rows:
        series.setdefault(str(label), []).append([float(cell or 0) for cell in rest])
    right = text_inches(list(series), 8.5) + 0.6
    width, height = 0.62 + 4.6 + right, max(4.2, 1.9 + 0.21 * len(series))
    few = len(series) <= FEW
    subtitle = f"{board.variant}; pass^k with 95 % interval, these tasks" + ("; dotted: pass@k" if few else "")
    fig = figure(width, height, theme, "Success over repeated attempts", subtitle)
    ax = panel(fig, theme, 0.62, right, 0.75, 0.55)
    lines = []
    last = max(int(row[0]) for rows in series.values() for row in rows)
    spread = min(0.2, 0.006 * len(series) * last)
    for number, rows in enumerate(series.values()):
        shift = spread * (number / max(1, len(series) - 1) - 0.5) if len(series) > 1 else 0.0
        x = [row[0] + shift for row in rows]
        colour = theme.colour(number)
        lines.append(ax.plot(x, [row[2] for row in rows], "-", marker=marker(number), color=colour, markersize=5)[0])
        if few:
            ax.plot(x, [row[5] for row in rows], ":", color=colour, linewidth=1.1)
        for at, row in zip(x, rows, strict=True):
            ax.plot((at, at), (row[3], row[4]), color=colour, linewidth=1.0, alpha=0.8)
    ax.set_xticks(range(1, last + 1))
    ax.set_xlim(0.7, last + 0.3)
    ax.set_ylim(0, 103)
    ax.set_xlabel("k attempts at a task")
    ax.set_ylabel("tasks (%)")
    ax.grid(axis="y", color=theme.grid, linewidth=0.7)
    legend(fig, theme, lines, list(series), loc="center left", bbox_to_anchor=(1 - (right - 0.1) / width, 0.5))
    return fig
