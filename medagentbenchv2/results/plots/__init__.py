"""The plots, each with the frame behind it."""

from __future__ import annotations

from medagentbenchv2.results.plots.draw import PLOTS, Plot, draw_all

__all__ = ["PLOTS", "Plot", "draw_all"]
