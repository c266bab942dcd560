"""Recorded decisions of agents, right and erring: what each would do in a task, turn by turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.agents.script import Turn
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tools.call import Call, Result
from medagentbenchv2.tools.registry import TOOLS

Turns = tuple[Turn, ...]
MOST = 8
"""Model turns in a rollout."""


def alone(*calls: Call) -> Turns:
    return tuple(Turn((call,)) for call in calls)


def finishing(calls: list[Call], *values: Any) -> Turns:
    """The calls, but another answer."""
    return alone(*calls[:-1], Call("finish", {"value": list(values)}))


def spoiled(calls: list[Call]) -> Turns:
    return finishing(calls, *calls[-1].arguments["value"], "unsure")


def idle(calls: list[Call]) -> Turns:
    """The right answer, and nothing filed."""
    return alone(*[call for call in calls if not TOOLS[call.tool].writes])


def doubled(calls: list[Call]) -> Turns:
    """Everything filed twice, in the same turn."""
    return tuple(Turn((call, call) if TOOLS[call.tool].writes else (call,)) for call in calls)


def clumsy(calls: list[Call]) -> Turns:
    """Malformed calls first: no such tool, no such argument, a wrong type."""
    slips = (
        Call("delete_everything", {}),
        Call("fhir_patient_search", {"identifer": "S1"}),
        Call("finish", {"value": "done"}),
    )
    return (Turn(slips), *alone(*calls))


def at_once(calls: list[Call]) -> Turns:
    """Everything in one turn, and more after the end."""
    return (Turn((*calls, calls[0], calls[-1])),)


BEHAVIOURS: dict[str, Callable[[list[Call]], Turns]] = {
    "oracle": lambda calls: alone(*calls),
    "null": lambda calls: alone(Call("finish", {"value": []})),
    "spoiled": spoiled,
    "idle": idle,
    "doubled": doubled,
    "clumsy": clumsy,
    "at_once": at_once,
    "silent": lambda calls: (*alone(*calls[:-1]), Turn(text="There is nothing more to do.")),
    "endless": lambda calls: alone(*[calls[0] if calls[0].tool != "finish" else Call("calculator", {})] * (MOST + 2)),
}
WRITTEN = ("oracle", "null", "spoiled", "idle")
"""Behaviours that the text protocol can express: one action a turn, none malformed."""


async def solution(setup: Setup, task: Task) -> list[Call]:
    """What the oracle calls."""
    rollout, results, calls = await setup.open(task), list[Result](), list[Call]()
    while not rollout.finished:
        calls += Oracle().turn(task, results, None).calls
        results.append(Result(await rollout.call(calls[-1].tool, calls[-1].arguments)))
    return calls


def ends(turns: Turns) -> bool:
    """True when an accepted finish is among the turns that are played."""
    played = [call for turn in turns[:MOST] for call in turn.calls]
    return any(call.tool == "finish" and isinstance(call.arguments["value"], list) for call in played)


def completion(turn: Turn, number: int) -> dict[str, Any]:
    """A turn as the chat completion of a model."""
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1,
        "model": "recorded",
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls" if turn.calls else "stop",
                "message": turn.message(f"call_{number}"),
            }
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def action(call: Call) -> str:
    """A call as a Gymnasium action."""
    return json.dumps({"tool": call.tool, "arguments": call.arguments})
