"""traces.jsonl of verifiers v1 (0.3, 0.4): one episode per line, each with its agents' message graphs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from medagentbenchv2.results.readers.attempts import number_by_order
from medagentbenchv2.results.readers.chat import answer_of, as_openai, ended, failure_in, finish_call, status_in
from medagentbenchv2.results.readers.classic import variant_of
from medagentbenchv2.results.readers.lines import parse, read_lines, read_object
from medagentbenchv2.results.rows import Row, Status
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.traces import Trace


def read_verifiers_v1(path: Path) -> Run:
    """The run of a traces.jsonl. Episodes of one task are its attempts, in file order.

    Raises ArgumentError naming file, line and field of what is not as it should be.
    """
    config = read_object(path.parent / "configs" / "resolved" / "eval.json")
    notes: list[str] = []
    order: dict[str, int] = {}
    rows, models = [], []
    for number, episode in read_lines(path, notes):
        value = _row(episode)
        value["index"] = order.setdefault(value["task_id"], len(order))
        rows.append(parse(Row, value, path, number))
        models += [call["model"] for call in _agent(episode).get("calls") or () if call.get("model")]
    named = path.parent.name.split("--")
    taskset = (config.get("env") or {}).get("taskset") or {}
    return Run(
        source=path,
        model=str(models[0] if models else config.get("model") or named[1 % len(named)]),
        variant=variant_of(taskset),
        rows=tuple(number_by_order(rows)),
        format="verifiers-v1",
        config={**config, "setup": taskset} if taskset else config,
        notes=tuple(notes),
        traces=partial(_traces, path),
    )


def _agent(episode: dict[str, Any]) -> dict[str, Any]:
    """The trace of the episode's only agent; a bare trace stands for itself; empty when none was produced."""
    if "nodes" in episode:
        return episode
    traces = episode.get("traces") or [{}]
    return dict(traces[0])


def _messages(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages from the root to the last leaf."""
    nodes = trace.get("nodes") or []
    path: list[dict[str, Any]] = []
    at = len(nodes) - 1 if nodes else None
    while at is not None:
        path.append(as_openai(nodes[at]["message"]))
        at = nodes[at].get("parent")
    return path[::-1]


def _task(episode: dict[str, Any], trace: dict[str, Any]) -> tuple[dict[str, Any], str]:
    task = episode.get("task") or trace.get("task") or {}
    data = task.get("data") or {}
    return data, str(data.get("task_id") or data.get("name") or task.get("key") or data.get("id") or data.get("idx"))


def _row(episode: dict[str, Any]) -> dict[str, Any]:
    trace = _agent(episode)
    data, task_id = _task(episode, trace)
    info = trace.get("info") or {}
    verdict = info.get("verdict") or {}
    messages = _messages(trace)
    arguments = finish_call(messages)
    rewards = [reward for reward in (trace.get("rewards") or {}).values() if reward]
    failed = not trace.get("ok", episode.get("ok", False)) or not rewards
    reward = sum(r["score"] * r.get("weight", 1.0) for r in rewards) if rewards else None
    metrics = trace.get("metrics") or {}
    stated = info.get("status") or verdict.get("status") or status_in(metrics)
    known = stated in set(Status) and not failed
    span = (trace.get("timing") or {}).get("agent") or {}
    return {
        "task_id": task_id,
        "status": stated if known else ended(arguments is not None, failed, trace.get("stop_condition")),
        "correct": not failed and reward is not None and reward >= 1.0,
        "result": answer_of(arguments),
        "num_turns": sum(bool(node.get("sampled")) for node in trace.get("nodes") or ()),
        "time": datetime.fromtimestamp(span["end"], UTC) if span.get("end") else None,
        "family": data.get("family"),
        "reward": reward,
        "checks": verdict.get("checks") or [],
        "failure": _failure(episode, trace) if failed else verdict.get("failure") or failure_in(metrics),
        "latency_s": max(0.0, span["end"] - span["start"]) if span.get("end") else None,
        **_tokens(trace),
    }


def _failure(episode: dict[str, Any], trace: dict[str, Any]) -> dict[str, Any]:
    errors = (trace.get("errors") or []) + (episode.get("errors") or [])
    detail = f"{errors[-1].get('type')}: {errors[-1].get('message')}" if errors else None
    return {"level1": "infrastructure", "detail": detail}


def _tokens(trace: dict[str, Any]) -> dict[str, Any]:
    """Token counts; verifiers v1 counts prompt tokens without cache reads, we count them in."""
    usages = [call["usage"] for call in trace.get("calls") or () if call.get("usage")]
    if not usages:
        return {}
    cached = sum(usage.get("cached_input_tokens") or 0 for usage in usages)
    costs = [usage["cost"] for usage in usages if usage.get("cost") is not None]
    return {
        "input_tokens": sum(usage["prompt_tokens"] for usage in usages) + cached,
        "cached_tokens": cached,
        "output_tokens": sum(usage["completion_tokens"] for usage in usages),
        "cost": sum(costs) if costs else None,
    }


def _traces(path: Path) -> Iterator[Trace]:
    attempts: dict[str, int] = {}
    for number, episode in read_lines(path, []):
        trace = _agent(episode)
        data, task_id = _task(episode, trace)
        info = trace.get("info") or {}
        attempts[task_id] = attempts.get(task_id, 0) + 1
        yield Trace(
            task_id=task_id,
            attempt=attempts[task_id],
            where=f"{path.name}, row {number}",
            family=data.get("family"),
            messages=_messages(trace),
            writes=list(info.get("writes") or ()),
            expectation=info.get("expectation"),
            verdict=dict(info.get("verdict") or {}),
            chart=info.get("chart"),
            extra={
                "world": data.get("world"),
                "arguments": data.get("arguments"),
                "metrics": trace.get("metrics") or {},
                "stop_condition": trace.get("stop_condition"),
            },
        )
