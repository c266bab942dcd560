"""One model against the mean of the others, per family: both scores, and the signed difference with its interval."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.families import Group
from medagentbenchv2.results.plots.style import Theme, figure, folded, legend, panel, text_inches
from medagentbenchv2.results.statistics.bootstrap import task_bootstrap
from medagentbenchv2.results.statistics.proportion import Interval
from medagentbenchv2.results.tables.table import Cell, Table, percent


def delta(board: Board, focus: Entry, group: Group) -> Interval | None:
    """Focus minus field on the family's tasks that all were scored on, with a bootstrap interval over those tasks."""
    tasks = [task for task in focus.tasks_of(group) if all(task in other.scores for other in board.field)]
    if not tasks or not board.field:
        return None
    means = {task: sum((other.scores[task] for other in board.field), Fraction()) / len(board.field) for task in tasks}
    return task_bootstrap([focus.scores[task] - means[task] for task in tasks], [group.key] * len(tasks), board.how)


def frame(board: Board) -> Table:
    """One row per family; empty when the field is."""
    focus = board.focus
    rows = [_row(board, focus, group) for group in board.groups] if focus and board.field else []
    headers = (
        "Task", "Description", "n", "Focus (%)", "Field Average (%)", "Delta (pp)", "95% CI Low, these tasks (pp)",
        "95% CI High, these tasks (pp)",
    )  # fmt: skip
    return Table("model_vs_field", "focus and field per family", headers, [row for row in rows if row])


def _row(board: Board, focus: Entry, group: Group) -> list[Cell]:
    tasks, difference = focus.tasks_of(group), delta(board, focus, group)
    if difference is None:
        return []
    row: list[Cell] = [group.key, group.title, len(tasks), percent(focus.mean_of(tasks))]
    row += [percent(board.field_mean(group)), percent(difference.estimate)]
    return [*row, percent(difference.low), percent(difference.high)]


def draw(board: Board, table: Table, theme: Theme) -> Any:
    """The figure: scores on the left, signed differences on the right."""
    rows = [[float(cell) for cell in row[3:] if cell is not None] for row in table.rows]
    names = {group.key: folded(group.label) for group in board.groups}
    labels = [names[str(row[0])] for row in table.rows]
    left, gap = text_inches(labels) + 0.12, 0.35
    width, height = left + 3.3 + gap + 3.0 + 0.25, 0.72 + 0.38 * len(rows) + 1.0
    name = board.focus.label if board.focus else ""
    others = f"field: mean of the {len(board.field)} other model{'s' if len(board.field) > 1 else ''}"
    fig = figure(
        width,
        height,
        theme,
        f"{name} against the field",
        f"{board.variant}; {others}; whiskers: 95 % interval, these tasks",
    )
    scores = panel(fig, theme, left, 3.0 + gap + 0.25, 0.72, 0.98)
    deltas = panel(fig, theme, left + 3.3 + gap, 0.25, 0.72, 0.98)
    blue, red = theme.series[0], theme.series[1]
    for y, (own, other, difference, low, high) in enumerate(rows):
        scores.plot((own, other), (y, y), color=theme.grid, linewidth=2.5, zorder=1)
        one = scores.plot((own,), (y,), "D", color=red, markersize=6, zorder=3)[0]
        two = scores.plot((other,), (y,), "o", color=blue, markersize=6, zorder=2)[0]
        deltas.plot((low, high), (y, y), color=theme.ink, linewidth=1.6, solid_capstyle="butt")
        deltas.plot((difference,), (y,), "s", color=theme.ink, markersize=4.5)
    deltas.axvline(0, color=theme.muted, linewidth=1)
    for ax in (scores, deltas):
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.grid(axis="x", color=theme.grid, linewidth=0.7)
    scores.set_yticks(range(len(rows)), labels)
    scores.set_xlim(-3, 103)
    deltas.set_yticks([])
    scores.set_xlabel("accuracy (%)")
    deltas.set_xlabel("difference (points)")
    legend(fig, theme, (one, two), (name, "field average"), loc="lower left", ncols=2, bbox_to_anchor=(0.0, 0.0))
    return fig
