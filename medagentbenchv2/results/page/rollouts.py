"""What the page holds of each rollout: a row for the list, and the trace with long texts moved to the pool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.page.charts import Chart
from medagentbenchv2.results.page.pool import Pool, Reference
from medagentbenchv2.results.plots.failures import UNKNOWN
from medagentbenchv2.results.rows import Row
from medagentbenchv2.results.traces import Trace

SHORT = 120
"""Texts up to this length stay in place."""
OTHER_TEXTS = 8
"""Texts that are not tool results may be this many times longer before they are cut."""
CHARTS = 24
"""Timelines may be so many times longer: rollouts on one patient share them."""
ORDER_KINDS = ("MedicationRequest", "ServiceRequest")


@dataclass(frozen=True)
class Cut:
    """Where texts end in the page."""

    limit: int = 4096
    """Characters of a tool result that are kept."""

    def apply(self, text: str, where: str, factor: int = 1) -> str:
        """The text, or its beginning and the name of the trace row that holds all of it."""
        limit = self.limit * factor
        if len(text) <= limit:
            return text
        return f"{text[:limit]}\n… cut after {limit} of {len(text)} characters; all of it: {where}"


def index_of(board: Board, places: dict[tuple[str, str, int], Reference]) -> dict[str, Any]:
    """The list of all rollouts, by columns of small numbers. `places` says where a rollout's detail lies."""
    entries: Sequence[Entry] = (*board.entries, *board.references)
    groups = board.groups
    statuses = sorted({row.status.value for entry in entries for row in entry.run.rows})
    family = {group: number for number, group in enumerate(groups)}
    rows = []
    for number, entry in enumerate(entries):
        solved = {task for task, (correct, _) in entry.tallies.items() if correct}
        for row in sorted(entry.run.rows, key=lambda row: (family.get(entry.groups[row.task_id], 0), row.index)):
            rows.append(
                [
                    number,
                    row.task_id,
                    row.attempt,
                    family.get(entry.groups[row.task_id], -1),
                    statuses.index(row.status.value),
                    int(row.correct) if row.scored else 2,
                    int(row.task_id not in solved and row.scored),
                    row.num_turns,
                    _why(row),
                    *places.get((entry.label, row.task_id, row.attempt), (-1, -1)),
                ]
            )
    return {
        "models": [entry.label for entry in entries],
        "families": [group.label for group in groups],
        "statuses": statuses,
        "rows": rows,
    }


def _why(row: Row) -> str:
    failure = row.primary_failure
    if row.correct:
        return ""
    return f"{failure.level1}: {(failure.level2 or '').replace('_', ' ')}".removesuffix(": ") if failure else UNKNOWN


def details(entry: Entry) -> Iterator[tuple[tuple[str, str, int], Row, Trace | None]]:
    """Each rollout of an entry with its trace, where one was saved."""
    rows = {(row.task_id, row.attempt): row for row in entry.run.rows}
    traced = set()
    for trace in entry.run.traces():
        key = (trace.task_id, trace.attempt)
        if key in rows and key not in traced:
            traced.add(key)
            yield (entry.label, *key), rows[key], trace
    for key, row in rows.items():
        if key not in traced:
            yield (entry.label, *key), row, None


def detail(row: Row, trace: Trace | None, chart: Chart | None, pool: Pool, cut: Cut) -> dict[str, Any]:
    """One rollout for the page; long texts are references `{"$": [block, place]}` into the pool."""
    facts = row.model_dump(mode="json", exclude={"checks", "index"}, exclude_none=True)
    shown: dict[str, Any] = {"row": facts, "checks": [check.model_dump(mode="json") for check in row.checks]}
    where = "the row in " + row.task_id
    if trace is not None and chart is not None:
        where = trace.where
        shown["where"] = where
        shown["messages"] = [_message(message, pool, cut, where) for message in trace.messages]
        shown["checks"] = trace.verdict.get("checks") or shown["checks"]
        shown["answer"] = trace.verdict.get("answer")
        shown["expectation"] = trace.expectation
        shown["writes"] = trace.writes
        shown["chart"] = _timeline(chart, pool, cut)
        shown["before"] = trace.extra.get("orders_before") or orders_before(chart.items)
        if chart.items is None:
            shown["no_chart"] = chart.note
        shown["other"] = {key: value for key, value in trace.extra.items() if key != "orders_before"}
    shared: dict[str, Any] = {key: shown.pop(key) for key in ("messages", "chart") if key in shown}
    packed: dict[str, Any] = _moved(shown, pool, cut, where)
    return {**packed, **shared}


def orders_before(chart: list[Any] | None) -> list[Any]:
    """The active orders of a saved timeline: what stood in the chart before the agent came."""
    entries = [entry for entry in chart or () if isinstance(entry, dict)]
    return [e for e in entries if (e.get("kind") or e.get("resourceType")) in ORDER_KINDS and _active(e)]


def _active(entry: dict[str, Any]) -> bool:
    return str(entry.get("status", "active")).casefold() == "active"


def _timeline(chart: Chart, pool: Pool, cut: Cut) -> Any:
    """The timeline as one JSON text in the pool: rollouts on one patient share it."""
    items = chart.items
    if not items:
        return None
    text = orjson.dumps(items).decode()
    limit = cut.limit * CHARTS
    while len(text) > limit and len(items) > 1:
        items = items[: len(items) * 3 // 4]
        text = orjson.dumps([*items, {"text": f"… the rest is cut; all of it: {chart.note}"}]).decode()
    return {"$": pool.text(text)}


def _message(message: dict[str, Any], pool: Pool, cut: Cut, where: str) -> dict[str, Any]:
    factor = 1 if message.get("role") == "tool" else OTHER_TEXTS
    content = message.get("content")
    if content is not None and not isinstance(content, str):
        content = orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
    shown = {"role": message.get("role"), "content": _text(content, pool, cut, where, factor)}
    if message.get("reasoning_content"):
        shown["reasoning"] = _text(str(message["reasoning_content"]), pool, cut, where, factor)
    calls = [call.get("function") or call for call in message.get("tool_calls") or ()]
    if calls:
        shown["calls"] = [
            {"name": call.get("name"), "arguments": _text(_arguments(call), pool, cut, where, OTHER_TEXTS)}
            for call in calls
        ]
    return shown


def _arguments(call: dict[str, Any]) -> str:
    arguments = call.get("arguments")
    return arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()


def _text(text: str | None, pool: Pool, cut: Cut, where: str, factor: int) -> Any:
    if text is None:
        return None
    text = cut.apply(text, where, factor)
    return text if len(text) <= SHORT else {"$": pool.text(text)}


def _moved(value: Any, pool: Pool, cut: Cut, where: str) -> Any:
    """A JSON value with its long texts moved to the pool."""
    if isinstance(value, dict):
        return {key: _moved(part, pool, cut, where) for key, part in value.items()}
    if isinstance(value, list):
        return [_moved(part, pool, cut, where) for part in value]
    return _text(value, pool, cut, where, OTHER_TEXTS) if isinstance(value, str) else value
