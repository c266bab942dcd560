"""Fifty worlds, ten thousand tasks: all solvable, none free, balanced, and nothing twice. A slice runs by default."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from medagentbenchv2.agents.behaviours import Constant, Oracle
from medagentbenchv2.agents.script import play
from medagentbenchv2.hospital.ward import Ward
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.tasks.generated import GENERATED, PATIENTS, PER_FAMILY, SCALE, VISITORS, Recipe, grow
from medagentbenchv2.tasks.leaks import audit, evaluation_worlds, training_worlds
from medagentbenchv2.tasks.planting import Asking, plant
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.world import World

SLUGS = tuple(FAMILIES)
TASKS = PER_FAMILY * len(SLUGS)
"""Of one world."""
NOW = datetime(2024, 5, 6, 7, 8, tzinfo=UTC)


def recipes(count: int) -> list[Recipe]:
    """Training worlds of every difficulty in turn."""
    return [Recipe(number, 0, 1 + number % 3, SLUGS) for number in range(1, count + 1)]


async def rewards(world: World) -> Counter[str]:
    """How many tasks of a world the oracle solves, and how many doing nothing solves."""
    found: Counter[str] = Counter()
    for task in world.tasks[GENERATED]:
        found["tasks"] += 1
        for agent in (Oracle(), Constant("null")):
            rollout = await play(agent, await Rollout.enter(world, task))
            found[agent.name] += int(rollout.verdict("strict").reward)
    return found


def assert_balanced(world: World) -> None:
    for slug, family in FAMILIES.items():
        acts = {branch.name: branch.acts for branch in family.branches}
        planted = Counter(acts[str(t.branch)] for t in world.tasks[GENERATED] if t.family.slug == slug)
        assert planted.total() == PER_FAMILY
        if len(set(acts.values())) == 2:
            assert planted[True] == planted[False], (slug, world.number)


@pytest.mark.parametrize("count", [2, pytest.param(50, marks=pytest.mark.soak)])
async def test_the_oracle_solves_all_doing_nothing_solves_none_and_branches_balance(count: int) -> None:
    found: Counter[str] = Counter()
    for recipe in recipes(count):
        world = grow(recipe)
        assert_balanced(world)
        found += await rewards(world)
    assert found == Counter({"tasks": TASKS * count, "oracle": TASKS * count})


@pytest.mark.parametrize("count", [2, pytest.param(50, marks=pytest.mark.soak)])
def test_no_prompt_occurs_twice_and_no_patient_in_two_worlds(count: int) -> None:
    worlds = [grow(recipe) for recipe in recipes(count)]
    prompts = Counter((t.instruction, t.context) for world in worlds for t in world.tasks[GENERATED])
    assert max(prompts.values()) == 1
    assert len(prompts) == TASKS * count
    found = audit(worlds, evaluation_worlds([1, 2, 3]))
    assert found.holds, found


@pytest.mark.parametrize("difficulty", [1, 2, 3])
@pytest.mark.parametrize("count", [2, pytest.param(50, marks=pytest.mark.soak)])
def test_each_difficulty_alone_leaks_nothing(count: int, difficulty: int) -> None:
    few = ("patient_lookup", "orthopedic_referral")
    assert audit(training_worlds(count, 0, difficulty, few), evaluation_worlds([4], difficulty, few)).holds


def test_two_thousand_tasks_a_second_are_planted_in_a_hospital_that_stands() -> None:
    """Processor time, the best of five hospitals: other programs on the machine do not count."""
    askings = [Asking(GENERATED, family, PER_FAMILY, NOW) for family in FAMILIES.values()]
    speeds = []
    for number in range(1, 6):
        ward = Ward.open(number=number, end=NOW, patients=PATIENTS, visitors=VISITORS, scale=SCALE[1])
        started = time.process_time()
        tasks = plant(ward, askings, seed=f"{number}")[GENERATED]
        speeds.append(len(tasks) / (time.process_time() - started))
    print(f"planting: {max(speeds):,.0f} tasks/s")
    assert max(speeds) > 2000
