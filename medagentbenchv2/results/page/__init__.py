"""report.html: one file, no network, every rollout in it."""

from __future__ import annotations

from medagentbenchv2.results.page.build import build_page

__all__ = ["build_page"]
