"""The classic face: turns, budgets, parallel calls and the three kinds of trouble, on the installed verifiers."""

from __future__ import annotations

import inspect
import json
import typing
from typing import Any

import pytest
import verifiers as vf

from medagentbenchv2 import load_environment
from medagentbenchv2.errors import ArgumentError, InfrastructureError
from medagentbenchv2.faces.scoring import METRICS
from medagentbenchv2.tools.registry import TOOLS


class Calls:
    """An assistant message with tool calls, as the framework hands it to an environment."""

    def __init__(self, *calls: tuple[str, Any]) -> None:
        self.tool_calls = [
            vf.ToolCall(id=f"c{i}", name=name, arguments=a if isinstance(a, str) else json.dumps(a))
            for i, (name, a) in enumerate(calls)
        ]


async def started(env: Any, task_id: str) -> dict[str, Any]:
    """A state with its rollout open."""
    state: dict[str, Any] = {"info": json.dumps({"task_id": task_id, "world": 0}), "trajectory": [], "error": None}
    return await env.setup_state(state)


async def turn(env: Any, state: dict[str, Any], *calls: tuple[str, Any]) -> list[str]:
    """One turn; the texts of the tool messages."""
    state["trajectory"].append(object())
    return [message.content for message in await env.env_response([Calls(*calls)], state)]


async def rewards(env: Any, state: dict[str, Any]) -> dict[str, float]:
    """All metrics of an ended rollout."""
    await env.close_rollout(state)
    funcs = [f for rubric in getattr(env.rubric, "rubrics", [env.rubric]) for f in rubric.funcs]
    ours = {"medagentbench_reward", *METRICS}
    return {f.__name__: await f(state) for f in funcs if f.__name__ in ours}


@pytest.fixture(scope="module")
def env() -> Any:
    return load_environment()


def naloxone_task(env: Any, branch: str) -> Any:
    return next(t for t in env.setup.tasks if t.family.slug == "naloxone_coverage" and t.branch == branch)


async def solution(env: Any, task: Any) -> list[tuple[str, dict[str, Any]]]:
    """The oracle's calls on a task."""
    from medagentbenchv2.agents.behaviours import Oracle
    from medagentbenchv2.tools.call import Result

    rollout = await env.setup.open(task)
    results: list[Result] = []
    calls = []
    while not rollout.finished:
        (call,) = Oracle().turn(task, results, None).calls
        calls.append((call.tool, call.arguments))
        results.append(Result(await rollout.call(call.tool, call.arguments)))
    return calls


def test_the_model_sees_our_schemas_to_the_letter(env: Any) -> None:
    assert [(t.name, t.description, t.parameters) for t in env.tool_defs] == [
        (t.name, t.description, t.schema) for t in TOOLS.values()
    ]


def test_the_evaluation_set_is_the_variant_and_rows_carry_no_gold(env: Any) -> None:
    rows = env.get_eval_dataset()
    assert len(rows) == 300
    info = rows[0]["info"]
    assert set(json.loads(info) if isinstance(info, str) else info) == {"task_id", "task_type", "family", "world"}
    assert rows[0]["answer"] == ""


def test_training_tasks_come_from_training_worlds(env: Any) -> None:
    small = load_environment(num_train_tasks=30, task_types=["naloxone_coverage", "task3"])
    infos = [json.loads(i) if isinstance(i, str) else i for i in small.get_dataset()["info"]]
    assert len(infos) == 30
    assert all(i["world"] >= 1 for i in infos)
    assert {i["family"] for i in infos} == {"naloxone_coverage", "heart_rate_average"}


async def test_a_write_and_finish_in_one_turn_both_count(env: Any) -> None:
    task = naloxone_task(env, "uncovered")
    calls = await solution(env, task)
    state = await started(env, task.id)
    texts = await turn(env, state, *calls)
    assert len(texts) == len(calls)
    assert state["final_env_response"]
    found = await rewards(env, state)
    assert found["medagentbench_reward"] == found["strict_reward"] == 1.0
    assert found["writes"] == 1.0
    assert found["action_success"] == 1.0


async def test_calls_after_finish_are_answered_and_not_executed(env: Any) -> None:
    task = naloxone_task(env, "uncovered")
    calls = await solution(env, task)
    state = await started(env, task.id)
    texts = await turn(env, state, *calls, calls[-2])
    assert "finished" in texts[-1]
    assert (await rewards(env, state))["writes"] == 1.0


