"""Our run folders, and those of the published tool, whose seven keys ours begin with."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from medagentbenchv2.results.readers.attempts import number_by_order, settle
from medagentbenchv2.results.readers.lines import parse, read_lines, read_object
from medagentbenchv2.results.rows import Failure, Row, Status
from medagentbenchv2.results.run import Published, Run
from medagentbenchv2.results.traces import no_traces, read_traces

PUBLISHED_VARIANT = "test_data_v2"
"""The task set of the published leaderboard: MedAgentBench v1."""
VARIANTS = ("new_patient_tasks", "new_tasks", "test_data_v2", "generated")


def read_folder(path: Path) -> Run:
    """The run that a runs.jsonl holds, with config.json, summary.json and traces.jsonl.zst beside it where they exist.

    Raises ArgumentError naming file, line and field of what is not as it should be.
    """
    config, summary = read_object(path.parent / "config.json"), read_object(path.parent / "summary.json")
    notes: list[str] = []
    values = list(read_lines(path, notes))
    ours = any("attempt" in value for _, value in values)
    unlisted = Counter[str]()
    rows = [parse(Row, _normalised(value, unlisted), path, number) for number, value in values]
    notes += [f"{n} {what}" for what, n in unlisted.items()]
    if ours:
        rows, retried, doubled = settle(rows)
        notes += [f"{retried} infrastructure errors were retried"] if retried else []
        notes += _put_aside(path.parent / "retried.jsonl")
        notes += [f"{doubled} rows repeat a task's attempt; they count as further attempts"] if doubled else []
    else:
        rows = number_by_order(rows)
    published = None if ours else _published(summary)
    traces = path.parent / "traces.jsonl.zst"
    return Run(
        source=path,
        model=str(config.get("model") or summary.get("model") or path.parent.name),
        variant=_variant(path, config),
        rows=tuple(rows),
        format="ours" if ours else "published",
        config=config,
        published=published,
        elapsed_seconds=summary.get("elapsed_seconds"),
        notes=(*notes, *_doubled(rows, ours), *_short_total(rows, published)),
        implied_attempts=not ours and any(row.attempt > 1 for row in rows),
        traces=partial(read_traces, traces) if traces.is_file() else no_traces,
    )


def _put_aside(path: Path) -> list[str]:
    """A sentence on the infrastructure errors that --resume ran again: no result, but paid for."""
    if not path.is_file():
        return []
    rows = [parse(Row, value, path, number) for number, value in read_lines(path, [])]
    tokens = sum((row.input_tokens or 0) + (row.output_tokens or 0) for row in rows)
    cost = sum(row.cost or 0.0 for row in rows)
    paid = f" ({cost:.4f} USD)" if cost else ""
    used = f"; the {tokens:,} tokens{paid} they used are not counted" if tokens else ""
    return [f"{len(rows)} infrastructure errors were retried{used}"]


def _normalised(value: dict[str, Any], unlisted: Counter[str]) -> dict[str, Any]:
    """A row with `result` as a list; the published tool wrote it as JSON text, or as an object that tells an error."""
    result = value.get("result")
    if isinstance(result, str):
        try:
            result = orjson.loads(result)
        except orjson.JSONDecodeError:
            unlisted["results are not JSON and are left out"] += 1
            return {**value, "result": None}
    if isinstance(result, dict) and value.get("status") in ("task error", Status.ERROR):
        detail = Failure(level1="infrastructure", detail=str(result.get("error", result)))
        return {**value, "result": None, "failure": value.get("failure") or detail}
    if result is not None and not isinstance(result, list) and isinstance(value.get("result"), str):
        unlisted["results are no JSON list and are left out"] += 1
        return {**value, "result": None}
    return {**value, "result": result}


def _variant(path: Path, config: dict[str, Any]) -> str:
    """The task set: from config.json, else from the place outputs/<variant>/<model>, else the published one."""
    if config.get("variant"):
        return str(config["variant"])
    return next((part for part in reversed(path.parts[:-1]) if part in VARIANTS), PUBLISHED_VARIANT)


def _published(summary: dict[str, Any]) -> Published | None:
    if any(summary.get(key) is None for key in ("accuracy", "correct", "total")):
        return None
    return Published(
        float(summary["accuracy"]), int(summary["correct"]), int(summary["total"]), int(summary.get("error", 0))
    )


def _doubled(rows: list[Row], ours: bool) -> list[str]:
    if ours:
        return []
    second = sum(row.attempt == 2 for row in rows)
    further = sum(row.attempt > 2 for row in rows)
    said = f"{len(rows)} rows: {second} tasks have a second row, reported as attempt 2 and never averaged in"
    return [said + (f"; {further} further rows" if further else "")] if second else []


def _short_total(rows: list[Row], published: Published | None) -> list[str]:
    tasks = len({row.task_id for row in rows})
    if published is None or published.total >= tasks:
        return []
    return [f"the summary's total is short: {published.total} of the {tasks} tasks in the rows"]
