"""`report`: tables, plots and a page from any runs."""

from pathlib import Path
from typing import Annotated

import orjson
import typer


def report_command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Files, run folders or trees: our runs, published runs.jsonl, results of vf-eval or medarc-eval, "
            "traces.jsonl of verifiers v1, Parquet files of medarc-eval process.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to; required.")],
    focus: Annotated[
        str | None, typer.Option("--focus", metavar="MODEL", help="Model to set against the field; default: the best.")
    ] = None,
    models: Annotated[
        Path | None,
        typer.Option(
            "--models", metavar="FILE", help="models.toml with names, sizes and prices; default: the shipped one."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the leaderboard as JSON instead of a table; default: no.")
    ] = False,
) -> None:
    """Compare models: leaderboard with intervals, paired tests, plots, and a page with every rollout."""
    from medagentbenchv2.results.api import report

    done = report(paths, out, focus, models)
    if as_json:
        from medagentbenchv2.results.tables.leaderboard import leaderboard

        boards = {board.variant: leaderboard(board).records() for board in done.boards}
        typer.echo(orjson.dumps(boards, option=orjson.OPT_INDENT_2).decode())
        return
    from rich.console import Console

    from medagentbenchv2.results.terminal import show

    console = Console()
    for board in done.boards:
        show(board, console)
    console.print(f"{len(done.files)} files in {done.out}: start with report.html or report.md", highlight=False)
