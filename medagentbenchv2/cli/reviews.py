"""`medagentbenchv2 tasks reviews`: what clinicians said about the tasks."""

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from medagentbenchv2.cli.options import AsJson, Seed, TasksPath, Variant
from medagentbenchv2.questions.agreement import Agreement
from medagentbenchv2.results.reviews import Reviewed, summarise
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.review import VERDICTS, fingerprint, read_reviews, review_row, write_reviews
from medagentbenchv2.tasks.task import Task


def reviews(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Files of `tasks export --review`, filled in.")
    ],
    variant: Variant = "new_patient_tasks",
    tasks_path: TasksPath = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Read reviewed tasks back: the share agreed with, what was not, and how far reviewers agree with each other."""
    setup = Setup(tasks_variant=variant, tasks_path=tasks_path, seed=seed)
    known = asyncio.run(_known(setup))
    found = summarise(*read_reviews(files, known))
    if as_json:
        typer.echo(orjson.dumps(found.to_json(), option=orjson.OPT_INDENT_2))
        return
    _show(found, Console())


def export_for_review(setup: Setup, out: Path) -> int:
    """Write the tasks of a setup for reviewers; returns their number."""
    rows = asyncio.run(_rows(setup))
    write_reviews(rows, out)
    return len(rows)


async def _rows(setup: Setup) -> list[dict[str, str]]:
    opened = [(task, await setup.open(task)) for task in setup.tasks]
    return [await review_row(task, one.expectations["strict"], one.ehr) for task, one in opened]


async def _known(setup: Setup) -> dict[str, tuple[str, str]]:
    """Each task's family and fingerprint."""
    return {task.id: (task.family.slug, await _fingerprint(setup, task)) for task in setup.tasks}


async def _fingerprint(setup: Setup, task: Task) -> str:
    return fingerprint(task, (await setup.open(task)).expectations["strict"])


def _show(found: Reviewed, console: Console) -> None:
    best_first = VERDICTS[::-1]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name in ("Family", "Tasks", "Agreed", "%", "95 %", *map(str.capitalize, best_first)):
        table.add_column(name, no_wrap=True, justify="left" if name == "Family" else "right")
    for row in found.rows:
        if row.family == "all":
            table.add_section()
        interval = row.interval
        shown = f"{100 * interval.estimate:.1f}", f"{100 * interval.low:.1f}-{100 * interval.high:.1f}"
        counts = (str(row.verdicts[verdict]) for verdict in best_first)
        table.add_row(row.family, str(row.tasks), str(row.agreed), *shown, *counts)
    table.caption = f"Agreed: all who judged the task agree. {found.unjudged} rows have no verdict."
    console.print(table)
    if found.between:
        console.print(_between(found.between))
    for review in found.remarks:
        said = f": {review.comment}" if review.comment else ""
        line = f"{review.task_id} ({review.family}), {review.reviewer}: {review.verdict}{said}"
        console.print(escape(line), highlight=False, soft_wrap=True)


def _between(rows: tuple[Agreement, ...]) -> Table:
    table = Table("Reviewers", "Tasks", "Same verdict (%)", "Kappa", "95 % interval", title="Between reviewers")
    for row in rows:
        name = "Fleiss" if len(row.raters) > 2 else "Cohen"
        kappa = "undefined" if row.kappa is None else f"{row.kappa:.2f} ({name})"
        interval = "" if row.low is None else f"{row.low:.2f} to {row.high:.2f}"
        share = "-" if row.share is None else f"{100 * row.share:.1f}"
        table.add_row(escape(", ".join(row.raters)), str(row.n), share, kappa, interval)
    return table
