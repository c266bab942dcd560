"""One core under all faces: the same decisions in the same tasks get the same verdict everywhere."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from medagentbenchv2 import load_environment
from medagentbenchv2.agents.text_form import to_text
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task
from tests.faces.recorded import BEHAVIOURS, MOST, WRITTEN, Turns, action, completion, ends, solution
from tests.model_server import Reply, Request, serving

SETUP = Setup(max_turns=MOST)
TASKS = [task for start in range(30) for task in SETUP.tasks[start::30]][:200]
"""Dealt round the families."""
Verdict = dict[str, Any]
Case = tuple[Task, str, Turns]


async def recorded(tasks: list[Task]) -> list[Case]:
    """Each task with the oracle's decisions and those of one agent that errs, in rotation."""
    erring = [name for name in BEHAVIOURS if name != "oracle"]
    cases: list[Case] = []
    for place, task in enumerate(tasks):
        calls = await solution(SETUP, task)
        cases += [(task, name, BEHAVIOURS[name](calls)) for name in ("oracle", erring[place % len(erring)])]
    return cases


async def by_rollout(cases: list[Case]) -> list[Verdict]:
    verdicts = []
    for task, _, turns in cases:
        rollout = await SETUP.open(task)
        for turn in turns[:MOST]:
            if not turn.calls:
                rollout.end("no_finish")
            for call in turn.calls:
                await rollout.call(call.tool, call.json)
        rollout.end("limit_reached")
        verdicts.append(rollout.verdict().to_json())
    return verdicts


async def by_classic(cases: list[Case]) -> list[Verdict]:
    vf = pytest.importorskip("verifiers.legacy", reason="the classic interface is in verifiers 0.3 and earlier")
    env, verdicts = load_environment(max_turns=MOST), []
    for task, _, turns in cases:
        info = json.dumps({"task_id": task.id, "world": 0})
        state = await env.setup_state({"info": info, "trajectory": [], "error": None})
        for turn in turns:
            state["trajectory"].append(turn)
            if not turn.calls or "final_env_response" in state:
                break
            calls = [vf.ToolCall(id=f"c{i}", name=call.tool, arguments=call.json) for i, call in enumerate(turn.calls)]
            await env.env_response([vf.AssistantMessage(content=None, tool_calls=calls)], state)
        await env.close_rollout(state)
        verdicts.append(state["verdict"])
    return verdicts


async def by_v1(cases: list[Case]) -> list[Verdict]:
    vf = pytest.importorskip("verifiers.v1", reason="needs verifiers 0.3 or later")
    from medagentbenchv2.faces.v1.env import load_v1_environment

    env = load_v1_environment(SETUP)
    tasks = {task.data.task_id: task for task in env.taskset}
    # The model recognises a case by its name, and the turn by what was said so far.
    turns = {f"{name}/{SETUP.prompt(task)}": turns for task, name, turns in cases}

    def answer(request: Request) -> Reply:
        messages = request.body["messages"]
        said = sum(message["role"] == "assistant" for message in messages)
        return Reply(body=completion(turns[f"{request.model}/{messages[1]['content']}"][said], said))

    os.environ.setdefault("RECORDED_KEY", "none")
    with serving(answer) as model:
        client = vf.EvalClientConfig(base_url=model.base_url, api_key_var="RECORDED_KEY")
        gate = asyncio.Semaphore(8)

        async def one(task: Task, name: str) -> Verdict:
            (slot,) = env.slots(tasks[task.id])
            episode = await env.run_slot(slot, vf.ModelContext(model=name, client=client), gate)
            (trace,) = episode.traces
            assert trace.ok, trace.errors
            assert trace.reward == trace.metrics["strict_reward"] == trace.info["verdict"]["reward"]
            return dict(trace.info["verdict"])

        async with env.serving():
            return list(await asyncio.gather(*[one(task, name) for task, name, _ in cases]))


async def by_mcp(cases: list[Case]) -> list[Verdict]:
    mcp = pytest.importorskip("mcp", reason="needs pip install 'medagentbenchv2[mcp]'")
    from mcp.shared.memory import create_client_server_memory_streams

    from medagentbenchv2.faces.mcp import Desk, build

    async def one(task: Task, turns: Turns) -> Verdict:
        server = build(Desk(SETUP, task))
        async with create_client_server_memory_streams() as (ours, theirs):
            running = asyncio.create_task(server.run(*theirs, server.create_initialization_options()))
            async with mcp.ClientSession(*ours) as session:
                await session.initialize()
                for call in [call for turn in turns for call in turn.calls]:
                    await session.call_tool(call.tool, call.arguments)
                found = (await session.read_resource("medagentbench://verdict")).contents[0].text
            running.cancel()
        return dict(json.loads(found))

    return [await one(task, turns) for task, _, turns in cases]


async def by_gymnasium(cases: list[Case]) -> list[Verdict]:
    pytest.importorskip("gymnasium", reason="needs pip install 'medagentbenchv2[gym]'")
    from medagentbenchv2.faces.gymnasium import MedAgentBenchGym

    def play() -> list[Verdict]:
        env, verdicts = MedAgentBenchGym(max_turns=1000), []
        for task, _, turns in cases:
            env.reset(options={"task_id": task.id})
            for call in [call for turn in turns for call in turn.calls]:
                _, _, finished, _, info = env.step(action(call))
                if finished:
                    break
            verdicts.append(info["verdict"])
        env.close()
        return verdicts

    return await asyncio.to_thread(play)


async def by_text(cases: list[Case]) -> list[Verdict]:
    pytest.importorskip("verifiers.legacy", reason="the classic interface is in verifiers 0.3 and earlier")
    import verifiers as vf

    env, verdicts = load_environment(protocol="text", max_turns=MOST), []
    for task, _, turns in cases:
        info = json.dumps({"task_id": task.id, "world": 0})
        state = await env.setup_state({"info": info, "trajectory": [], "error": None})
        for turn in turns:
            if turn.calls[0].tool == "calculator":
                continue
            state["trajectory"].append(turn)
            await env.env_response([vf.AssistantMessage(content=to_text(turn))], state)
        await env.close_rollout(state)
        verdicts.append(state["verdict"])
    return verdicts


FACES: dict[str, tuple[Callable[[list[Case]], Awaitable[list[Verdict]]], Callable[[Case], bool]]] = {
    "classic": (by_classic, lambda case: True),
    "v1": (by_v1, lambda case: True),
    # No model and so no turns to count: a client of MCP and a Gymnasium agent end a task by finishing it.
    "mcp": (by_mcp, lambda case: ends(case[2])),
    "gymnasium": (by_gymnasium, lambda case: ends(case[2])),
    "text": (by_text, lambda case: case[1] in WRITTEN),
}


async def compare(face: str, tasks: list[Task]) -> None:
    play, applies = FACES[face]
    cases = [case for case in await recorded(tasks) if applies(case)]
    assert cases
    expected = await by_rollout(cases)
    assert {verdict["reward"] for verdict in expected} == {0.0, 1.0}
    for case, plain, found in zip(cases, expected, await play(cases), strict=True):
        assert found == plain, f"{case[0].id}, {case[1]}"


@pytest.mark.parametrize("face", FACES)
async def test_a_face_gives_the_verdict_of_the_plain_rollout(face: str) -> None:
    await compare(face, TASKS[:16])


@pytest.mark.soak
@pytest.mark.parametrize("face", FACES)
async def test_200_tasks_get_the_same_verdicts_in_every_face(face: str) -> None:
    await compare(face, TASKS)
