"""Puts the page together: tables and plots as they are, rollouts compressed, scripts and styles pinned by hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.board import Board
from medagentbenchv2.results.findings import findings
from medagentbenchv2.results.markdown import neighbour_lines
from medagentbenchv2.results.notes import oddities
from medagentbenchv2.results.page.charts import Charts
from medagentbenchv2.results.page.pool import Pool, Reference, pack
from medagentbenchv2.results.page.rollouts import Cut, detail, details, index_of
from medagentbenchv2.results.plots.draw import Drawn
from medagentbenchv2.results.plots.failures import frame as failures
from medagentbenchv2.results.statistics.libraries import need
from medagentbenchv2.results.tables import Table

HERE = Path(__file__).parent
MOST_BYTES = 50_000_000
"""The page is never larger."""
REST = 1_000_000
"""Room for what is neither picture nor rollout: tables, script, style."""
CUTS = (4096, 2048, 1024, 512, 256, 64)
"""Characters of a tool result that are kept; the first that fits the page into its size is taken."""
LEADERBOARD = (
    "Rank", "Model", "Accuracy (%)", "95% CI Low, these tasks (%)", "95% CI High, these tasks (%)",
    "Rank 95% Best, these tasks", "Rank 95% Worst, these tasks", "Correct", "Scored", "Total", "Completed",
    "Invalid Actions", "Limit Reached", "Context Limit", "No Finish", "Errors", "Query Families (%)",
    "Action Families (%)", "pass^k, these tasks (%)", "Flip Rate (%)", "Cost per Success (USD)", "Time (min)",
    "Published (%)",
)  # fmt: skip


def build_page(board: Board, tables: Sequence[Table], drawn: Sequence[Drawn]) -> str:
    """The page's HTML, 50 MB at most: tool results are cut shorter until it fits.

    Raises ArgumentError when jinja2 is missing, or when the page does not fit even with the shortest cut.
    """
    images = [_image(item) for item in drawn if item.files]
    fixed = sum(len(image["light"]) + len(image["dark"]) for image in images)
    charts = Charts()
    for limit in CUTS:
        pool, places = _collect(board, Cut(limit), charts)
        index = pack(index_of(board, places))
        if fixed + pool.size + len(index) < MOST_BYTES - REST:
            return _render(board, tables, images, pool, index, limit)
    raise ArgumentError("PATH: the rollouts do not fit into one page of 50 MB; report on fewer runs at a time")


def _collect(board: Board, cut: Cut, charts: Charts) -> tuple[Pool, dict[tuple[str, str, int], Reference]]:
    """All rollouts in a pool, and where each lies. A rollout's texts come before it, so neighbours share blocks."""
    pool = Pool()
    places: dict[tuple[str, str, int], Reference] = {}
    for entry in (*board.entries, *board.references):
        for key, row, trace in details(entry):
            chart = charts.of(entry.run, trace) if trace else None
            shown = detail(row, trace, chart, pool, cut)
            places[key] = pool.item(shown, 1500)
    pool.close()
    return pool, places


def _render(
    board: Board, tables: Sequence[Table], images: list[dict[str, str]], pool: Pool, index: str, cut: int
) -> str:
    jinja2 = need("jinja2")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    script, style = ((HERE / name).read_text(encoding="utf-8") for name in ("page.js", "page.css"))
    by_name = {table.name: table for table in tables}
    rows = [entry.run.rows for entry in (*board.entries, *board.references)]
    return str(
        environment.get_template("page.html.j2").render(
            board=board,
            script=script,
            style=style,
            script_hash=_digest(script),
            style_hash=_digest(style),
            rollouts=sum(map(len, rows)),
            leaderboard=_columns(by_name["leaderboard"], LEADERBOARD),
            matrix=by_name["task_accuracy_matrix"],
            pairs=by_name["pairs"],
            others=[table for table in tables if table.name in ("safety", "format_adherence", "doubled_runs")],
            failures=_pivot(failures(board)),
            findings=findings(board),
            neighbours=neighbour_lines(board),
            oddities=oddities(board),
            images=images,
            blocks=pool.blocks,
            index=index,
            cut=cut,
        )
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _image(item: Drawn) -> dict[str, str]:
    light, dark = (next(p for p in item.files if p.name == f"{item.plot.name}{n}.svg") for n in ("", "_dark"))
    encoded = [base64.b64encode(path.read_bytes()).decode() for path in (light, dark)]
    return {"name": item.plot.name, "about": item.plot.about, "light": encoded[0], "dark": encoded[1]}


def _columns(table: Table, names: Sequence[str]) -> Table:
    """Some columns of a table, leaving out those that are empty throughout."""
    records = table.records()
    kept = [name for name in names if any(record[name] is not None for record in records)]
    return Table(table.name, table.about, kept, [[record[name] for name in kept] for record in records])


def _pivot(table: Table) -> Table:
    """Failures with one row per model and one column per category."""
    names = list(dict.fromkeys(str(row[1]) for row in table.rows))
    counts: dict[str, list[Any]] = {}
    for model, _, count, scored, _ in table.rows:
        counts.setdefault(str(model), [model, scored]).append(count)
    return Table("failures", "primary category of failed rollouts", ["Model", "Scored", *names], list(counts.values()))
