"""results.jsonl and metadata.json of vf-eval, `prime eval run` and medarc-eval (verifiers 0.1.11 to 0.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from medagentbenchv2.results.readers.attempts import number_by_order
from medagentbenchv2.results.readers.chat import answer_of, as_openai, ended, failure_in, finish_call, status_in
from medagentbenchv2.results.readers.lines import parse, read_lines, read_object
from medagentbenchv2.results.rows import Row, Status
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.traces import Trace

DEFAULT_VARIANT = "new_patient_tasks"


def read_classic(path: Path) -> Run:
    """The run of a results.jsonl. Rows of one example are its attempts, in file order; tasks sort by example.

    Raises ArgumentError naming file, line and field of what is not as it should be.
    """
    metadata = read_object(path.parent / "metadata.json")
    notes: list[str] = []
    rows = [parse(Row, _row(value), path, number) for number, value in read_lines(path, notes)]
    elapsed = metadata.get("time", (metadata.get("time_ms") or 0) / 1000) or None
    return Run(
        source=path,
        model=str(metadata.get("model") or path.parent.parent.name.partition("--")[2] or path.parent.name),
        variant=variant_of(metadata.get("env_args") or {}),
        rows=tuple(sorted(number_by_order(rows), key=lambda row: (row.index, row.attempt))),
        format="verifiers",
        config=metadata,
        elapsed_seconds=elapsed,
        notes=tuple(notes),
        traces=partial(_traces, path),
    )


def variant_of(arguments: dict[str, Any]) -> str:
    """The task set that an environment's arguments name."""
    if arguments.get("tasks_path"):
        return Path(arguments["tasks_path"]).stem
    return str(arguments.get("tasks_variant") or DEFAULT_VARIANT)


def _row(value: dict[str, Any]) -> dict[str, Any]:
    info, messages, task_id = _identity(value)
    verdict = _verdict(value, info)
    arguments = finish_call(messages)
    failed = value.get("error") is not None
    metrics = value.get("metrics") or {}
    stated = value.get("status") or info.get("status") or verdict.get("status") or status_in(metrics)
    known = stated in set(Status) and not failed
    tokens = value.get("token_usage") or {}
    started, seconds = _timing(value.get("timing") or {})
    reward = value.get("reward")
    return {
        "index": value.get("example_id"),
        "task_id": task_id,
        "status": stated if known else ended(arguments is not None, failed, value.get("stop_condition")),
        "correct": not failed and reward is not None and reward >= 1.0,
        "result": answer_of(arguments),
        "num_turns": sum(message["role"] == "assistant" for message in messages),
        "time": datetime.fromtimestamp(started + (seconds or 0.0), UTC) if started else None,
        "family": info.get("family"),
        "reward": reward,
        "checks": verdict.get("checks") or [],
        "failure": _error(value["error"]) if failed else verdict.get("failure") or failure_in(metrics),
        "input_tokens": tokens.get("input_tokens"),
        "output_tokens": tokens.get("output_tokens"),
        "latency_s": seconds,
    }


def _error(error: Any) -> dict[str, str]:
    text = error if isinstance(error, str) else orjson.dumps(error).decode()
    return {"level1": "infrastructure", "detail": text}


def _identity(value: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """The row's info, the completion's messages (text protocols store one string), and the task id."""
    info = value.get("info") or {}
    info = orjson.loads(info) if isinstance(info, str) else info
    completion = value.get("completion") or []
    if isinstance(completion, str):
        completion = [{"role": "assistant", "content": completion}]
    return info, [as_openai(m) for m in completion], str(info.get("task_id") or f"example_{value.get('example_id')}")


def _verdict(value: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
    found = value.get("verdict") or info.get("verdict") or {}
    found = orjson.loads(found) if isinstance(found, str) else found
    return found if isinstance(found, dict) else {}


def _timing(timing: dict[str, Any]) -> tuple[float | None, float | None]:
    """Start as an epoch and duration in seconds; milliseconds up to 0.1.14, seconds later."""
    seconds = timing["total_ms"] / 1000 if "total_ms" in timing else timing.get("total")
    return timing.get("start_time"), seconds


def _traces(path: Path) -> Iterator[Trace]:
    attempts: dict[str, int] = {}
    for number, value in read_lines(path, []):
        info, messages, task_id = _identity(value)
        attempts[task_id] = attempts.get(task_id, 0) + 1
        prompt = value.get("prompt") or []
        writes = value.get("writes")  # a state column, or the metric of that name, which stands flat in the row
        prompt = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        yield Trace(
            task_id=task_id,
            attempt=attempts[task_id],
            where=f"{path.name}, row {number}",
            family=info.get("family"),
            messages=[as_openai(m) for m in prompt] + messages,
            writes=writes if isinstance(writes, list) else [],
            expectation=value.get("expectation") or info.get("expectation"),
            verdict=_verdict(value, info),
            extra={
                "world": info.get("world"),
                "info": info,
                "metrics": value.get("metrics") or {},
                "stop_condition": value.get("stop_condition"),
            },
        )
