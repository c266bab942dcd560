"""`medagentbenchv2 eval`: run a scripted agent or models over tasks, and print a table by family."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.cli.options import AsJson, TasksPath, TaskTypes, Variant
from medagentbenchv2.endpoint import ChatClient
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.config import HostedModel
from medagentbenchv2.results.statistics.proportion import wilson
from medagentbenchv2.runs.campaign import Campaign, spread
from medagentbenchv2.runs.models import parse_headers, read_models, refuse_key
from medagentbenchv2.runs.player import ModelPlayer, ScriptedPlayer
from medagentbenchv2.runs.progress import LiveProgress
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.registry import FAMILIES

FIRST_RUN = 20
"""Tasks of a run without -n: enough to see it work, done in seconds."""


def eval_command(
    agent: Annotated[str, typer.Option(help="Scripted agent to run when no model is given.")] = "oracle",
    model: Annotated[str | None, typer.Option("--model", "-m", help="Model id at the endpoint.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Endpoint up to and including /v1; default OpenAI's.")] = None,
    api_key_var: Annotated[str | None, typer.Option(help="Environment variable (or .env line) with the key.")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of [[models]], to run several.")] = None,
    header: Annotated[list[str] | None, typer.Option(help="Extra request header K=V; V may be env:NAME.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Sampling temperature; default the endpoint's.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Tokens a turn may take; default the endpoint's.")] = None,
    variant: Variant = "new_patient_tasks",
    tasks_path: TasksPath = None,
    task_types: TaskTypes = None,
    difficulty: Annotated[int, typer.Option(help="1 to 3, of generated tasks.")] = 1,
    protocol: Annotated[str, typer.Option(help="tools or text.")] = "tools",
    tool_output: Annotated[str, typer.Option(help="bundle or compact.")] = "bundle",
    max_turns: Annotated[int, typer.Option(help="Model turns in a rollout.")] = 8,
    n: Annotated[int, typer.Option("-n", help="Number of tasks; -1 for all.")] = FIRST_RUN,
    repeats: Annotated[int, typer.Option(help="Attempts at each task.", min=1)] = 1,
    concurrency: Annotated[int, typer.Option(help="Rollouts under way at once.", min=1)] = 16,
    seed: Annotated[int, typer.Option(help="Seed sent with requests (plus the attempt) and of generated tasks.")] = 0,
    grading: Annotated[str | None, typer.Option(help="strict or published; default strict for our wording.")] = None,
    fhir_api_base: Annotated[str | None, typer.Option(help="Base URL of a FHIR server; default embedded.")] = None,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("outputs"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut short.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run an agent or models over tasks; with no model, the oracle on 20 tasks: no key, no server, no download."""
    setup = Setup(
        fhir_api_base=fhir_api_base,
        tasks_variant=variant,
        tasks_path=tasks_path,
        task_types=tuple(task_types) if task_types else None,
        max_turns=max_turns,
        seed=seed,
        difficulty=difficulty,
        protocol=protocol,
        grading=grading,
        tool_output=tool_output,
    )
    setup.check()
    plan: dict[str, Any] = {
        "setup": setup,
        "out": out,
        "tasks": spread(setup.tasks, None if n < 0 else n),
        "repeats": repeats,
        "concurrency": concurrency,
        "resume": resume,
    }
    models = _models(model, base_url, api_key_var, config, header, temperature, max_tokens)
    scripted = ScriptedPlayer(agent_of(agent), protocol == "text")
    console = Console(stderr=as_json)
    summaries = asyncio.run(_run_models(models, plan, console) if models else _run_agent(scripted, plan, console))
    if as_json:
        typer.echo(orjson.dumps(summaries, option=orjson.OPT_INDENT_2))
    if any(summary["error"] for summary in summaries):
        raise typer.Exit(1)


def _models(
    model: str | None,
    base_url: str | None,
    api_key_var: str | None,
    config: Path | None,
    header: list[str] | None,
    temperature: float | None,
    max_tokens: int | None,
) -> list[HostedModel]:
    if config is not None:
        if model is not None:
            raise ArgumentError("config: give a file of models or --model, not both")
        return read_models(config)
    if model is None:
        if base_url is not None:
            raise ArgumentError("base_url: names an endpoint but no --model says which model to ask there")
        return []
    if api_key_var is not None:
        refuse_key(api_key_var, "api_key_var")
    given = {"temperature": temperature, "max_tokens": max_tokens}
    return [
        HostedModel(
            model=model,
            base_url=base_url,
            api_key_var=api_key_var,
            headers=parse_headers(header),
            sampling={name: value for name, value in given.items() if value is not None},
        )
    ]


async def _run_agent(player: ScriptedPlayer, plan: dict[str, Any], console: Console) -> list[dict[str, Any]]:
    return [await _run(Campaign(player=player, **plan), console)]


async def _run_models(models: list[HostedModel], plan: dict[str, Any], console: Console) -> list[dict[str, Any]]:
    summaries = []
    for spec in models:
        async with ChatClient(spec.endpoint()) as client:
            price = spec.price.price() if spec.price else None
            by_text = plan["setup"].protocol == "text"
            player = ModelPlayer(client, spec.title, spec.sampling, price, by_text)
            details = {"endpoint": client.host, "sampling": dict(spec.sampling)}
            one = plan | {"concurrency": spec.concurrency or plan["concurrency"], "details": details}
            summaries.append(await _run(Campaign(player=player, **one), console))
    return summaries


async def _run(campaign: Campaign, console: Console) -> dict[str, Any]:
    total = len(campaign.tasks) * campaign.repeats
    with LiveProgress(campaign.player.name, total, console) as progress:
        summary = await campaign.run(progress.count)
    console.print(_table(summary))
    console.print(f"written to {campaign.folder}")
    return summary


def _table(summary: dict[str, Any]) -> Table:
    table = Table("Family", "Kind", "Correct", "Accuracy (%)", "95 % interval", title=f"{summary['model']}")
    for slug, counts in summary["by_family"].items():
        kind = FAMILIES[slug].kind if slug in FAMILIES else ""
        table.add_row(slug, kind, *_figures(counts["correct"], counts["total"]))
    table.add_section()
    scored = sum(counts["total"] for counts in summary["by_family"].values())
    table.add_row("all", "", *_figures(summary["correct"], scored))
    if summary["error"]:
        table.caption = f"{summary['error']} infrastructure errors are not scored; --resume runs them again"
    return table


def _figures(correct: int, total: int) -> tuple[str, str, str]:
    interval = wilson(correct, total)
    if interval is None:
        return "0/0", "-", "-"
    return f"{correct}/{total}", f"{100 * interval.estimate:.1f}", f"{100 * interval.low:.1f}-{100 * interval.high:.1f}"
