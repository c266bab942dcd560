"""`medagentbenchv2 regrade`: saved rollouts, judged again."""

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from medagentbenchv2.cli.options import AsJson
from medagentbenchv2.runs.regrade import Regraded, regrade, run_folders, untraced


def regrade_command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...", help="Run folders, such as outputs/new_patient_tasks/oracle, or trees of them."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Judge saved rollouts with the current judge, without a model; show what changed and why."""
    runs = {folder: asyncio.run(regrade(folder)) for folder in run_folders(paths)}
    for folder, found in runs.items():
        if missing := untraced(folder, found):
            said = f"{folder}: {missing} scored rows of runs.jsonl have no trace (cut off, or lost) and are not judged"
            typer.echo(said, err=True)
    if as_json:
        typer.echo(orjson.dumps([_plain(one) for found in runs.values() for one in found], option=orjson.OPT_INDENT_2))
        return
    for folder, found in runs.items():
        _show(folder, found)


def _plain(one: Regraded) -> dict[str, object]:
    return {
        "run": str(one.folder),
        "task_id": one.task_id,
        "attempt": one.attempt,
        "family": one.family,
        "before": one.before,
        "after": one.after,
        "basis": one.basis,
        "why": one.why,
    }


def _show(folder: Path, found: list[Regraded]) -> None:
    before, after = (sum(getattr(r, when) for r in found) for when in ("before", "after"))
    changed = [one for one in found if one.changed]
    saved = sum(one.basis == "saved" for one in found)
    typer.echo(f"{folder}: {len(found)} rollouts: {before:g} were right, {after:g} are; {len(changed)} changed")
    if saved:
        typer.echo(f"  {saved} are judged by the expectation saved with them: their EHR or task is not this version's")
    other = sum(bool(one.why) for one in found) - sum(bool(one.why) for one in changed)
    if other:
        typer.echo(f"  {other} more have checks that came out differently, for the same reward; --json lists them")
    if changed:
        Console().print(_table(changed))


def _table(changed: list[Regraded]) -> Table:
    table = Table("Task", "Attempt", "Family", "Before", "After", "Why")
    for row in changed:
        why = escape("\n".join(row.why))
        table.add_row(escape(row.task_id), str(row.attempt), row.family, f"{row.before:g}", f"{row.after:g}", why)
    return table
