"""A few models side by side in each family."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.families import Group
from medagentbenchv2.results.plots.style import Theme, figure, hatch, legend, panel, text_inches
from medagentbenchv2.results.tables.table import Cell, Table, percent

MOST = 5
PER_LINE = 10


def chosen(board: Board) -> list[Entry]:
    """At most five models: the focus, the best, and others spread evenly over the leaderboard."""
    entries = list(board.entries)
    if len(entries) <= MOST:
        return entries
    keep = {0} | ({entries.index(board.focus)} if board.focus else set())
    spread = [round(step * (len(entries) - 1) / (MOST - 1)) for step in range(MOST)]
    for place in (*reversed(spread), *range(len(entries))):
        if len(keep) < MOST:
            keep.add(place)
    return [entries[place] for place in sorted(keep)]


def frame(board: Board) -> Table:
    """One row per family and chosen model."""
    rows: list[list[Cell]] = []
    for group in board.groups:
        for entry in chosen(board):
            tasks = entry.tasks_of(group)
            interval = entry.interval_of(tasks)
            if interval is not None:
                row: list[Cell] = [group.key, group.title, entry.label, len(tasks), percent(entry.mean_of(tasks))]
                rows.append([*row, percent(interval.low), percent(interval.high)])
    headers = (
        "Task", "Description", "Model", "n", "Accuracy (%)", "95% CI Low, these tasks (%)",
        "95% CI High, these tasks (%)",
    )  # fmt: skip
    return Table("task_grouped_bars", "chosen models per family", headers, rows)


def draw(board: Board, table: Table, theme: Theme) -> Any:
    """The figure; families across, one bar per model, ten families to a line."""
    models = [entry.label for entry in chosen(board)]
    lines = [board.groups[at : at + PER_LINE] for at in range(0, len(board.groups), PER_LINE)]
    ticks = max(_wrapped(group).count("\n") + 1 for group in board.groups) * 0.14 + 0.2
    width = max(7.0, 0.9 + len(lines[0]) * max(1.12, 0.2 * len(models) + 0.28))
    height = 0.75 + len(lines) * (2.5 + ticks) + 0.38
    subtitle = f"{board.variant}; whiskers: 95 % interval, these tasks"
    fig = figure(width, height, theme, "Chosen models in each family", subtitle)
    bars: dict[str, Any] = {}
    for number, groups in enumerate(lines):
        top = 0.75 + number * (2.5 + ticks)
        ax = panel(fig, theme, 0.62, 0.2, top, height - top - 2.5)
        bars |= _bars(ax, table, theme, models, groups)
        ax.set_xticks(range(len(groups)), [_wrapped(group) for group in groups], size=8)
        ax.set_xlim(-0.55, len(lines[0]) - 0.45)
        ax.set_ylim(0, 104)
        ax.set_ylabel("accuracy (%)")
        ax.grid(axis="y", color=theme.grid, linewidth=0.7)
    columns = max(1, int(width / (text_inches(models, 8.5) + 0.55)))
    legend(fig, theme, list(bars.values()), list(bars), loc="lower center", ncols=columns, bbox_to_anchor=(0.5, 0.0))
    return fig


def _bars(ax: Any, table: Table, theme: Theme, models: list[str], groups: list[Group]) -> dict[str, Any]:
    values = {(row[0], row[2]): [float(cell or 0) for cell in row[4:]] for row in table.rows}
    step = 0.8 / len(models)
    drawn = {}
    for number, model in enumerate(models):
        here = [
            (x - 0.4 + (number + 0.5) * step, *values[g.key, model])
            for x, g in enumerate(groups)
            if (g.key, model) in values
        ]
        style = {"color": theme.colour(number), "edgecolor": theme.paper, "hatch": hatch(number), "linewidth": 0.5}
        drawn[model] = ax.bar([at for at, *_ in here], [share for _, share, _, _ in here], step * 0.92, **style)
        for at, _, low, high in here:
            ax.plot((at, at), (low, high), color=theme.ink, linewidth=0.9)
    return drawn


def _wrapped(group: Group) -> str:
    """Key and title over several short lines."""
    return "\n".join(([] if group.key == group.slug else [group.key]) + wrap(group.title or group.key, 14))
