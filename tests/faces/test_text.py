"""The text face on the installed verifiers."""

from __future__ import annotations

import json
from typing import Any

import verifiers as vf

from medagentbenchv2 import load_environment


class Said:
    """An assistant message of text."""

    def __init__(self, content: str) -> None:
        self.content = content


async def state_of(env: Any, task_id: str) -> dict[str, Any]:
    return await env.setup_state(
        {"info": json.dumps({"task_id": task_id, "world": 0}), "trajectory": [], "error": None}
    )


async def test_turns_go_to_and_fro_until_finish_and_are_judged() -> None:
    env = load_environment(protocol="text", tasks_variant="test_data_v2", task_types=["patient_age"])
    assert isinstance(env, vf.MultiTurnEnv)
    assert not isinstance(env, vf.ToolEnv)
    task = env.setup.tasks[0]
    state = await state_of(env, task.id)
    state["trajectory"].append(object())
    (reply,) = await env.env_response([Said(f"GET Patient?identifier={task.slots.mrn}")], state)
    assert reply.role == "user"
    assert task.slots.mrn in reply.content
    state["trajectory"].append(object())
    right = state["rollout"].expectations["strict"].answer.expected
    assert await env.env_response([Said(f"FINISH({json.dumps(right)})")], state) == []
    assert state["final_env_response"] == []
    await env.close_rollout(state)
    assert state["score"].verdict.correct


async def test_the_budget_is_kept_by_the_environment() -> None:
    env = load_environment(protocol="text", tasks_variant="new_tasks", max_turns=1)
    state = await state_of(env, env.setup.tasks[0].id)
    state["trajectory"].append(object())
    await env.env_response([Said("GET Patient?family=Smith")], state)
    await env.close_rollout(state)
    assert state["verdict"]["failure"]["category"] == "turn_limit"
