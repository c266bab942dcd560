"""What a scripted agent is: given a task and the results so far, it says its next turn. It keeps no state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from medagentbenchv2.rollout import Rollout
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tools.call import Call, Result


@dataclass(frozen=True)
class Turn:
    """One assistant turn: tool calls, or text alone."""

    calls: tuple[Call, ...] = ()
    text: str = ""

    def message(self, key: str) -> dict[str, Any]:
        """The turn as an OpenAI assistant message; tool call ids start with `key`."""
        calls = [
            {"id": f"{key}_{index}", "type": "function", "function": {"name": call.tool, "arguments": call.json}}
            for index, call in enumerate(self.calls)
        ]
        return {"role": "assistant", "content": self.text or None} | ({"tool_calls": calls} if calls else {})


class Agent(Protocol):
    """A scripted agent."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        ...

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        """The turn after `results`, the tool results so far in order; `seed` is the request's seed, if any."""
        ...


def one_call(agent: Agent, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
    """The agent's next single call, for protocols that take one a turn: a turn of several is dealt out one by one."""
    seen = 0
    turn = agent.turn(task, [], seed)
    while turn.calls and seen + len(turn.calls) <= len(results):
        seen += len(turn.calls)
        turn = agent.turn(task, results[:seen], seed)
    return Turn(turn.calls[len(results) - seen :][:1], turn.text)


async def play(agent: Agent, rollout: Rollout, *, max_turns: int = 8, seed: int | None = None) -> Rollout:
    """Let an agent work on a rollout until it finishes, falls silent or runs out of turns."""
    results: list[Result] = []
    for _ in range(max_turns):
        turn = agent.turn(rollout.task, results, seed)
        if not turn.calls:
            rollout.end("no_finish")
        for call in turn.calls:
            results.append(Result(await rollout.call(call.tool, call.arguments)))
        if rollout.finished:
            return rollout
    rollout.end("limit_reached")
    return rollout
