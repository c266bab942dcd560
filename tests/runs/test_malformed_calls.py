"""A model that writes broken calls is scored, also at endpoints that refuse to read them a second time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from medagentbenchv2.runs.player import as_sent
from tests.model_server import Reply, Request
from tests.runs.test_eval_models import Evaluate, evaluate

__all__ = ["evaluate"]
BROKEN = ['{"patient": "S1', "[1, 2]", '"finish"', "", "no JSON at all", '{"value": [1]} trailing']


def call(arguments: str) -> dict[str, Any]:
    return {"id": "c", "type": "function", "function": {"name": "fhir_patient_search", "arguments": arguments}}


def strict(arguments: str) -> Any:
    """An endpoint that calls with these arguments, and answers 500 to a history whose arguments it can't parse."""

    def script(request: Request) -> Reply:
        for message in request.body["messages"]:
            for made in message.get("tool_calls") or []:
                try:
                    assert isinstance(json.loads(made["function"]["arguments"]), dict)
                except (json.JSONDecodeError, AssertionError):
                    return Reply(status=500, body={"error": {"message": "arguments are no object"}})
        message = {"role": "assistant", "content": None, "tool_calls": [call(arguments)]}
        choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
        answer = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        return Reply(body=answer)

    return script


@pytest.mark.parametrize("arguments", BROKEN)
def test_broken_arguments_are_the_models_mistake_and_never_the_endpoints(arguments: str, evaluate: Evaluate) -> None:
    done = evaluate(strict(arguments), "-n", "1")
    (row,) = done.rows()
    assert row["status"] == "limit_reached"
    assert row["reward"] == 0.0
    assert done.json("summary.json")["error"] == 0


@pytest.mark.parametrize("arguments", BROKEN)
def test_only_what_goes_back_is_wrapped_and_nothing_of_it_is_lost(arguments: str) -> None:
    message = {"role": "assistant", "content": None, "tool_calls": [call(arguments)]}
    sent = json.loads(as_sent(message)["tool_calls"][0]["function"]["arguments"])
    assert sent == ({"malformed": arguments} if arguments else {})
    assert message["tool_calls"] == [call(arguments)]


def test_well_formed_calls_go_back_untouched() -> None:
    message = {"role": "assistant", "content": None, "tool_calls": [call('{"patient": "S1"}')]}
    assert as_sent(message) is message
