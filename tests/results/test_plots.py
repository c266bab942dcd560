"""Plots: the frame behind each, the same bytes each time, nothing that overlaps."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from medagentbenchv2.results.board import Board, build_board
from medagentbenchv2.results.families import load_families
from medagentbenchv2.results.plots import PLOTS, Plot, draw_all
from medagentbenchv2.results.plots.cost_accuracy import frontier
from medagentbenchv2.results.plots.leaderboard import packed, tied_groups
from medagentbenchv2.results.plots.style import DARK, LIGHT, Theme, save
from tests.results.conftest import QUICK, board_of, run_of
from tests.results.made import row, rows


@pytest.fixture(scope="module")
def fifteen() -> Board:
    """Fifteen models with long names, two attempts, families named as in the registry."""
    runs = [run_of(f"laboratory/model-{m:02d}-instruct", rows(m, 2, 2, seed=1)) for m in range(15)]
    return build_board("new_patient_tasks", runs, {}, load_families(), "laboratory/model-07-instruct", QUICK)


def figure(plot: Plot, board: Board, theme: Theme = LIGHT) -> Figure:
    """The figure of one plot."""
    return plot.draw(board, plot.frame(board), theme)


def test_all_eight_plots_are_drawn_in_light_and_dark_with_their_frame(board: Board, tmp_path: Path) -> None:
    drawn = draw_all(board, tmp_path)
    assert [item.plot.name for item in drawn] == [
        "leaderboard", "task_heatmap", "model_vs_field", "task_difficulty", "task_grouped_bars", "pass_k",
        "cost_accuracy", "failures",
    ]  # fmt: skip
    for item in drawn:
        name = item.plot.name
        assert [file.name for file in item.files] == [
            f"{name}.png",
            f"{name}.svg",
            f"{name}_dark.png",
            f"{name}_dark.svg",
            f"{name}.csv",
        ]
        assert len(list(csv.reader(io.StringIO(item.files[-1].read_text())))) > 1


def test_a_plot_without_data_is_not_drawn_and_says_why(tmp_path: Path) -> None:
    drawn = {item.plot.name: item for item in draw_all(board_of({"a": [row("task1_1")]}), tmp_path)}
    for name in ("model_vs_field", "pass_k", "cost_accuracy", "failures"):
        assert drawn[name].files == ()
        assert drawn[name].plot.absent
    assert drawn["leaderboard"].files


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
def test_the_same_board_gives_the_same_bytes(plot: Plot, board: Board, tmp_path: Path) -> None:
    once = [file.read_bytes() for file in save(figure(plot, board), tmp_path / "once")]
    again = [file.read_bytes() for file in save(figure(plot, board), tmp_path / "again")]
    assert once == again
    assert b"<dc:date>" not in once[1]
    assert b"tEXtSoftware" not in once[0]


def test_a_png_has_300_dots_per_inch(board: Board, tmp_path: Path) -> None:
    from PIL import Image

    fig = figure(PLOTS[0], board)
    png, _ = save(fig, tmp_path / "x")
    with Image.open(png) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert image.size == pytest.approx(tuple(inches * 300 for inches in fig.get_size_inches()), abs=1)


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
def test_no_text_leaves_the_figure_nor_overlaps_title_or_legend_at_fifteen_models(plot: Plot, fifteen: Board) -> None:
    fig = figure(plot, fifteen)
    renderer = fig.canvas.get_renderer()  # type: ignore[attr-defined]
    fig.draw(renderer)
    headings = [text.get_window_extent(renderer) for text in fig.texts] + [
        item.get_window_extent(renderer) for item in fig.legends
    ]
    panels = [ax.get_tightbbox(renderer) for ax in fig.axes]
    width, height = fig.get_size_inches() * fig.dpi
    for box in headings + panels:
        assert (box.x0 >= 0, box.x1 <= width, box.y0 >= 0, box.y1 <= height) == (True,) * 4, (plot.name, box)
    for heading in headings:
        for panel in panels:
            assert not _overlap(heading, panel), plot.name

    for ax in fig.axes:
        for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
            shown = [label for label in labels if label.get_text() and not label.get_rotation()]
            ticks = [label.get_window_extent(renderer) for label in shown]
            assert not any(_overlap(a, b) for at, a in enumerate(ticks) for b in ticks[at + 1 :]), plot.name


def _overlap(a: matplotlib.transforms.BboxBase, b: matplotlib.transforms.BboxBase) -> bool:
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_text_and_series_stand_out_from_the_paper(theme: Theme) -> None:
    assert _contrast(theme.ink, theme.paper) > 10
    assert _contrast(theme.muted, theme.paper) > 4.5
    assert all(_contrast(colour, theme.paper) > 2 for colour in theme.series)


def _contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    luminances = []
    for colour in (one, other):
        rgb = np.array(matplotlib.colors.to_rgb(colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        luminances.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    low, high = sorted(luminances)
    return (high + 0.05) / (low + 0.05)


def test_no_display_and_no_global_figure_is_touched(tmp_path: Path) -> None:
    import sys

    before = dict(matplotlib.rcParams)
    draw_all(board_of({"a": [row("task1_1")]}), tmp_path)
    assert dict(matplotlib.rcParams) == before
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_bars_join_neighbours_of_whom_no_two_differ() -> None:
    made = {
        m: [row(f"task1_{k}", correct=k < good) for k in range(60)]
        for m, good in (("a", 55), ("b", 54), ("c", 5), ("d", 4))
    }
    assert tied_groups(board_of(made)) == [(0, 1), (2, 3)]
    assert packed([(0, 1), (1, 3), (2, 4), (4, 5)]) == [0, 1, 0, 1]


def test_the_frontier_is_what_nothing_cheaper_beats() -> None:
    assert frontier([(3, 50), (1, 40), (2, 30), (2.5, 45), (4, 50)]) == [(1, 40), (2.5, 45), (3, 50)]
