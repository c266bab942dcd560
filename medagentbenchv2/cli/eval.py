"""`medagentbenchv2 eval`: run a scripted agent or models over tasks, and print a table by family."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.cli.options import AsJson, TasksPath, TaskTypes, Variant
from medagentbenchv2.endpoint import AccessError, ChatClient
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.config import HostedModel
from medagentbenchv2.results.statistics.proportion import wilson
from medagentbenchv2.runs.campaign import Campaign, spread
from medagentbenchv2.runs.models import hosted_model, parse_headers, read_models, refuse_key
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
    temperature: Annotated[float | None, typer.Option(min=0, help="Temperature; default the endpoint's.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Tokens of a turn; default the endpoint's.")] = None,
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
        "tasks": spread(setup.tasks, _count(n)),
        "repeats": repeats,
        "concurrency": concurrency,
        "resume": resume,
    }
    models = _models(model, base_url, api_key_var, config, header, temperature, max_tokens)
    scripted = ScriptedPlayer(agent_of(agent), protocol == "text")
    console = Console(stderr=as_json)
    summaries = asyncio.run(_run_models(models, plan, console) if models else _run_agent(scripted, plan, console))
    whole = [summary for summary in summaries if summary is not None]
    if as_json:
        typer.echo(orjson.dumps(whole, option=orjson.OPT_INDENT_2))
    if len(whole) < len(summaries) or any(summary["error"] for summary in whole):
        raise typer.Exit(1)


def _count(n: int) -> int | None:
    if n == 0 or n < -1:
        raise ArgumentError(f"n: {n} is no number of tasks; use 1 or more, or -1 for all")
    return None if n < 0 else n


def _models(
    model: str | None,
    base_url: str | None,
    api_key_var: str | None,
    config: Path | None,
    header: list[str] | None,
    temperature: float | None,
    max_tokens: int | None,
) -> list[HostedModel]:
    if config is not None and model is not None:
        raise ArgumentError("config: give a file of models or --model, not both")
    if model is None:
        # The values are left out: a header or a variable's name may hold a key by mistake.
        asked = {"base_url": base_url, "api_key_var": api_key_var, "header": header or None}
        for name, value in {**asked, "temperature": temperature, "max_tokens": max_tokens}.items():
            if value is not None:
                where = "write it into the file of --config" if config else "add --model, or leave it out"
                raise ArgumentError(f"{name}: says how to ask the model of --model, and there is none; {where}")
        return read_models(config) if config else []
    if api_key_var is not None:
        refuse_key(api_key_var, "api_key_var")
    given = {"temperature": temperature, "max_tokens": max_tokens}
    entry = {
        "model": model,
        "base_url": base_url,
        "api_key_var": api_key_var,
        "headers": parse_headers(header),
        "sampling": {name: value for name, value in given.items() if value is not None},
    }
    return [hosted_model(entry, "eval")]


async def _run_agent(player: ScriptedPlayer, plan: dict[str, Any], console: Console) -> list[dict[str, Any] | None]:
    return [await _run(Campaign(player=player, **plan), console)]


async def _run_models(models: list[HostedModel], plan: dict[str, Any], console: Console) -> list[dict[str, Any] | None]:
    """One model after the other; what is wrong with any one's key, address or folder is said before the first."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(ChatClient(spec.endpoint())) for spec in models]
        campaigns = [_campaign(spec, client, plan) for spec, client in zip(models, clients, strict=True)]
        for campaign in campaigns:
            campaign.check()
        for campaign in campaigns:
            stack.enter_context(campaign.held())
        return [await _run(campaign, console) for campaign in campaigns]


def _campaign(spec: HostedModel, client: ChatClient, plan: dict[str, Any]) -> Campaign:
    """A model's campaign; of its headers the names are recorded, never the values.

    The port decides no answer: a server on this machine may come back on another one, and the run goes on.
    """
    host = urlsplit(f"//{client.host}").hostname
    price = spec.price.price() if spec.price else None
    player = ModelPlayer(client, spec.title, spec.sampling, price, plan["setup"].protocol == "text")
    details = {"model": spec.model, "endpoint": host, "sampling": spec.sampling, "headers": sorted(spec.headers)}
    recorded = {
        "address": client.host,
        **spec.model_dump(include={"price", "max_retries", "timeout_s", "requests_per_minute"}),
    }
    one = plan | {"concurrency": spec.concurrency or plan["concurrency"], "details": details, "recorded": recorded}
    return Campaign(player=player, **one)


async def _run(campaign: Campaign, console: Console) -> dict[str, Any] | None:
    """The summary; None when the endpoint refused the key or the model, which is said in one line."""
    total = len(campaign.tasks) * campaign.repeats
    try:
        with LiveProgress(campaign.player.name, total, console) as progress:
            summary = await campaign.run(progress)
    except AccessError as error:
        said = f"{campaign.player.name}: {error}; what was played is in {campaign.folder}, --resume goes on"
        Console(stderr=True).print(f"[bold red]error[/]: {escape(said)}", highlight=False, soft_wrap=True)
        return None
    console.print(_table(summary))
    if progress.troubles:
        (trouble, times), *others = progress.troubles.most_common()
        more = f" (and {len(others)} other kinds, in runs.jsonl)" if others else ""
        console.print(escape(f"{times} errors: {trouble}{more}"), highlight=False, soft_wrap=True)
    console.print(f"written to {escape(str(campaign.folder))}", soft_wrap=True)
    return summary


def _table(summary: dict[str, Any]) -> Table:
    once = len(summary["pass_hat_k"]) == 1
    table = Table("Family", "Kind", "Correct", "Accuracy (%)", title=escape(summary["model"]))
    if once:
        table.add_column("95 % interval")
    for slug, counts in summary["by_family"].items():
        kind = FAMILIES[slug].kind if slug in FAMILIES else ""
        table.add_row(slug, kind, *_figures(counts["correct"], counts["total"], once))
    table.add_section()
    scored = sum(counts["total"] for counts in summary["by_family"].values())
    table.add_row("all", "", *_figures(summary["correct"], scored, once))
    said = [] if once else ["intervals over repeated attempts: medagentbenchv2 report"]
    if summary["error"]:
        said.append(f"{summary['error']} infrastructure errors are not scored; --resume runs them again")
    table.caption = "\n".join(said) or None
    return table


def _figures(correct: int, total: int, once: bool) -> list[str]:
    """Counts, share and, where each task was tried once, the Wilson interval: attempts at one task are no sample."""
    interval = wilson(correct, total)
    if interval is None:
        return ["0/0", "-"]
    share = [f"{correct}/{total}", f"{100 * interval.estimate:.1f}"]
    return [*share, f"{100 * interval.low:.1f}-{100 * interval.high:.1f}"] if once else share
