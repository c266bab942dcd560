"""How plots look and how they are saved, so that the same figures give the same bytes.

Figures are built with the object API on the Agg canvas: no global state, no display. Colours are Okabe and Ito's
(2008), told apart by people with any colour vision; markers and hatches carry the same distinction without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

from medagentbenchv2.results.statistics.libraries import need

ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h", "p", "*", "d", "8", "H")
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "++++", "oooo")


@dataclass(frozen=True)
class Theme:
    """Colours of one appearance."""

    name: str
    paper: str
    ink: str
    muted: str
    grid: str
    series: tuple[str, ...]
    """Okabe-Ito colours with enough contrast against the paper."""

    def colour(self, index: int) -> str:
        """The colour of the index-th series, cycling."""
        return self.series[index % len(self.series)]


LIGHT = Theme(
    "light", "#FFFFFF", "#1A1A1A", "#5C6166", "#DDE1E5", (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, "#000000")
)
DARK = Theme(
    "dark", "#15191D", "#EDEFF1", "#A9B0B7", "#343B42", (SKY, ORANGE, GREEN, PURPLE, YELLOW, VERMILLION, "#FFFFFF")
)
THEMES = (LIGHT, DARK)

RC = {
    "svg.hashsalt": "medagentbenchv2",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "hatch.linewidth": 0.6,
}
TITLE_INCHES = 0.72
"""Height kept free above the panel for title and subtitle."""


def marker(index: int) -> str:
    """The marker of the index-th series, cycling."""
    return MARKERS[index % len(MARKERS)]


def hatch(index: int) -> str:
    """The hatch of the index-th series, cycling."""
    return HATCHES[index % len(HATCHES)]


def text_inches(labels: Sequence[str], size: float = 9.0) -> float:
    """Room that the longest label needs, in inches (DejaVu Sans is at most about 0.62 em wide a letter on average)."""
    lines = [line for label in labels for line in label.splitlines()]
    return max(map(len, lines), default=0) * size * 0.60 / 72 + 0.12


def folded(label: str) -> str:
    """A long label over two lines or more."""
    return fill(label, 34)


def figure(width: float, height: float, theme: Theme, title: str, subtitle: str) -> Any:
    """An empty figure, sizes in inches, with title and subtitle at its top left."""
    need("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    fig = Figure(figsize=(width, height), facecolor=theme.paper)
    FigureCanvasAgg(fig)
    fig.text(0.12 / width, 1 - 0.12 / height, title, ha="left", va="top", size=12, weight="bold", color=theme.ink)
    fig.text(0.12 / width, 1 - 0.38 / height, subtitle, ha="left", va="top", size=8.5, color=theme.muted)
    return fig


def panel(fig: Any, theme: Theme, left: float, right: float, top: float, bottom: float) -> Any:
    """Axes with margins in inches from the figure's edges."""
    width, height = fig.get_size_inches()
    box = (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    ax = fig.add_axes(box, facecolor=theme.paper)
    ax.tick_params(colors=theme.ink, which="both", length=3)
    ax.set_axisbelow(True)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.muted)
    ax.xaxis.label.set_color(theme.ink)
    ax.yaxis.label.set_color(theme.ink)
    return ax


def legend(fig: Any, theme: Theme, handles: Sequence[Any], labels: Sequence[str], **place: Any) -> None:
    """A legend outside the panel, placed in figure coordinates."""
    fig.legend(handles, labels, frameon=False, labelcolor=theme.ink, fontsize=8.5, **place)


def save(fig: Any, path: Path) -> list[Path]:
    """Write PATH.png (300 dpi) and PATH.svg; nothing in them depends on the date or on chance."""
    import matplotlib

    png, svg = path.with_name(path.name + ".png"), path.with_name(path.name + ".svg")
    with matplotlib.rc_context(RC):
        fig.savefig(png, dpi=300, metadata={"Software": None}, facecolor=fig.get_facecolor())
        fig.savefig(svg, metadata={"Date": None, "Creator": None}, facecolor=fig.get_facecolor())
    return [png, svg]
