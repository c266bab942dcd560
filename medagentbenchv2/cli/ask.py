"""`medagentbenchv2 ask`: one list of medical questions to many models, answers kept and compared."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console, Group
from rich.markdown import Markdown
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from medagentbenchv2.cli.ask_progress import LiveProgress
from medagentbenchv2.cli.options import AsJson
from medagentbenchv2.errors import ArgumentError, writing
from medagentbenchv2.questions import AskConfig, ModelSummary, Question, ask, make_config, read_config
from medagentbenchv2.questions.agreement import Agreement, agreements
from medagentbenchv2.questions.compare import Response, Run, nearest, read_run
from medagentbenchv2.questions.elsewhere import answer_folders
from medagentbenchv2.questions.judging import judge_all
from medagentbenchv2.questions.page import write_page
from medagentbenchv2.questions.question import select
from medagentbenchv2.questions.ratings import Rating, read_ratings
from medagentbenchv2.questions.scoring import ModelScore, score_models
from medagentbenchv2.questions.store import truncation_note
from medagentbenchv2.questions.tables import write_tables
from medagentbenchv2.runs.models import hosted_model

ask_app = typer.Typer(help="Medical questions to many models: run, show, compare, import, judge.", no_args_is_help=True)

Out = Annotated[Path, typer.Option(help="The run's folder.")]
KINDS = {"hf": "huggingface", "encoder": "encoder"}


def _refuse_key(value: str | None) -> None:
    if value is not None:
        # Shells and process lists remember what is typed here.
        raise typer.BadParameter("keys are not taken on the command line; set a variable and give --api-key-var")


@ask_app.command("run")
def run(
    config: Annotated[Path | None, typer.Option(help="TOML file of models and personas.")] = None,
    questions: Annotated[Path | None, typer.Option(help="JSON Lines file of questions; else the config's.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Model id at the endpoint; hf:ID runs a Hugging Face model here, encoder:ID embeds. Repeat."),
    ] = None,
    persona: Annotated[
        str | None,
        typer.Option(
            help="oncology_researcher (default), general_physician, cardiologist, patient_educator, researcher, "
            "none, or a text file.",
        ),
    ] = None,
    base_url: Annotated[str | None, typer.Option(help="Endpoint up to and including /v1; default OpenAI's.")] = None,
    api_key_var: Annotated[
        str | None, typer.Option(help="Variable (or .env line) that holds the key; default the host's usual one.")
    ] = None,
    api_key: Annotated[str | None, typer.Option(hidden=True, callback=_refuse_key)] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0, help="Sampling temperature; default the model's own.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Longest answer in tokens; default the model's own.")
    ] = None,
    concurrency: Annotated[int | None, typer.Option(help="Requests under way at once per model; default 8.")] = None,
    requests_per_minute: Annotated[
        float | None, typer.Option(help="Space requests to stay under this rate, per model; default no limit.")
    ] = None,
    markdown: Annotated[bool | None, typer.Option("--markdown", help="Write 1.md beside 1.txt; default off.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to; default answers.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask every model every question that it has not answered yet; a run that was cut short goes on."""
    given = {"questions": questions, "persona": persona, "concurrency": concurrency, "markdown": markdown, "out": out}
    if config is not None:
        if model or base_url or api_key_var or temperature is not None or max_tokens is not None:
            raise ArgumentError("config: names the models itself; give either --config or --model and its options")
        plan = read_config(config, **given)
    else:
        if questions is None or not model:
            raise ArgumentError("ask run: give --config FILE, or --questions FILE and --model ID")
        sampling = {"temperature": temperature, "max_tokens": max_tokens}
        hosted = {"base_url": base_url, "api_key_var": api_key_var, "requests_per_minute": requests_per_minute}
        models = [_model(name, hosted, {k: v for k, v in sampling.items() if v is not None}) for name in model]
        plan = make_config("ask run", {**{k: v for k, v in given.items() if v is not None}, "models": models})
    _run(plan, as_json)


