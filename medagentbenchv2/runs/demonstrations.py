"""Demonstrations: correct rollouts of a scripted agent on training tasks, as chat messages to learn from.

They come from training worlds alone, never from world 0 or another evaluation world, and without end: when the worlds
of one seed are used up, those of the next seed follow.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Literal

import orjson

from medagentbenchv2.agents.script import Agent
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.runs.player import Message, Played, ScriptedPlayer
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.generated import FIRST_EVAL, training_stream
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tools.registry import openai_tools

Style = Literal["openai", "hf"]
PATIENCE = 200
"""Tasks in a row that an agent may get wrong before it is given up."""


@dataclass(frozen=True)
class Demonstration:
    """One correct rollout."""

    task: Task
    seed: int
    """Of the training world."""
    messages: list[Message]
    """OpenAI chat messages, prompt included."""

    def row(self, style: Style) -> dict[str, Any]:
        """The rollout as a row of a data set.

        openai: `messages` and `tools` alone, the arguments of a call as JSON text. hf: arguments as objects, as chat
        templates take them, each tool result with its tool's name, and columns that tell where the row is from.
        """
        if style == "openai":
            return {"messages": self.messages, "tools": openai_tools()}
        names: dict[str, str] = {}
        return {
            "messages": [_for_templates(message, names) for message in self.messages],
            "tools": openai_tools(),
            "task_id": self.task.id,
            "family": self.task.family.slug,
            "branch": self.task.branch,
            "world": self.task.world,
            "seed": self.seed,
        }


async def demonstrations(agent: Agent, setup: Setup, *, first_world: int = 1) -> AsyncIterator[Demonstration]:
    """Correct rollouts without end, from a setup's families; wrong ones are left out.

    Raises ArgumentError for a world that is none to train on, and for an agent that solves nothing.
    """
    if not 1 <= first_world < FIRST_EVAL:
        public = "world 0 is the public evaluation world, and is never written out as something to learn from; "
        raise ArgumentError(
            f"first_world: {first_world} is no training world; {public if first_world == 0 else ''}"
            f"use 1 to {FIRST_EVAL - 1}"
        )
    player, missed = ScriptedPlayer(agent), 0
    for seeded, task in _training(setup, first_world):
        await asyncio.sleep(0)  # a script never waits for anything: this is where Ctrl-C reaches it
        played = Played(seeded.messages(task))
        rollout = await seeded.open(task)
        await player.play(rollout, played, max_turns=seeded.max_turns, seed=seeded.seed)
        if rollout.verdict("strict").correct:
            missed = 0
            yield Demonstration(task, seeded.seed, played.messages)
        elif (missed := missed + 1) == PATIENCE:
            raise ArgumentError(
                f"agent: {agent.name} got {PATIENCE} tasks in a row wrong; only correct rollouts are written"
            )


def _training(setup: Setup, first_world: int) -> Iterator[tuple[Setup, Task]]:
    for seed in count(setup.seed):
        seeded = replace(setup, seed=seed)
        first = first_world if seed == setup.seed else 1
        for task in training_stream(seed, setup.difficulty, seeded.families, first=first):
            yield seeded, task


def _for_templates(message: Message, names: dict[str, str]) -> Message:
    """A message as Hugging Face chat templates take it; `names` learns which tool each call id called."""
    if message["role"] == "tool":
        return {"role": "tool", "name": names[message["tool_call_id"]], "content": message["content"]}
    if not message.get("tool_calls"):
        return {"role": message["role"], "content": message["content"]}
    calls = []
    for call in message["tool_calls"]:
        name = names[call["id"]] = call["function"]["name"]
        arguments = orjson.loads(call["function"]["arguments"])
        calls.append({"type": "function", "function": {"name": name, "arguments": arguments}})
    return {"role": "assistant", "content": message["content"] or "", "tool_calls": calls}


async def rows(
    agent: Agent, setup: Setup, number: int, style: Style, *, first_world: int = 1
) -> AsyncIterator[dict[str, Any]]:
    """The first `number` demonstrations as rows."""
    left = number
    async for demonstration in demonstrations(agent, setup, first_world=first_world):
        yield demonstration.row(style)
        left -= 1
        if not left:
            return
