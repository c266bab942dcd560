"""Options that several commands share."""

from typing import Annotated

import typer

Variant = Annotated[str, typer.Option(help="new_patient_tasks, new_tasks, test_data_v2 or generated.")]
TasksPath = Annotated[str | None, typer.Option(help="A JSON or JSON Lines file of tasks instead of a variant.")]
TaskTypes = Annotated[
    list[str] | None, typer.Option(help="Only these task types or families; repeat it or separate with commas.")
]
Seed = Annotated[
    int,
    typer.Option(help="With --variant generated: 0 for the shipped world, 1 or more for a fresh one of every family."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the data as JSON instead of a table.")]
