"""`medagentbenchv2 mcp`: the tools for desktop agents and other clients of the Model Context Protocol."""

import asyncio
from typing import Annotated

import typer

from medagentbenchv2.cli.listening import listen
from medagentbenchv2.cli.options import TasksPath, Variant
from medagentbenchv2.errors import ArgumentError, not_among
from medagentbenchv2.setup import Setup


def mcp_command(
    http: Annotated[
        int | None, typer.Option(help="Port for streamable HTTP at 127.0.0.1:PORT/mcp; default stdio.")
    ] = None,
    task: Annotated[str | None, typer.Option(help="Id of one task to work on; default none, an EHR to try.")] = None,
    variant: Variant = "new_patient_tasks",
    tasks_path: TasksPath = None,
    fhir_api_base: Annotated[str | None, typer.Option(help="Base URL of a FHIR server; default embedded.")] = None,
    tool_output: Annotated[str, typer.Option(help="bundle or compact.")] = "bundle",
) -> None:
    """Serve the tools over MCP: an interactive EHR, or one task that ends with a verdict; each client has its own."""
    try:
        from medagentbenchv2.faces.mcp import Desk, http_app, serve_stdio
    except ImportError as error:
        raise ArgumentError(f"mcp: {error}; pip install 'medagentbenchv2[mcp]'") from None
    setup = Setup(fhir_api_base=fhir_api_base, tasks_variant=variant, tasks_path=tasks_path, tool_output=tool_output)
    setup.check()
    by_id = {one.id: one for one in setup.tasks}
    if task is not None and task not in by_id:
        raise not_among("task", task, by_id)
    desk = Desk(setup, by_id[task] if task else None)
    if http is None:
        asyncio.run(serve_stdio(desk))
        return
    import uvicorn

    listener = listen("127.0.0.1", http, "http")
    typer.echo(f"{task or 'the EHR'} is served at http://127.0.0.1:{listener.getsockname()[1]}/mcp", err=True)
    uvicorn.Server(uvicorn.Config(http_app(desk), log_level="warning", access_log=False)).run(sockets=[listener])
