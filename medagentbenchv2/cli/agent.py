"""`medagentbenchv2 agent`: scripted agents for offline runs."""

import asyncio
from pathlib import Path
from typing import Annotated, get_args

import typer

from medagentbenchv2.agents.registry import AGENTS, agent_of
from medagentbenchv2.agents.server import AgentServer
from medagentbenchv2.cli.listening import listen
from medagentbenchv2.cli.options import TasksPath, TaskTypes, Variant
from medagentbenchv2.errors import ArgumentError, not_among, writing
from medagentbenchv2.runs.chat_files import Format, write_jsonl, write_parquet
from medagentbenchv2.runs.demonstrations import Style, rows
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.generated import GENERATED

NAMES = f"{', '.join(AGENTS)}, erring:<rate>[:<seed>] or guessing:<seed>."
agent_app = typer.Typer(help=f"Scripted agents: {NAMES}", no_args_is_help=True)


@agent_app.callback()
def agents() -> None:
    """Scripted agents for offline runs and tests."""


@agent_app.command("serve")
def serve(
    name: Annotated[str, typer.Argument(help=NAMES)],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8901,
    variant: Variant = "new_patient_tasks",
    tasks_path: TasksPath = None,
    task_types: TaskTypes = None,
    protocol: Annotated[str, typer.Option(help="tools or text: how the environment will be asked.")] = "tools",
    split: Annotated[str, typer.Option(help="all or eval (the evaluation tasks), or train.")] = "all",
    seed: Annotated[int, typer.Option(help="Seed of generated tasks.")] = 0,
    num_train_tasks: Annotated[int, typer.Option(help="With split train: how many training tasks.")] = 1000,
    difficulty: Annotated[int, typer.Option(help="1 to 3, of generated tasks.")] = 1,
) -> None:
    """Serve a scripted agent as an OpenAI-compatible model at http://HOST:PORT/v1; give the environment's arguments."""
    try:
        import uvicorn
    except ImportError:
        raise ArgumentError("agent serve needs uvicorn: pip install 'medagentbenchv2[server]'") from None
    setup = Setup(
        tasks_variant=variant,
        tasks_path=tasks_path,
        task_types=tuple(task_types) if task_types else None,
        protocol=protocol,
        split=split,
        seed=seed,
        num_train_tasks=num_train_tasks,
        difficulty=difficulty,
    )
    setup.check()
    agent = agent_of(name)
    listener = listen(host, port)
    app = AgentServer(agent, setup)
    typer.echo(f"{name} answers for {len(app.tasks)} tasks at http://{host}:{listener.getsockname()[1]}/v1")
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])


@agent_app.command("traces")
def traces(
    name: Annotated[str, typer.Argument(help="oracle, or erring:<rate>[:<seed>]; wrong rollouts are left out.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many rollouts.")] = 1000,
    task_types: TaskTypes = None,
    file_format: Annotated[
        str | None, typer.Option("--format", help="jsonl or parquet; by default what the file's name ends in.")
    ] = None,
    style: Annotated[str, typer.Option(help="openai (arguments as text) or hf (as objects, with origin).")] = "openai",
    seed: Annotated[int, typer.Option(help="Seed of the training worlds.")] = 0,
    first_world: Annotated[int, typer.Option(help="Training world to begin with; world 0 is for evaluation.")] = 1,
    difficulty: Annotated[int, typer.Option(help="1 to 3.")] = 1,
    tool_output: Annotated[str, typer.Option(help="bundle or compact: how search results read.")] = "bundle",
) -> None:
    """Write correct rollouts on training worlds as chat messages with tool calls, to train on."""
    chosen = file_format or ("parquet" if out.suffix == ".parquet" else "jsonl")
    if chosen not in get_args(Format):
        raise not_among("format", chosen, get_args(Format))
    if style not in get_args(Style):
        raise not_among("style", style, get_args(Style))
    setup = Setup(
        tasks_variant=GENERATED,
        task_types=tuple(task_types) if task_types else None,
        split="train",
        seed=seed,
        difficulty=difficulty,
        tool_output=tool_output,
    )
    form: Style = "hf" if style == "hf" else "openai"
    found = rows(agent_of(name), setup, number, form, first_world=first_world)
    write = write_parquet(found, out, form) if chosen == "parquet" else write_jsonl(found, out)
    with writing("out", out):
        written = asyncio.run(write)
    typer.echo(f"{written} rollouts written to {out}")
