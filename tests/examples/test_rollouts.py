"""The plain loop, against scripted agents behind the chat completions protocol."""

from __future__ import annotations

import httpx
import openai
import pytest

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.agents.server import AgentServer
from medagentbenchv2.setup import Setup

from .loaded import example


@pytest.mark.parametrize(("agent", "reward", "status"), [("oracle", 1.0, "completed"), ("silent", 0.0, "no_finish")])
async def test_the_loop_plays_tasks_to_their_verdict(
    agent: str, reward: float, status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    setup = Setup(tasks_variant="new_tasks")
    transport = httpx.ASGITransport(app=AgentServer(agent_of(agent), setup))
    async with openai.AsyncOpenAI(
        base_url="http://scripted/v1", api_key="none", http_client=httpx.AsyncClient(transport=transport)
    ) as client:
        rollouts = await example("rollouts").play_all(client, agent, setup, setup.tasks, 4)
    assert [rollout.verdict().reward for rollout in rollouts] == [reward] * 10
    assert {rollout.status for rollout in rollouts} == {status}
    assert capsys.readouterr().out.count("\n") == 10


async def test_the_loop_ends_at_the_turn_limit() -> None:
    setup = Setup(tasks_variant="new_tasks", max_turns=1, task_types=("task7",))
    transport = httpx.ASGITransport(app=AgentServer(agent_of("oracle"), setup))
    async with openai.AsyncOpenAI(
        base_url="http://scripted/v1", api_key="none", http_client=httpx.AsyncClient(transport=transport)
    ) as client:
        rollout, messages = await example("rollouts").play(client, "oracle", setup, setup.tasks[0])
    assert rollout.status == "limit_reached"
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "tool"]
