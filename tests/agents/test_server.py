"""Scripted agents behind an OpenAI-compatible endpoint: stateless, and 404 for a prompt that is nobody's."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.agents.server import AgentServer, Refused
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.setup import Setup

SETUP = Setup(tasks_variant="new_tasks")
ORACLE = AgentServer(agent_of("oracle"), SETUP)


def ask(server: AgentServer, messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    body = orjson.dumps({"model": "m", "messages": messages, **more})
    return server.answer("POST", "/v1/chat/completions", body)["choices"][0]


async def test_the_served_oracle_solves_every_task() -> None:
    for task in SETUP.tasks:
        rollout, messages = await SETUP.open(task), list[dict[str, Any]](SETUP.messages(task))
        while not rollout.finished:
            choice = ask(ORACLE, messages)
            assert choice["finish_reason"] == "tool_calls"
            messages.append(choice["message"])
            for call in choice["message"]["tool_calls"]:
                text = await rollout.call(call["function"]["name"], call["function"]["arguments"])
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": text})
        assert rollout.verdict().correct


def test_with_split_train_it_answers_for_training_tasks_alone() -> None:
    setup = Setup(tasks_variant="generated", split="train", task_types=("patient_age",), num_train_tasks=12)
    trainer = AgentServer(agent_of("oracle"), setup)
    assert {task.world for task in trainer.tasks} == {1, 2}
    assert all(ask(trainer, setup.messages(task))["message"]["tool_calls"] for task in trainer.tasks)
    with pytest.raises(Refused):
        ask(trainer, setup.messages(setup.tasks[0]))


def test_equal_requests_get_equal_replies() -> None:
    messages = SETUP.messages(SETUP.tasks[0])
    assert ask(ORACLE, messages) == ask(ORACLE, messages)


def test_content_may_come_in_parts() -> None:
    system, user = SETUP.messages(SETUP.tasks[0])
    parts = [{"type": "text", "text": user["content"]}]
    assert ask(ORACLE, [system, {"role": "user", "content": parts}])["message"]["tool_calls"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": "Hello"}]}, 404),
        ("POST", "/v1/chat/completions", {"prompt": "Hello"}, 400),
        ("POST", "/v1/embeddings", {}, 404),
    ],
)
def test_what_it_cannot_answer_is_refused(method: str, path: str, body: dict[str, Any], status: int) -> None:
    with pytest.raises(Refused) as caught:
        ORACLE.answer(method, path, orjson.dumps(body))
    assert caught.value.status == status


def test_no_prompt_holds_a_hidden_id() -> None:
    for task in SETUP.tasks:
        assert task.id not in SETUP.prompt(task)


def test_an_erring_agent_errs_at_its_rate_and_by_the_requests_seed() -> None:
    agent, tasks = agent_of("erring:0.3"), Setup().tasks
    wrong = [agent.errs(task, seed) for task in tasks for seed in range(4)]
    assert abs(sum(wrong) / len(wrong) - 0.3) < 0.04
    assert wrong == [agent.errs(task, seed) for task in tasks for seed in range(4)]
    assert any(agent.errs(task, 0) != agent.errs(task, 1) for task in tasks)


@pytest.mark.parametrize("name", ["orcale", "erring", "erring:2", "erring:x", "erring:0.1:2:3"])
def test_an_unknown_agent_is_named(name: str) -> None:
    with pytest.raises(ArgumentError, match="agent"):
        agent_of(name)
