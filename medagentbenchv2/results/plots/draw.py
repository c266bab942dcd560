"""Every plot of a board, in light and dark, as PNG and SVG with its frame as CSV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.plots import (
    cost_accuracy,
    failures,
    leaderboard,
    model_vs_field,
    pass_k,
    task_difficulty,
    task_grouped_bars,
    task_heatmap,
)
from medagentbenchv2.results.plots.style import RC, THEMES, Theme, save
from medagentbenchv2.results.statistics.libraries import need
from medagentbenchv2.results.tables.table import Table


@dataclass(frozen=True)
class Plot:
    """One kind of plot."""

    name: str
    about: str
    """One sentence: caption and alternative text."""
    absent: str
    """Why it is not drawn when its frame is empty."""
    frame: Callable[[Board], Table]
    draw: Callable[[Board, Table, Theme], Any]


PLOTS = (
    Plot(
        "leaderboard",
        "accuracy with 95 % interval, best first",
        "nothing was scored",
        leaderboard.frame,
        leaderboard.draw,
    ),
    Plot("task_heatmap", "accuracy by family and model", "nothing was scored", task_heatmap.frame, task_heatmap.draw),
    Plot(
        "model_vs_field",
        "one model against the mean of the others, per family",
        "there is no other model to compare with",
        model_vs_field.frame,
        model_vs_field.draw,
    ),
    Plot(
        "task_difficulty",
        "how the models spread within each family, hardest first",
        "nothing was scored",
        task_difficulty.frame,
        task_difficulty.draw,
    ),
    Plot(
        "task_grouped_bars",
        "chosen models in each family",
        "nothing was scored",
        task_grouped_bars.frame,
        task_grouped_bars.draw,
    ),
    Plot(
        "pass_k", "how success decays over repeated attempts", "no task was attempted twice", pass_k.frame, pass_k.draw
    ),
    Plot(
        "cost_accuracy",
        "cost of a rollout against accuracy",
        "no run states its cost, and no price per token is known with its tokens",
        cost_accuracy.frame,
        cost_accuracy.draw,
    ),
    Plot("failures", "why rollouts failed, as a share of all", "nothing failed", failures.frame, failures.draw),
)


@dataclass(frozen=True)
class Drawn:
    """The files of one plot."""

    plot: Plot
    files: tuple[Path, ...]
    """Light PNG, light SVG, dark PNG, dark SVG, frame; none when the frame is empty."""


def draw_all(board: Board, folder: Path) -> list[Drawn]:
    """Draw what the board has data for. Raises ArgumentError when matplotlib is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_draw(plot, board, folder) for plot in PLOTS]


def _draw(plot: Plot, board: Board, folder: Path) -> Drawn:
    frame = plot.frame(board)
    if not frame.rows:
        return Drawn(plot, ())
    files: list[Path] = []
    with need("matplotlib").rc_context(RC):
        for theme in THEMES:
            name = plot.name if theme.name == "light" else f"{plot.name}_{theme.name}"
            files += save(plot.draw(board, frame, theme), folder / name)
    table = folder / f"{plot.name}.csv"
    table.write_text(frame.to_csv(), encoding="utf-8", newline="\n")
    return Drawn(plot, (*files, table))