async def test_the_last_turn_is_executed_and_ends_the_rollout(env: Any) -> None:
    task = naloxone_task(env, "covered")
    short = load_environment(max_turns=2)
    state = await started(short, task.id)
    calls = await solution(short, task)
    await turn(short, state, calls[0])
    assert "final_env_response" not in state
    await turn(short, state, calls[-1])
    assert (await rewards(short, state))["medagentbench_reward"] == 1.0
    late = await started(short, task.id)
    await turn(short, late, calls[0])
    await turn(short, late, calls[0])
    assert late["final_env_response"]
    assert (await rewards(short, late))["protocol_turn_limit"] == 1.0


async def test_a_malformed_call_is_told_and_nothing_is_written(env: Any) -> None:
    state = await started(env, naloxone_task(env, "covered").id)
    (bad_json, unknown_tool, unknown_argument) = await turn(
        env,
        state,
        ("fhir_patient_search", "{not json"),
        ("delete_everything", {}),
        ("fhir_patient_search", {"identifer": "S1"}),
    )
    assert "JSON" in bad_json
    assert "delete_everything" in unknown_tool
    assert "identifer" in unknown_argument
    found = await rewards(env, state)
    assert found["invalid_calls"] == 3.0
    assert found["writes"] == 0.0
    assert found["protocol_no_finish"] == 1.0


async def test_infrastructure_trouble_is_the_frameworks_retryable_error_and_never_scored(
    env: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = await started(env, naloxone_task(env, "covered").id)

    async def down(*_: Any) -> str:
        raise InfrastructureError("the EHR does not answer")

    monkeypatch.setattr(state["rollout"], "call", down)
    with pytest.raises(vf.InfraError, match="does not answer"):
        await turn(env, state, ("finish", {"value": []}))
    state["error"] = vf.InfraError("the EHR does not answer")
    found = await rewards(env, state)
    assert set(found.values()) == {0.0}
    assert "score" not in state


async def test_a_bug_of_ours_propagates(env: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    state = await started(env, naloxone_task(env, "covered").id)

    async def broken(*_: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(state["rollout"], "call", broken)
    with pytest.raises(ZeroDivisionError):
        await turn(env, state, ("finish", {"value": []}))


def test_flags_can_be_derived_from_the_signature() -> None:
    hints = typing.get_type_hints(load_environment)
    parameters = inspect.signature(load_environment).parameters
    assert list(parameters)[:5] == ["fhir_api_base", "tasks_variant", "tasks_path", "task_types", "max_turns"]
    assert all(name in hints and name in (load_environment.__doc__ or "") for name in parameters)
    assert all(p.kind is p.KEYWORD_ONLY for p in list(parameters.values())[5:])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tasks_variant": "new_patient_task"}, ["tasks_variant", "'new_patient_task'", "new_patient_tasks"]),
        ({"task_types": ["task11"]}, ["task_types", "'task11'", "task1"]),
        ({"tasks_path": "missing.json"}, ["tasks_path", "missing.json"]),
        ({"max_turns": 0}, ["max_turns", "0"]),
        ({"grading": "lenient"}, ["grading", "'lenient'", "published"]),
        ({"split": "test"}, ["split", "'test'", "train"]),
        ({"writes": "server"}, ["writes", "fhir_api_base"]),
        ({"fhir_api_base": "http://127.0.0.1:9/fhir/"}, ["fhir_api_base", "127.0.0.1:9", "ehr serve"]),
        ({"fhir_api_base": "localhost:8080"}, ["fhir_api_base", "http"]),
    ],
)
def test_a_wrong_argument_names_itself_the_value_and_the_fix(arguments: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ArgumentError) as caught:
        load_environment(**arguments)
    assert all(word in str(caught.value) for word in words)


def test_task1_is_exactly_task1_and_slugs_and_commas_work() -> None:
    def chosen(types: Any) -> set[str]:
        return {t.family.task_type for t in load_environment(task_types=types).setup.tasks}

    assert chosen(["task1"]) == {"task1"}
    assert chosen("task1,task10") == {"task1", "task10"}
    assert chosen(["naloxone_coverage"]) == {"task8"}