@ask_app.command("import")
def import_answers(
    folder: Annotated[Path, typer.Argument(help="Folder of 1.txt, 2.md..., or of one such folder per model.")],
    questions: Annotated[Path, typer.Option(help="JSON Lines file of the questions they answer.")],
    model: Annotated[str | None, typer.Option(help="Which model gave them; default the folder's name.")] = None,
    out: Out = Path("answers"),
    as_json: AsJson = False,
) -> None:
    """Take in answers that were produced elsewhere; a file's name is its question's number or id."""
    models = [{"kind": "folder", "model": m.model, "path": m.path} for m in answer_folders(folder, model)]
    _run(make_config("ask import", {"questions": questions, "out": out, "models": models}), as_json)


@ask_app.command("show")
def show(
    question: Annotated[str, typer.Argument(help="The question's number or id.")],
    out: Out = Path("answers"),
    as_json: AsJson = False,
) -> None:
    """Print every model's answer to one question."""
    found = read_run(out)
    asked = select(found.questions, question)
    responses = found.of(asked)
    if as_json:
        rows = [{**asdict(response), "status": response.status} for response in responses]
        typer.echo(orjson.dumps({"question": asked.row(), "responses": rows}, option=orjson.OPT_INDENT_2))
        return
    console = Console()
    console.print(Panel(escape(asked.prompt), title=f"Question {asked.number}", title_align="left"))
    for response in responses:
        console.print(_card(found, asked, response))


@ask_app.command("compare")
def compare(
    out: Out = Path("answers"),
    html: Annotated[Path | None, typer.Option(help="Where to write the page; default compare.html in the run.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page with every answer side by side, and the tables answers.csv and scores.csv."""
    found = read_run(out)
    scores = score_models(found)
    page = html or out / "compare.html"
    if page.is_dir():
        raise ArgumentError(f"html: {str(page)!r} is a folder; give a file such as compare.html")
    with writing("html", page):
        written = [write_page(found, scores, page), *write_tables(found, scores)]
    if as_json:
        data = {"written": [str(path) for path in written], "scores": [asdict(row) for row in scores]}
        typer.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2))
        return
    if scores:
        Console().print(_score_table(scores))
    for path in written:
        typer.echo(f"written: {path}")


@ask_app.command("judge")
def judge(
    model: Annotated[list[str] | None, typer.Option(help="Judge model's id at the endpoint. Repeat.")] = None,
    ratings: Annotated[
        list[Path] | None, typer.Option(help="Ratings that the comparison page saved, to compare with. Repeat.")
    ] = None,
    base_url: Annotated[str | None, typer.Option(help="Endpoint up to and including /v1; default OpenAI's.")] = None,
    api_key_var: Annotated[
        str | None, typer.Option(help="Variable (or .env line) that holds the key; default the host's usual one.")
    ] = None,
    api_key: Annotated[str | None, typer.Option(hidden=True, callback=_refuse_key)] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0, help="Sampling temperature; default the model's own.")
    ] = None,
    concurrency: Annotated[int, typer.Option(help="Requests under way at once.", min=1)] = 8,
    out: Out = Path("answers"),
    as_json: AsJson = False,
) -> None:
    """Have judge models grade every answer blind (kept, never paid for twice), and print how far raters agree."""
    found = read_run(out)
    people: list[Rating] = []
    for path in ratings or []:
        read, stale = read_ratings(path, found)
        if not read and not stale:
            raise ArgumentError(f"ratings: {path} holds no rating; give a file that the comparison page saved")
        people += read
        if stale:
            typer.echo(f"{path}: {stale} ratings are of answers that have changed since, and don't count", err=True)
    sampling = {} if temperature is None else {"temperature": temperature}
    hosted = {"base_url": base_url, "api_key_var": api_key_var, "sampling": sampling}
    judges = [hosted_model({"model": m, **hosted}, "ask judge") for m in model or []]
    judged = judge_all(found, judges, concurrency)
    for failure in (line for row in judged for line in row.failures):
        typer.echo(failure, err=True)
    rows = agreements(found, people)
    if as_json:
        data = {"judges": [asdict(row) for row in judged], "agreement": [asdict(row) for row in rows]}
        typer.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2))
    else:
        for row in judged:
            typer.echo(f"{row.judge}: {row.verdicts} answers judged, {row.cached} of them before")
        Console().print(_agreement_table(rows))
    raise typer.Exit(1 if any(row.failures for row in judged) else 0)


