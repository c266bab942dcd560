"""`medagentbenchv2 tasks leaks`: proof that what trains and what evaluates share nothing."""

from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from medagentbenchv2.cli.options import AsJson, TaskTypes
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.tasks.generated import FIRST_EVAL
from medagentbenchv2.tasks.leaks import audit, evaluation_worlds, training_worlds
from medagentbenchv2.tasks.selection import select_families


def leaks(
    worlds: Annotated[int, typer.Option(help="Training worlds to compare, 1 to this number.")] = 10,
    seed: Annotated[int, typer.Option(help="Seed of the training worlds.")] = 0,
    eval_seed: Annotated[
        list[int] | None, typer.Option(help="A private seed of an evaluation world, beside world 0; repeat it.")
    ] = None,
    difficulty: Annotated[int, typer.Option(help="1 to 3, of generated tasks.")] = 1,
    task_types: TaskTypes = None,
    as_json: AsJson = False,
) -> None:
    """Prove that training and evaluation worlds share no patient and no prompt."""
    if not 1 <= worlds < FIRST_EVAL:
        raise ArgumentError(f"worlds: {worlds} is not a whole number from 1 to {FIRST_EVAL - 1}")
    if difficulty not in (1, 2, 3):
        raise ArgumentError(f"difficulty: {difficulty} is not a whole number from 1 to 3")
    if seed < 0:
        raise ArgumentError(f"seed: {seed} is not a whole number from 0 on")
    for private in eval_seed or ():
        if private < 1:
            raise ArgumentError(f"eval_seed: {private} is not a whole number from 1 on; world 0 is compared anyway")
    families = select_families(task_types)
    found = audit(
        training_worlds(worlds, seed, difficulty, families), evaluation_worlds(eval_seed or (), difficulty, families)
    )
    if as_json:
        typer.echo(orjson.dumps(found.to_json(), option=orjson.OPT_INDENT_2))
    else:
        table = Table("", "Training", "Evaluation", "Shared")
        shared = len(found.shared_mrns) + len(found.shared_people)
        table.add_row("worlds", str(found.train_worlds), str(found.eval_worlds), "0")
        table.add_row("patients", str(found.train_patients), str(found.eval_patients), str(shared))
        table.add_row("prompts", str(found.train_prompts), str(found.eval_prompts), str(len(found.shared_prompts)))
        Console().print(table)
        for leak in (*found.shared_mrns, *found.shared_people, *found.shared_prompts):
            typer.echo(f"shared: {leak}")
    raise typer.Exit(0 if found.holds else 1)
