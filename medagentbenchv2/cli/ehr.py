"""`medagentbenchv2 ehr`: the EHR over HTTP, as files, in figures, and one patient's record to read."""

import gc
from pathlib import Path
from typing import Annotated, Literal

import orjson
import typer
from rich.console import Console

from medagentbenchv2 import data
from medagentbenchv2.cli.ehr_tables import info_table, timeline_tables
from medagentbenchv2.cli.listening import listen
from medagentbenchv2.cli.options import AsJson
from medagentbenchv2.errors import ArgumentError, writing
from medagentbenchv2.fhir import export as files
from medagentbenchv2.fhir.served import Limits
from medagentbenchv2.fhir.server import FhirServer
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.fhir.timeline import timeline
from medagentbenchv2.moment import is_moment, parse_moment

SHIPPED = "world0.snapshot"

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data", help="A folder of NDJSON files, one resource a line: your own EHR. Default: the one that ships."
    ),
]

ehr_app = typer.Typer(help="The EHR: serve it over HTTP, export it, look at it.", no_args_is_help=True)


@ehr_app.callback()
def ehr() -> None:
    """The EHR over HTTP, as files, in figures, and one patient's record to read."""


@ehr_app.command("serve")
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; others than loopback let anybody in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8080,
    data_dir: DataDir = None,
    validation: Annotated[
        Literal["hapi", "r4"], typer.Option(help="What a body must satisfy: what HAPI asks, or all of R4.")
    ] = "hapi",
    max_sessions: Annotated[int, typer.Option(min=1, help="Sessions at the same time.")] = Limits.sessions,
) -> None:
    """Serve the EHR as a FHIR R4 server at http://HOST:PORT/fhir/.

    Each session has its own writes: name it by the header `X-Session: ID` or by the base address
    http://HOST:PORT/session/ID/fhir/. Its clock is the header `X-Session-Now` or `PUT /session/ID?now=...`.
    """
    try:
        import uvicorn
    except ImportError:
        raise ArgumentError("ehr serve needs uvicorn: pip install 'medagentbenchv2[server]'") from None
    listener = listen(host, port)
    snapshot = _snapshot(data_dir)
    app = FhirServer(snapshot, limits=Limits(sessions=max_sessions), validation=validation)
    shown = f"[{host}]" if ":" in host else host
    held = files.counts(snapshot)
    typer.echo(
        f"{snapshot.labels.get('name', 'EHR')}: {held.get('Patient', 0):,} patients, {sum(held.values()):,} resources "
        f"at http://{shown}:{listener.getsockname()[1]}/fhir/ (Ctrl-C ends it)"
    )
    if host not in ("127.0.0.1", "::1", "localhost"):
        typer.echo(f"warning: {host} is not loopback; anybody who reaches it reads and writes", err=True)
    # what is there by now stays: the collector need not look at it again and again
    gc.freeze()
    # what sessions write lives long and makes no cycles: looking at it again and again is a fifth of a create
    gc.set_threshold(20_000, 50, 100)
    config = uvicorn.Config(app, log_level="warning", access_log=False, proxy_headers=False, timeout_keep_alive=75)
    uvicorn.Server(config).run(sockets=[listener])


@ehr_app.command("export")
def export(
    out: Annotated[Path, typer.Option(help="The folder to write to; made when it is missing.")],
    form: Annotated[
        Literal["ndjson", "bundles"],
        typer.Option("--format", help="One NDJSON file a type, or transaction Bundles to POST in the order of names."),
    ] = "ndjson",
    data_dir: DataDir = None,
    keep_ids: Annotated[
        bool, typer.Option("--keep-ids", help="Bundles: PUT numeric ids too (HAPI: client_id_strategy ANY).")
    ] = False,
) -> None:
    """Write the EHR as files that any FHIR server can load."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ArgumentError(f"out: {out} is not an empty folder; give a new one")
    snapshot = _snapshot(data_dir)
    with writing("out", out):
        if form == "ndjson":
            held = files.write_ndjson(snapshot, out)
        else:
            held = files.write_bundles(snapshot, out, keep_ids=keep_ids)
    typer.echo(f"{sum(held.values()):,} resources of {len(held)} types written to {out}")


@ehr_app.command("info")
def info(
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print what the EHR holds: resources by type, checksum, clock and size."""
    snapshot = _snapshot(data_dir)
    sources = [data.path(SHIPPED)] if data_dir is None else sorted(data_dir.glob("*.ndjson"))
    facts = {
        "name": snapshot.labels.get("name", ""),
        "checksum": snapshot.checksum,
        "clock": snapshot.labels.get("end"),
        "bytes": sum(Path(file).stat().st_size for file in sources),
        "resources": files.counts(snapshot),
    }
    if as_json:
        typer.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
    else:
        Console().print(info_table(facts))


@ehr_app.command("show")
def show(
    mrn: Annotated[str, typer.Argument(help="The patient's MRN, such as S2718281.")],
    at: Annotated[
        str | None, typer.Option(help="The clock, such as 2023-11-13T10:15:00+00:00. Default: the EHR's own.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print one patient's record as of a moment, newest first."""
    if at is not None and not (is_moment(at) and parse_moment(at).has_time):
        raise ArgumentError(f"at: {at!r} is not a date with a time of day such as 2023-11-13T10:15:00+00:00")
    snapshot = _snapshot(data_dir)
    clock = at or snapshot.labels.get("end")
    record = timeline(snapshot, mrn, parse_moment(clock).instant if clock else None)
    if as_json:
        typer.echo(orjson.dumps(record.to_json(), option=orjson.OPT_INDENT_2))
        return
    console = Console()
    for part in timeline_tables(record):
        console.print(part)


def _snapshot(folder: Path | None) -> Snapshot:
    if folder is None:
        return Snapshot.open(data.path(SHIPPED))
    if not folder.is_dir():
        raise ArgumentError(f"data: {folder} is not a folder; give one that holds *.ndjson files")
    return Snapshot.from_ndjson(folder)