def _model(name: str, hosted: dict[str, Any], sampling: dict[str, Any]) -> dict[str, Any]:
    prefix, _, rest = name.partition(":")
    kind = KINDS.get(prefix)
    if kind is None:
        return {"kind": "openai", "model": name, "sampling": sampling, **hosted}
    return {"kind": kind, "model": rest, **(sampling if kind == "huggingface" else {})}


def _run(plan: AskConfig, as_json: bool) -> None:
    with LiveProgress(Console(stderr=True)) as progress:
        summaries = asyncio.run(ask(plan, progress))
    if as_json:
        typer.echo(orjson.dumps([asdict(summary) for summary in summaries], option=orjson.OPT_INDENT_2))
    else:
        Console().print(_summary_table(plan, summaries))
    raise typer.Exit(0 if all(summary.well for summary in summaries) else 1)


def _summary_table(plan: AskConfig, summaries: list[ModelSummary]) -> Table:
    table = Table("Model", "Persona", "Answered", "Truncated", "Failed", "Cost ($)", title=f"{plan.out}")
    for row in summaries:
        cost = "" if row.cost is None else f"{row.cost:.4f}"
        answered = f"{row.answered}/{row.questions}"
        table.add_row(escape(row.model), row.persona, answered, str(row.truncated), str(row.failed), cost)
    return table


def _score_table(scores: list[ModelScore]) -> Table:
    table = Table("Model", "Measure", "Mean", "95 % interval", "Questions", "No readable letter")
    for row in scores:
        interval = f"{row.low:.3f} to {row.high:.3f}"
        unreadable = str(row.unreadable) if row.measure == "choice_accuracy" else ""
        table.add_row(escape(row.model), row.measure, f"{row.mean:.3f}", interval, str(row.n), unreadable)
    return table


def _agreement_table(rows: list[Agreement]) -> Table:
    table = Table("Raters", "About", "Items", "Agree", "Kappa", "95 % interval", "Weighted", title="Agreement")
    for row in rows:
        share = "" if row.share is None else f"{row.share:.1%}"
        kappa = "undefined" if row.kappa is None else f"{row.kappa:.3f}"
        interval = "" if row.low is None or row.high is None else f"{row.low:.3f} to {row.high:.3f}"
        weighted = "" if row.weighted is None else f"{row.weighted:.3f}"
        table.add_row(escape(", ".join(row.raters)), row.about, str(row.n), share, kappa, interval, weighted)
    return table


def _card(run: Run, question: Question, response: Response) -> Panel:
    answer, title = response.answer, escape(response.model)
    if answer is None:
        reason = response.failure.reason if response.failure else "not asked yet"
        return Panel(f"[red]{escape(reason)}[/]", title=title, title_align="left", border_style="red")
    if answer.embedding is not None:
        near = ", ".join(f"{q.number} ({score:.3f})" for q, score in nearest(run, response.folder, question))
        text = f"a vector of {len(answer.embedding)} numbers; nearest questions: {near or 'none'}"
        return Panel(text, title=title, title_align="left")
    note = truncation_note(answer)
    # Links would hide their target behind the model's own words.
    parts: list[Any] = [Markdown(answer.text or "", hyperlinks=False)]
    parts += [f"[bold yellow]{escape(note)}[/]"] if note else []
    facts = [answer.finish_reason, f"{answer.output_tokens} tokens" if answer.output_tokens else None, answer.persona]
    subtitle = " · ".join(fact for fact in facts if fact)
    style = "yellow" if note else "none"
    return Panel(Group(*parts), title=title, title_align="left", subtitle=subtitle, border_style=style)
