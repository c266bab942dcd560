"""The Gymnasium face: Gymnasium's own checks, and a task played to its end."""

from __future__ import annotations

import asyncio
import json
import threading
import warnings
from typing import Any

import pytest

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.errors import ArgumentError, InfrastructureError
from medagentbenchv2.tools.call import Result

gymnasium = pytest.importorskip("gymnasium", reason="needs pip install 'medagentbenchv2[gym]'")
NAME = "medagentbenchv2.faces.gymnasium:MedAgentBench-v2"


def made(**arguments: Any) -> Any:
    return gymnasium.make(NAME, disable_env_checker=True, **arguments).unwrapped


@pytest.mark.parametrize("protocol", ["tools", "text"])
def test_it_passes_gymnasiums_own_check(protocol: str) -> None:
    from gymnasium.utils.env_checker import check_env

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        check_env(made(tasks_variant="new_tasks", protocol=protocol, render_mode="ansi"))


def test_the_oracle_is_paid_when_it_finishes() -> None:
    env = made(tasks_variant="new_tasks")
    task = env.tasks[4]
    env.reset(options={"task_id": task.id})
    results: list[Result] = []
    done, paid = False, 0.0
    while not done:
        (call,) = Oracle().turn(task, results, None).calls
        seen, paid, done, cut, info = env.step(json.dumps({"tool": call.tool, "arguments": call.arguments}))
        results.append(Result(seen))
    assert (paid, cut, info["verdict"]["status"]) == (1.0, False, "completed")
    env.close()


def played(env: Any, task: Any) -> float:
    """The oracle's pay in a task."""
    env.reset(options={"task_id": task.id})
    results: list[Result] = []
    while True:
        (call,) = Oracle().turn(task, results, None).calls
        seen, paid, done, _, _ = env.step(json.dumps({"tool": call.tool, "arguments": call.arguments}))
        results.append(Result(seen))
        if done:
            return float(paid)


async def test_it_plays_inside_a_running_event_loop_and_ends_its_thread_with_close() -> None:
    env, before = made(tasks_variant="new_tasks"), threading.active_count()
    assert [played(env, task) for task in env.tasks[:3]] == [1.0] * 3
    assert await asyncio.to_thread(played, env, env.tasks[3]) == 1.0
    assert any(thread.name == "medagentbenchv2" for thread in threading.enumerate())
    env.close()
    env.close()
    await asyncio.sleep(0)
    assert threading.active_count() <= before + 1  # asyncio's own thread for to_thread stays
    assert played(env, env.tasks[4]) == 1.0
    env.close()


def test_an_ehr_that_does_not_answer_ends_the_episode_without_a_reward(monkeypatch: pytest.MonkeyPatch) -> None:
    env = made(tasks_variant="new_tasks")
    env.reset(seed=1)

    async def down(*_: Any) -> str:
        raise InfrastructureError("the EHR does not answer")

    monkeypatch.setattr(env._rollout, "call", down)
    with pytest.raises(InfrastructureError):
        env.step('{"tool": "finish", "arguments": {"value": []}}')
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step('{"tool": "finish", "arguments": {"value": []}}')
    assert played(env, env.tasks[0]) == 1.0
    env.close()


def test_turns_run_out_and_what_cannot_be_read_is_told() -> None:
    env = made(tasks_variant="new_tasks", max_turns=2)
    env.reset(seed=3)
    seen, paid, done, cut, _ = env.step("Hello")
    assert "JSON" in seen
    assert not done
    assert not cut
    _, paid, done, cut, info = env.step('{"tool": "fhir_patient_search", "arguments": "{broken"}')
    assert (paid, done, cut, info["verdict"]["status"]) == (0.0, False, True, "limit_reached")
    assert info["metrics"]["invalid_calls"] == 2.0
    env.close()


def test_a_seed_draws_the_same_task_again_and_a_wrong_id_is_named() -> None:
    env = made()
    assert env.reset(seed=7)[0] == env.reset(seed=7)[0]
    with pytest.raises(ArgumentError, match="task99_1"):
        env.reset(options={"task_id": "task99_1"})
    env.close()
