"""The same laws over a generated hospital, the embedded engine and the real tools."""

from __future__ import annotations

import pytest

from medagentbenchv2.rollout import Rollout
from medagentbenchv2.tasks.generated import Recipe, grow
from medagentbenchv2.tasks.steps import CPT, order_service
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import World
from medagentbenchv2.tools.call import Call, Result

DIFFICULTIES = [1, 2, 3]


def world_of(difficulty: int) -> World:
    return grow(Recipe(number=7, difficulty=difficulty))


def tasks_in(world: World) -> list[Task]:
    return [task for tasks in world.tasks.values() for task in tasks]


async def play(rollout: Rollout) -> list[Call]:
    """Let the oracle do its work; the calls that it made."""
    steps, calls = rollout.task.solve(), []
    try:
        call = next(steps)
        while True:
            calls.append(call)
            call = steps.send(Result(await rollout.call(call.tool, call.arguments)))
    except StopIteration:
        return calls


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
async def test_the_oracle_is_right_in_eight_turns_without_a_malformed_call(difficulty):
    world = world_of(difficulty)
    for task in tasks_in(world):
        rollout = await Rollout.enter(world, task)
        calls = await play(rollout)
        assert rollout.verdict().failed == (), task.id
        assert rollout.invalid_calls == 0, task.id
        assert len(calls) <= 8, task.id


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
async def test_nobody_scores_who_only_finishes(difficulty):
    world = world_of(difficulty)
    for task in tasks_in(world):
        rollout = await Rollout.enter(world, task)
        await rollout.call("finish", {"value": []})
        assert rollout.verdict().reward == 0.0, task.id


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
async def test_background_and_other_families_leave_each_branch_as_planted(difficulty):
    world = world_of(difficulty)
    for task in tasks_in(world):
        branch = next(branch for branch in task.family.branches if branch.name == task.branch)
        expected = (await world.expectations(task))["strict"]
        assert bool(expected.orders) is branch.acts, task.id


async def test_an_order_filed_for_somebody_else_spoils_the_work():
    world = world_of(1)
    tasks = {task.family.slug: task for task in tasks_in(world)}
    stranger = tasks["patient_age"].slots.mrn
    for task in tasks.values():
        rollout = await Rollout.enter(world, task)
        stray = order_service(stranger, task.now, "85025", CPT, "CBC")
        await rollout.call(stray.tool, stray.arguments)
        assert len(rollout.ehr.writes) == 1
        await play(rollout)
        assert rollout.verdict().failure.category == "extra_order", task.id
