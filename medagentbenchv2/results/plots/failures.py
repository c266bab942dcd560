"""Why rollouts failed: each model's scored rollouts, by primary category."""

from __future__ import annotations

from collections import Counter
from typing import Any

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.plots.style import Theme, figure, hatch, legend, panel, text_inches
from medagentbenchv2.results.tables.table import Cell, Table, percent

UNKNOWN = "wrong, reason not recorded"
OTHER = "other"
MOST = 8
"""Categories shown apart; the rest are summed up."""


def categories(entry: Entry) -> Counter[str]:
    """Failed rollouts by primary category, infrastructure errors aside: they are not scored."""
    counts: Counter[str] = Counter()
    for row in entry.rows:
        if row.scored and not row.correct:
            failure = row.primary_failure
            counts[
                f"{failure.level1}: {(failure.level2 or failure.level1).replace('_', ' ')}" if failure else UNKNOWN
            ] += 1
    return counts


def frame(board: Board) -> Table:
    """One row per model and category, commonest category first."""
    totals: Counter[str] = Counter()
    for entry in board.entries:
        totals.update(categories(entry))
    order = sorted(totals, key=lambda name: (-totals[name], name))
    rows: list[list[Cell]] = []
    for entry in board.entries:
        scored, counts = sum(row.scored for row in entry.rows), categories(entry)
        rows += [[entry.label, name, counts[name], scored, percent(counts[name] / scored)] for name in order if scored]
    return Table("failures", "failures by category", ("Model", "Category", "Rollouts", "Scored", "Share (%)"), rows)


def draw(board: Board, table: Table, theme: Theme) -> Any:
    """The figure; one stacked bar per model."""
    shown = list(dict.fromkeys(str(row[1]) for row in table.rows))[:MOST]
    shares: dict[str, Counter[str]] = {}
    for model, name, count, scored, _ in table.rows:
        share = 100 * int(count or 0) / int(scored or 1)
        shares.setdefault(str(model), Counter())[str(name) if name in shown else OTHER] += share  # type: ignore[assignment]
    names = shown + ([OTHER] if any(OTHER in counts for counts in shares.values()) else [])
    models = list(shares)
    left, right = text_inches(models) + 0.12, text_inches(names, 8.5) + 0.75
    width, height = left + 4.4 + right, max(0.72 + 0.29 * len(models) + 0.62, 1.5 + 0.24 * len(names))
    subtitle = f"{board.variant}; primary category as a share of scored rollouts"
    fig = figure(width, height, theme, "Why rollouts failed", subtitle)
    ax = panel(fig, theme, left, right, 0.72, 0.58)
    bars = []
    for number, name in enumerate(names):
        lefts = [sum(shares[model][other] for other in names[:number]) for model in models]
        colour = theme.muted if name in (OTHER, UNKNOWN) else theme.colour(number)
        style = {"color": colour, "edgecolor": theme.paper, "hatch": hatch(number), "linewidth": 0.5, "height": 0.74}
        bars.append(ax.barh(range(len(models)), [shares[model][name] for model in models], left=lefts, **style))
    ax.set_yticks(range(len(models)), models)
    ax.set_ylim(len(models) - 0.5, -0.5)
    ax.set_xlim(0, 100)
    ax.set_xlabel("scored rollouts (%)")
    ax.grid(axis="x", color=theme.grid, linewidth=0.7)
    legend(fig, theme, bars, names, loc="center left", bbox_to_anchor=(1 - (right - 0.1) / width, 0.5))
    return fig
