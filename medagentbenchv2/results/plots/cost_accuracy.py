"""What a rollout costs against how often it succeeds; the line joins models that nothing cheaper beats."""

from __future__ import annotations

from typing import Any

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.plots.style import Theme, figure, legend, marker, panel, text_inches
from medagentbenchv2.results.statistics.scores import cost_per_success
from medagentbenchv2.results.tables.table import Cell, Table, decimals, percent


def frame(board: Board) -> Table:
    """One row per model whose cost is known."""
    rows: list[list[Cell]] = []
    for entry in board.entries:
        if entry.cost is None or entry.cost <= 0 or entry.interval is None:
            continue
        per_rollout = entry.cost / len(entry.rows)
        success = cost_per_success(entry.cost, sum(row.correct for row in entry.rows))
        row: list[Cell] = [entry.label, decimals(per_rollout, 6), decimals(success, 6), percent(entry.accuracy)]
        rows.append([*row, percent(entry.interval.low), percent(entry.interval.high)])
    headers = (
        "Model", "Cost per Rollout (USD)", "Cost per Success (USD)", "Accuracy (%)", "95% CI Low, these tasks (%)",
        "95% CI High, these tasks (%)",
    )  # fmt: skip
    return Table("cost_accuracy", "cost and accuracy", headers, rows)


def frontier(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points (cost, accuracy) that no point of at most their cost beats, cheapest first."""
    best, kept = float("-inf"), []
    for cost, accuracy in sorted(points, key=lambda point: (point[0], -point[1])):
        if accuracy > best:
            best = accuracy
            kept.append((cost, accuracy))
    return kept


def draw(board: Board, table: Table, theme: Theme) -> Any:
    """The figure; cost on a logarithmic axis (a plain one where something was free), legend to the right."""
    rows = table.rows
    labels = [str(row[0]) for row in rows]
    right = text_inches(labels, 8.5) + 0.6
    width, height = 0.62 + 4.8 + right, max(4.2, 1.9 + 0.21 * len(rows))
    subtitle = f"{board.variant}; whiskers: 95 % interval, these tasks; dashed: the most for the money"
    fig = figure(width, height, theme, "Cost and accuracy", subtitle)
    ax = panel(fig, theme, 0.62, right, 0.72, 0.6)
    dots, points = [], []
    for number, row in enumerate(rows):
        cost, _, share, low, high = (float(cell or 0) for cell in row[1:])
        colour = theme.colour(number)
        ax.plot((cost, cost), (low, high), color=colour, linewidth=1.2)
        dots.append(
            ax.plot((cost,), (share,), marker(number), color=colour, markersize=6.5, linestyle="", clip_on=False)[0]
        )
        points.append((cost, share))
    edge = frontier(points)
    steps = {"color": theme.muted, "linewidth": 1, "linestyle": "--", "zorder": 0, "drawstyle": "steps-post"}
    ax.plot([x for x, _ in edge], [y for _, y in edge], **steps)
    logarithmic = all(cost > 0 for cost, _ in points)
    ax.set_xscale("log" if logarithmic else "linear")
    ax.xaxis.set_major_formatter(lambda dollars, _: f"{dollars:g}")
    ax.set_ylim(0, 103)
    ax.set_xlabel(f"cost per rollout (US dollars{', logarithmic' if logarithmic else ''})")
    ax.set_ylabel("accuracy (%)")
    ax.grid(color=theme.grid, linewidth=0.7)
    legend(fig, theme, dots, labels, loc="center left", bbox_to_anchor=(1 - (right - 0.1) / width, 0.5))
    return fig
