"""Smoke tests of the training signal: the smallest learners learn from it, and from nothing else; no more is shown."""

from __future__ import annotations

import pytest

from medagentbenchv2.agents.behaviours import Constant, Erring, Oracle
from medagentbenchv2.tasks.generated import GENERATED, Recipe, grow, public_tasks
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import World, default_world

from .policies import AnswerOnly, Bandit, Cloned, Wavering, group_audit, reward, states

SOME = ("ct_followup", "naloxone_coverage", "patient_age", "latest_glucose")
ALL = tuple(FAMILIES)


def training(count: int, families: tuple[str, ...]) -> list[World]:
    return [grow(Recipe(number, families=families)) for number in range(1, count + 1)]


def held_out(families: tuple[str, ...]) -> list[Task]:
    return [task for task in public_tasks(default_world()) if task.family.slug in families]


async def score(policy: Bandit, tasks: list[Task]) -> float:
    """The policy's mean reward on world 0."""
    rewards = [await reward(default_world(), task, policy.best(task.family.slug)) for task in tasks]
    return sum(rewards) / len(rewards)


SIZES = [(SOME, 2, 2000), pytest.param(ALL, 3, 12_000, marks=pytest.mark.soak)]


@pytest.mark.parametrize(("families", "worlds", "rollouts"), SIZES)
async def test_a_policy_trained_on_other_worlds_rises_from_the_floor_on_world_0(
    families: tuple[str, ...], worlds: int, rollouts: int
) -> None:
    policy, tasks = Bandit(families), held_out(families)
    assert await score(policy, tasks) == 0.0
    await policy.train(training(worlds, families), rollouts)
    trained = await score(policy, tasks)
    print(f"smoke test of the signal: {len(families)} families, {rollouts} rollouts, world 0: 0.000 -> {trained:.3f}")
    assert trained > 0.9


@pytest.mark.parametrize(("families", "worlds", "rollouts"), SIZES)
async def test_shuffled_rewards_teach_nothing(families: tuple[str, ...], worlds: int, rollouts: int) -> None:
    """Some policies drift to what happens to be right; on average they stay about where choosing at random stands."""
    scores = []
    for seed in range(8 if families is SOME else 3):
        policy = Bandit(families, seed=seed)
        await policy.train(training(worlds, families), rollouts, shuffle=True)
        scores.append(await score(policy, held_out(families)))
    print(f"smoke test of the signal: shuffled rewards, world 0: {' '.join(f'{s:.3f}' for s in scores)}")
    assert sum(scores) / len(scores) < 0.5


async def test_cloning_the_oracle_of_two_families_carries_over_to_a_held_out_world() -> None:
    families = ("naloxone_coverage", "covid_booster")
    rows, actions = await states(training(4, families))
    new_rows, new_actions = await states([grow(Recipe(9, families=families))])
    policy = Cloned(sorted({*actions, *new_actions}))
    before = policy.accuracy(new_rows, new_actions)
    policy.fit(rows, actions)
    after = policy.accuracy(new_rows, new_actions)
    print(f"smoke test of the signal: action accuracy on a held-out world {before:.3f} -> {after:.3f}")
    assert before < 0.5
    assert after > 0.8


async def test_groups_of_an_erring_agent_have_a_gradient_in_every_branch() -> None:
    """Binary rewards: a group that is all 0 or all 1 teaches nothing. At an error rate of 1/2 few groups of 8 are."""
    found = await group_audit(grow(Recipe(1, families=SOME)), Erring(0.5), 8)
    assert {branch for branch, _ in found} == set(SOME)
    assert sum(groups.silent * groups.groups for groups in found.values()) / 40 < 0.1
    assert all(groups.silent < 1 for groups in found.values())


async def test_the_audit_tells_certain_agents_and_branches_apart() -> None:
    world = grow(Recipe(1, families=SOME))
    assert {groups.all_1 for groups in (await group_audit(world, Oracle(), 2)).values()} == {1.0}
    assert {groups.all_0 for groups in (await group_audit(world, Constant("null"), 2)).values()} == {1.0}
    acts = {(slug, branch.name): branch.acts for slug in SOME for branch in FAMILIES[slug].branches}
    for branch, groups in (await group_audit(world, AnswerOnly(), 2)).items():
        assert (groups.all_0, groups.all_1) == ((1.0, 0.0) if acts[branch] else (0.0, 1.0))


@pytest.mark.soak
async def test_every_branch_of_every_family_has_groups_with_a_gradient() -> None:
    """Prints the whole audit, of an agent that errs and of one that is still choosing how to behave."""
    for agent in (Erring(0.3), Erring(0.7), Wavering((Oracle(), AnswerOnly(), Constant("null")))):
        found = await group_audit(grow(Recipe(1, families=ALL)), agent, 8)
        assert sum(groups.groups for groups in found.values()) == len(grow(Recipe(1, families=ALL)).tasks[GENERATED])
        for (family, branch), groups in found.items():
            print(f"{agent.name:12} {family:22} {branch:20} all-0 {groups.all_0:.2f}  all-1 {groups.all_1:.2f}")
        assert sum(groups.silent * groups.groups for groups in found.values()) / 200 < 0.25
