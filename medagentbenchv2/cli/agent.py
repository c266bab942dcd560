"""`medagentbenchv2 agent`: scripted agents for offline runs."""

from typing import Annotated

import typer

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.agents.server import AgentServer
from medagentbenchv2.cli.options import TasksPath, TaskTypes, Variant
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.setup import Setup

agent_app = typer.Typer(help="Scripted agents: oracle, null, minus_one, silent, erring:<rate>.", no_args_is_help=True)


@agent_app.callback()
def agents() -> None:
    """Scripted agents for offline runs and tests."""


@agent_app.command("serve")
def serve(
    name: Annotated[str, typer.Argument(help="oracle, null, minus_one, silent or erring:<rate>[:<seed>].")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8901,
    variant: Variant = "new_patient_tasks",
    tasks_path: TasksPath = None,
    task_types: TaskTypes = None,
    protocol: Annotated[str, typer.Option(help="tools or text: how the environment will be asked.")] = "tools",
) -> None:
    """Serve a scripted agent as an OpenAI-compatible model at http://HOST:PORT/v1."""
    try:
        import uvicorn
    except ImportError:
        raise ArgumentError("agent serve needs uvicorn: pip install 'medagentbenchv2[server]'") from None
    setup = Setup(
        tasks_variant=variant,
        tasks_path=tasks_path,
        task_types=tuple(task_types) if task_types else None,
        protocol=protocol,
    )
    app = AgentServer(agent_of(name), setup)
    typer.echo(f"{name} answers for {len(setup.tasks)} tasks at http://{host}:{port}/v1")
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
