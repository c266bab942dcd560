"""How hard each family is: every model a dot, the middle half a box, the median a line; hardest first."""

from __future__ import annotations

from statistics import median, quantiles
from typing import Any

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.plots.style import Theme, figure, folded, legend, panel, text_inches
from medagentbenchv2.results.tables.per_family import scores_in
from medagentbenchv2.results.tables.table import Cell, Table, percent


def frame(board: Board) -> Table:
    """One row per family and model, families from hardest to easiest by mean."""
    scored = [(group, scores_in(board, group)) for group in board.groups]
    ordered = sorted(scored, key=lambda item: (sum(mean for _, mean in item[1]) / max(1, len(item[1])), item[0].order))
    rows: list[list[Cell]] = [
        [group.key, group.title, entry.label, percent(mean)] for group, scores in ordered for entry, mean in scores
    ]
    return Table(
        "task_difficulty", "accuracy by family and model", ("Task", "Description", "Model", "Accuracy (%)"), rows
    )


def draw(board: Board, table: Table, theme: Theme) -> Any:
    """The figure; dots of equal scores are stacked so that none hides another."""
    families: dict[str, list[tuple[float, bool]]] = {}
    names = {group.key: folded(group.label) for group in board.groups}
    for key, _, label, score in table.rows:
        focused = board.focus is not None and label == board.focus.label
        families.setdefault(names[str(key)], []).append((float(score or 0), focused))
    labels = list(families)
    left = text_inches(labels) + 0.12
    width, height = left + 5.6 + 0.3, 0.72 + 0.46 * len(labels) + 0.95
    subtitle = f"{board.variant}, {len(board.entries)} models; box: middle half, line: median"
    fig = figure(width, height, theme, "How hard each family is", subtitle)
    ax = panel(fig, theme, left, 0.3, 0.72, 0.92)
    dots: list[Any] = [None, None]
    for y, label in enumerate(labels):
        points = sorted(families[label])
        _box(ax, theme, y, [score for score, _ in points])
        for share, offset, focused in _stacked(points):
            colour, shape = (theme.series[1], "D") if focused else (theme.series[0], "o")
            style = {"markersize": 4.6 if focused else 4, "alpha": 1 if focused else 0.85, "zorder": 3 + focused}
            dots[focused] = ax.plot((share,), (y + offset,), shape, color=colour, **style)[0]
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.set_yticks(range(len(labels)), labels)
    ax.set_xlim(-3, 103)
    ax.set_xlabel("accuracy (%)")
    ax.grid(axis="x", color=theme.grid, linewidth=0.7)
    named = [
        (dot, text) for dot, text in zip(dots, ("field", board.focus.label if board.focus else ""), strict=True) if dot
    ]
    handles, texts = zip(*named, strict=True)
    legend(fig, theme, handles, texts, loc="lower left", ncols=2, bbox_to_anchor=(0.0, 0.0))
    return fig


def _box(ax: Any, theme: Theme, y: int, scores: list[float]) -> None:
    if len(scores) < 4:
        return
    low, _, high = quantiles(scores, n=4, method="inclusive")
    ax.barh(y, high - low, left=low, height=0.62, color=theme.grid, zorder=1)
    middle = median(scores)
    ax.plot((middle, middle), (y - 0.31, y + 0.31), color=theme.ink, linewidth=1.4, zorder=2)


def _stacked(points: list[tuple[float, bool]]) -> list[tuple[float, float, bool]]:
    """Score, vertical offset and focus of each dot: dots within a point and a half of each other are spread."""
    stacks: list[list[tuple[float, bool]]] = []
    for point in points:
        if stacks and point[0] - stacks[-1][-1][0] < 1.5:
            stacks[-1].append(point)
        else:
            stacks.append([point])
    placed = []
    for stack in stacks:
        step = min(0.105, 0.8 / len(stack))
        placed += [(score, (at - (len(stack) - 1) / 2) * step, focused) for at, (score, focused) in enumerate(stack)]
    return placed
