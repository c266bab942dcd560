"""Turns of several calls, dealt out one by one where a protocol takes one a turn."""

from __future__ import annotations

import pytest

from medagentbenchv2.agents.registry import AGENTS, agent_of
from medagentbenchv2.agents.script import one_call, play
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.runs.player import Played, ScriptedPlayer
from medagentbenchv2.setup import Setup
from medagentbenchv2.tools.call import Result

NAMES = [*AGENTS, "guessing:4", "erring:1"]
SETUP = Setup(tasks_variant="new_tasks")


async def played_one_by_one(name: str, rollout: Rollout) -> list[str]:
    results, tools = list[Result](), list[str]()
    while not rollout.finished:
        turn = one_call(agent_of(name), rollout.task, results, 0)
        if not turn.calls:
            rollout.end("no_finish")
        for call in turn.calls:
            tools.append(call.tool)
            results.append(Result(await rollout.call(call.tool, call.arguments)))
    return tools


@pytest.mark.parametrize("name", NAMES)
async def test_one_call_a_turn_does_the_same_work(name: str) -> None:
    for task in SETUP.tasks:
        rollout, together = await SETUP.open(task), await SETUP.open(task)
        tools = await played_one_by_one(name, rollout)
        await play(agent_of(name), together, max_turns=100, seed=0)
        assert len(tools) == together.calls
        assert rollout.tools_called == together.tools_called
        assert rollout.verdict() == together.verdict()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("by_text", [False, True])
async def test_every_agent_plays_over_both_protocols(name: str, by_text: bool) -> None:
    setup = Setup(tasks_variant="new_tasks", protocol="text" if by_text else "tools")
    for task in setup.tasks:
        rollout, played = await setup.open(task), Played(messages=list(setup.messages(task)))
        await ScriptedPlayer(agent_of(name), by_text).play(rollout, played, max_turns=8, seed=0)
        assert rollout.verdict().reward == (1.0 if name == "oracle" else 0.0), task.id


@pytest.mark.parametrize("name", ["guessing", "guessing:x", "guessing:-1", "guess:1"])
def test_a_guess_without_a_number_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match="agent"):
        agent_of(name)
