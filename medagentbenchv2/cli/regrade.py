"""`medagentbenchv2 regrade`: saved rollouts, judged again."""

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from medagentbenchv2.cli.options import AsJson
from medagentbenchv2.runs.regrade import Regraded, regrade


def regrade_command(
    path: Annotated[Path, typer.Argument(help="A run folder, such as outputs/new_patient_tasks/oracle.")],
    as_json: AsJson = False,
) -> None:
    """Judge a run's saved rollouts with the current judge, without a model; show what changed and why."""
    found = asyncio.run(regrade(path))
    changed = [one for one in found if one.changed]
    if as_json:
        rows = [{"task_id": r.task_id, "attempt": r.attempt, "before": r.before, "after": r.after, "why": r.why}
                for r in found]  # fmt: skip
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
        return
    before, after = (sum(getattr(r, when) for r in found) for when in ("before", "after"))
    typer.echo(f"{len(found)} rollouts: {before:g} were right, {after:g} are; {len(changed)} changed")
    if changed:
        Console().print(_table(changed))


def _table(changed: list[Regraded]) -> Table:
    table = Table("Task", "Attempt", "Family", "Before", "After", "Why")
    for row in changed:
        why = "\n".join(row.why)
        table.add_row(row.task_id, str(row.attempt), row.family, f"{row.before:g}", f"{row.after:g}", why)
    return table
