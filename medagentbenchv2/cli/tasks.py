"""`medagentbenchv2 tasks`: look at the tasks, and prove them."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from medagentbenchv2.agents.proof import FAMILY_BOUND, GUESSES, OVERALL_BOUND, Proof, prove
from medagentbenchv2.agents.registry import WORTHLESS
from medagentbenchv2.cli.leaks import leaks
from medagentbenchv2.cli.options import AsJson, Seed, TasksPath, TaskTypes, Variant
from medagentbenchv2.cli.reviews import export_for_review, reviews
from medagentbenchv2.cli.verdicts import verdicts_in
from medagentbenchv2.errors import not_among, writing
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.excerpt import excerpt
from medagentbenchv2.tasks.explain import explain, explain_verdict
from medagentbenchv2.tasks.task_file import write_tasks

tasks_app = typer.Typer(help="Look at the tasks: list, show, validate, export, reviews, leaks.", no_args_is_help=True)
tasks_app.command("leaks")(leaks)
tasks_app.command("reviews")(reviews)


def _setup(variant: str, tasks_path: str | None, task_types: list[str] | None, seed: int) -> Setup:
    types = tuple(task_types) if task_types else None
    return Setup(tasks_variant=variant, tasks_path=tasks_path, task_types=types, seed=seed)


@tasks_app.command("list")
def list_tasks(
    variant: Variant = "new_patient_tasks",
    tasks_path: TasksPath = None,
    task_types: TaskTypes = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """List the tasks by family."""
    tasks = _setup(variant, tasks_path, task_types, seed).tasks
    if as_json:
        typer.echo(orjson.dumps([t.to_json() for t in tasks], option=orjson.OPT_INDENT_2))
        return
    counts = Counter(t.family.slug for t in tasks)
    table = Table("Task type", "Family", "Kind", "What", "Tasks")
    for family in dict.fromkeys(t.family for t in tasks):
        table.add_row(family.task_type, family.slug, family.kind, family.title, str(counts[family.slug]))
    Console().print(table)


@tasks_app.command("show")
def show(
    task_id: Annotated[str, typer.Argument(help="A task id such as task8_3.")],
    variant: Variant = "new_patient_tasks",
    tasks_path: TasksPath = None,
    seed: Seed = 0,
    verdict: Annotated[
        Path | None,
        typer.Option(help="Explain a verdict on the task: a verdict's JSON, a trace, runs.jsonl or a run's folder."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a task's prompt, what is right, and why; with --verdict also what was wrong."""
    setup = _setup(variant, tasks_path, None, seed)
    by_id = {task.id: task for task in setup.tasks}
    if task_id not in by_id:
        raise not_among("task_id", task_id, by_id)
    task = by_id[task_id]
    rollout = asyncio.run(setup.open(task))
    verdicts = verdicts_in(verdict, task_id) if verdict else []
    if as_json:
        right = {name: e.model_dump(mode="json") for name, e in rollout.expectations.items()}
        said = {"verdicts": verdicts} if verdict else {}
        typer.echo(orjson.dumps(task.to_json() | {"expectations": right} | said, option=orjson.OPT_INDENT_2))
        return
    typer.echo(explain(task, rollout.expectations, asyncio.run(excerpt(task, rollout.ehr))))
    for one in verdicts:
        typer.echo("\n" + "\n".join(explain_verdict(one)))


@tasks_app.command("export")
def export(
    out: Annotated[Path, typer.Option(help="File to write: JSON Lines, or CSV with --review.")],
    variant: Variant = "new_patient_tasks",
    tasks_path: TasksPath = None,
    task_types: TaskTypes = None,
    seed: Seed = 0,
    review: Annotated[
        bool, typer.Option("--review", help="A spreadsheet for clinicians: each task, what is right, why, a verdict.")
    ] = False,
) -> None:
    """Write the tasks as a file that `tasks_path` reads, or with --review as a spreadsheet for clinicians to judge."""
    setup = _setup(variant, tasks_path, task_types, seed)
    if review:
        count = export_for_review(setup, out)
        typer.echo(
            f"{count} tasks written to {out}; fill in verdict (agree, disagree or unsure) and give it to `reviews`"
        )
        return
    with writing("out", out):
        write_tasks(setup.tasks, out)
    typer.echo(f"{len(setup.tasks)} tasks written to {out}")


@tasks_app.command("validate")
def validate(
    variant: Variant = "new_patient_tasks",
    tasks_path: TasksPath = None,
    task_types: TaskTypes = None,
    seed: Seed = 0,
    cheats: Annotated[
        bool, typer.Option("--cheats", help=f"Try {GUESSES} random tool sequences, too; takes minutes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Prove every task: the oracle scores 1.0, every cheat 0.0, and no constant answer pays."""
    proof = asyncio.run(prove(_setup(variant, tasks_path, task_types, seed), guesses=GUESSES if cheats else 0))
    if as_json:
        typer.echo(orjson.dumps(proof.to_json(), option=orjson.OPT_INDENT_2))
    else:
        Console().print(_proof_table(proof))
        Console().print(_cheat_table(proof))
        for line in proof.faults:
            typer.echo(line)
    raise typer.Exit(0 if proof.holds else 1)


def _proof_table(proof: Proof) -> Table:
    bounds = f"One reply to all: at most {FAMILY_BOUND} of a family, {OVERALL_BOUND} of all."
    table = Table(title=proof.title, caption=bounds)
    table.add_column("Family", no_wrap=True)
    for name in ("Tasks", "Act", "No act", "Oracle", "Best constant"):
        table.add_column(name)
    guessed = proof.guessed is not None
    if guessed:
        table.add_column("Best random")
    for row in proof.rows:
        values: list[Any] = [row.family, row.tasks, row.acting, row.idle, row.oracle, f"{row.constant:.3f}"]
        table.add_row(*map(str, values), *([f"{row.guessed:.3f}"] if guessed else []))
    table.add_section()
    values = ["all", proof.tasks, "", "", proof.oracle, f"{proof.constant:.3f}"]
    table.add_row(*map(str, values), *([f"{proof.guessed:.3f}"] if guessed else []))
    return table


def _cheat_table(proof: Proof) -> Table:
    table = Table(title="Tasks that each cheat solves", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("Family", no_wrap=True)
    for name in WORTHLESS:
        table.add_column(name.replace("_", "\n"), justify="right")
    for row in proof.rows:
        table.add_row(row.family, *(str(row.cheats[name]) for name in WORTHLESS))
    table.add_section()
    table.add_row("all", *(str(proof.cheated(name)) for name in WORTHLESS))
    return table
