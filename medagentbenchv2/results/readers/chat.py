"""What a rollout's chat messages tell about how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from medagentbenchv2.results.rows import PROTOCOL_FAILURES, TAXONOMY, Status

LIMITS = ("max_turns_reached", "max_turns", "has_final_env_response", "timeout_reached", "max_total_tokens")
CONTEXT = ("prompt_too_long", "context_length", "max_input_tokens")


def as_openai(message: dict[str, Any]) -> dict[str, Any]:
    """A message in the OpenAI format, tool calls with a nested `function`; verifiers writes them flat or as text."""
    calls = message.get("tool_calls")
    if not calls:
        return {key: value for key, value in message.items() if value is not None}
    return {**message, "tool_calls": [_call(call) for call in calls]}


def _call(call: Any) -> dict[str, Any]:
    data = orjson.loads(call) if isinstance(call, str) else dict(call)
    if "function" in data:
        return data
    function = {"name": data.get("name"), "arguments": data.get("arguments")}
    return {"id": data.get("id"), "type": "function", "function": function}


def finish_call(messages: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The arguments of the first call of `finish` (or of a FINISH([...]) turn); None when there was none."""
    for message in messages:
        if message.get("role") != "assistant":
            continue
        for call in message.get("tool_calls") or ():
            if call["function"]["name"] == "finish":
                return _decoded(call["function"]["arguments"])
        text = message.get("content")
        if isinstance(text, str) and text.strip().startswith("FINISH("):
            return {"value": text.strip().removeprefix("FINISH(").removesuffix(")")}
    return None


def answer_of(arguments: dict[str, Any] | None) -> list[Any] | None:
    """The answer in the arguments of `finish`; None when it is no list."""
    if not arguments:
        return None
    value = next(iter(arguments.values()))
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value if isinstance(value, list) else None


def ended(finished: bool, failed: bool, stop_condition: str | None) -> Status:
    """The status that a framework's record amounts to; `failed` means an infrastructure error."""
    if failed:
        return Status.ERROR
    if finished:
        return Status.COMPLETED
    if stop_condition in CONTEXT:
        return Status.CONTEXT_LIMIT
    return Status.LIMIT_REACHED if stop_condition in LIMITS else Status.NO_FINISH


def failure_in(metrics: dict[str, Any]) -> dict[str, str] | None:
    """The primary failure that our metrics (such as orders_wrong_dose) tell: protocol, then orders, then answer."""
    for group in ("protocol", "orders", "answer"):
        for category in TAXONOMY[group]:
            if metrics.get(f"{group}_{category}"):
                return {"level1": group, "level2": category}
    return None


def status_in(metrics: dict[str, Any]) -> Status | None:
    """The status that our protocol metrics tell; None where they tell none."""
    return next((status for status, name in PROTOCOL_FAILURES.items() if metrics.get(f"protocol_{name}")), None)


def _decoded(arguments: Any) -> dict[str, Any]:
    if isinstance(arguments, dict):
        return arguments
    try:
        value = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        return {"value": arguments}
    return value if isinstance(value, dict) else {"value": value}
