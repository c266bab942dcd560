"""The command line: one module per command; each parses, calls and prints."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.markup import escape

from medagentbenchv2.cli.agent import agent_app
from medagentbenchv2.cli.ask import ask_app
from medagentbenchv2.cli.ehr import ehr_app
from medagentbenchv2.cli.eval import eval_command
from medagentbenchv2.cli.mcp import mcp_command
from medagentbenchv2.cli.regrade import regrade_command
from medagentbenchv2.cli.report import report_command
from medagentbenchv2.cli.tasks import tasks_app
from medagentbenchv2.errors import MedAgentBenchError

app = typer.Typer(
    name="medagentbenchv2",
    help="Clinical work in an electronic health record: evaluate and train agents on MedAgentBench V2.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("eval")(eval_command)
app.command("report")(report_command)
app.command("mcp")(mcp_command)
app.command("regrade")(regrade_command)
app.add_typer(tasks_app, name="tasks")
app.add_typer(ehr_app, name="ehr")
app.add_typer(agent_app, name="agent")
app.add_typer(ask_app, name="ask")


def main() -> None:
    """Run the command line; our own errors end in one line and status 1, never in a traceback."""
    try:
        app()
    except MedAgentBenchError as error:
        Console(stderr=True).print(f"[bold red]error[/]: {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)
