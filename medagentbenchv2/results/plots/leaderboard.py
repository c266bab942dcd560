"""Accuracy as dots with interval whiskers; bars on the right join neighbours whose order is not shown."""

from __future__ import annotations

from typing import Any

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.plots.style import Theme, figure, panel, text_inches
from medagentbenchv2.results.tables.table import Cell, Table, percent


def frame(board: Board) -> Table:
    """One row per scored model, best first, then the reference agents."""
    rows: list[list[Cell]] = []
    for entry in (*board.entries, *board.references):
        if entry.accuracy is not None and entry.interval is not None:
            row: list[Cell] = [board.ranks.get(entry.label), entry.label, percent(entry.accuracy)]
            row += [percent(entry.interval.low), percent(entry.interval.high), entry.interval.method, entry.card.role]
            rows.append(row)
    headers = (
        "Rank",
        "Model",
        "Accuracy (%)",
        "95% CI Low, these tasks (%)",
        "95% CI High, these tasks (%)",
        "Method",
        "Role",
    )
    return Table("leaderboard", "accuracy and its interval", headers, rows)


def tied_groups(board: Board) -> list[tuple[int, int]]:
    """Longest stretches (first, last place, from 0) of neighbours of whom no two differ after Holm's correction.

    The bars of a critical-difference diagram: Demsar 2006, J. Mach. Learn. Res. 7:1.
    """
    differs = {frozenset((p.first, p.second)): p.differs for p in board.pairs}
    labels = [entry.label for entry in board.entries]

    def alike(first: int, last: int) -> bool:
        pairs = ((a, b) for a in range(first, last + 1) for b in range(a + 1, last + 1))
        return not any(differs.get(frozenset((labels[a], labels[b])), True) for a, b in pairs)

    stretches: list[tuple[int, int]] = []
    for first in range(len(labels)):
        last = first
        while last + 1 < len(labels) and alike(first, last + 1):
            last += 1
        if last > first and not (stretches and stretches[-1][1] >= last):
            stretches.append((first, last))
    return stretches


def packed(stretches: list[tuple[int, int]]) -> list[int]:
    """A column for each stretch, as few as keep overlapping stretches apart."""
    ends: list[int] = []
    columns = []
    for first, last in stretches:
        column = next((at for at, end in enumerate(ends) if end < first), len(ends))
        ends[column : column + 1] = [last]
        columns.append(column)
    return columns


def draw(board: Board, table: Table, theme: Theme) -> Any:
    """The figure; as tall as there are models."""
    entries = [entry for entry in board.entries if entry.interval is not None]
    names = [f"{board.ranks[entry.label]}  {entry.label}" for entry in entries]
    stretches = tied_groups(board)
    columns = packed(stretches)
    left, right = text_inches(names) + 0.15, 0.75 + 0.14 * len(set(columns))
    width, height = left + 4.6 + right, 0.72 + 0.27 * len(entries) + 0.95
    tasks = max(len(entry.scores) for entry in entries)
    fig = figure(
        width,
        height,
        theme,
        "Accuracy by model",
        f"{board.variant}, up to {tasks} tasks; whiskers: 95 % interval, these tasks",
    )
    ax = panel(fig, theme, left, right, 0.72, 0.72)
    for place, entry in enumerate(entries):
        _dot(ax, theme, place, entry, focused=entry is board.focus)
    _references(ax, board, theme)
    _stretches(ax, stretches, columns, theme)
    ax.set_ylim(len(entries) - 0.5, -0.5)
    ax.set_yticks(range(len(entries)), names)
    ax.set_xlim(0, 100)
    ax.set_xlabel("accuracy (%)")
    ax.grid(axis="x", color=theme.grid, linewidth=0.7)
    note = "bars: neighbours of whom no two differ (paired tests, Holm, 5 %)" if stretches else ""
    note = f"diamond: {board.focus.label}" + (f"; {note}" if note else "") if board.focus else note
    fig.text(0.12 / width, 0.1 / height, note, size=8, color=theme.muted, va="bottom")
    return fig


def _dot(ax: Any, theme: Theme, place: int, entry: Any, focused: bool) -> None:
    share, low, high = (100 * float(x) for x in (entry.accuracy, entry.interval.low, entry.interval.high))
    colour, shape = (theme.series[1], "D") if focused else (theme.series[0], "o")
    ax.plot((low, high), (place, place), color=colour, linewidth=1.6, solid_capstyle="butt")
    ax.plot((share,), (place,), shape, color=colour, markersize=5.5, clip_on=False)
    ax.annotate(
        f"{share:.1f}",
        (1, place),
        xycoords=ax.get_yaxis_transform(),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        size=8.5,
        color=theme.ink,
        annotation_clip=False,
    )


def _references(ax: Any, board: Board, theme: Theme) -> None:
    for role, style in (("floor", ":"), ("ceiling", "--")):
        reference = board.reference(role)
        if reference is None or reference.accuracy is None:
            continue
        at = 100 * float(reference.accuracy)
        ax.axvline(at, color=theme.muted, linestyle=style, linewidth=1.2)
        ax.annotate(
            f"{reference.label} {at:.1f}",
            (at, 1),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, 3),
            textcoords="offset points",
            ha="left" if at < 50 else "right",
            size=8,
            color=theme.muted,
        )


def _stretches(ax: Any, stretches: list[tuple[int, int]], columns: list[int], theme: Theme) -> None:
    inch = 1 / ax.get_window_extent().width * ax.figure.dpi
    for column, (first, last) in zip(columns, stretches, strict=True):
        at = 1 + (0.56 + 0.14 * column) * inch
        ax.plot(
            (at, at),
            (first - 0.25, last + 0.25),
            transform=ax.get_yaxis_transform(),
            clip_on=False,
            color=theme.ink,
            linewidth=2.2,
            solid_capstyle="butt",
        )
