"""`medagentbenchv2 eval`: run an agent or a model over tasks."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.cli.options import TasksPath, TaskTypes, Variant


def eval_command(
    agent: Annotated[str, typer.Option(help="A scripted agent to run when no model is given.")] = "oracle",
) -> None:
    """Run an agent or a model over tasks and print a table by family."""
