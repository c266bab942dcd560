"""The v1 families over the real hospital, engine and tools: what is planted is found, through pages and searches."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from medagentbenchv2.agents.behaviours import Constant, Oracle
from medagentbenchv2.agents.script import play
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.tasks.generated import GENERATED, Recipe, grow
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.world import World

V1 = tuple(slug for slug, family in FAMILIES.items() if family.edition == "v1")
WORLDS = [1, 2, 3]


@cache
def world(number: int) -> World:
    """World N at difficulty N."""
    return grow(Recipe(number, difficulty=number, families=V1))


@pytest.mark.parametrize("output", ["bundle", "compact"])
@pytest.mark.parametrize("number", WORLDS)
async def test_the_oracle_is_right_under_both_profiles(number, output):
    for task in world(number).tasks[GENERATED]:
        rollout = await play(Oracle(), await Rollout.enter(world(number), task, output=output))
        assert rollout.invalid_calls == 0
        assert rollout.verdict("strict").failed == (), task.id
        assert rollout.verdict("published").failed == (), task.id


@pytest.mark.parametrize("number", WORLDS)
async def test_an_empty_answer_is_never_right(number):
    for task in world(number).tasks[GENERATED]:
        rollout = await play(Constant("null"), await Rollout.enter(world(number), task))
        assert rollout.verdict("strict").reward == 0.0, task.id


@pytest.mark.parametrize("number", WORLDS)
async def test_the_planted_branch_is_what_the_chart_says(number):
    for task in world(number).tasks[GENERATED]:
        expected = (await world(number).expectations(task))["strict"]
        branch = next(branch for branch in task.family.branches if branch.name == task.branch)
        assert bool(expected.orders) is branch.acts, task.id


async def test_an_expectation_survives_being_saved():
    for task in world(1).tasks[GENERATED]:
        for expected in (await world(1).expectations(task)).values():
            assert Expectation.model_validate_json(expected.model_dump_json()) == expected


async def test_no_constant_answer_with_its_orders_pays():
    seen: Counter[tuple[str, str, bool]] = Counter()
    for number in WORLDS:
        for task in world(number).tasks[GENERATED]:
            expected = (await world(number).expectations(task))["strict"]
            if expected.answer is not None:
                seen[task.family.slug, str(expected.answer.expected), bool(expected.orders)] += 1
    share = {key: count / (10 * len(WORLDS)) for key, count in seen.items()}
    assert max(share.values()) <= 0.2, max(share, key=lambda key: share[key])


@pytest.mark.parametrize("slug", ["patient_lookup", "record_blood_pressure", "orthopedic_referral"])
async def test_a_patient_named_by_name_has_a_look_alike(slug):
    for task in (task for task in world(1).tasks[GENERATED] if task.family.slug == slug):
        family = task.slots.model_dump()["name"].split(maxsplit=1)[1]
        found = await Rollout.enter(world(1), task)
        text = await found.call("fhir_patient_search", {"family": family})
        assert text.count('"resourceType":"Patient"') >= 2, task.id
