"""No cheat scores, and one reply to everything pays next to nothing."""

from __future__ import annotations

import pytest

from medagentbenchv2.agents.cheats import Guessing, words_of
from medagentbenchv2.agents.proof import FAMILY_BOUND, GUESSES, OVERALL_BOUND, prove
from medagentbenchv2.agents.registry import WORTHLESS, agent_of
from medagentbenchv2.agents.script import play
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.world import VARIANTS, default_world
from tests.proof.cheats import share, templates
from tests.proof.work import sample, works

SHIPPED = [slug for slug, family in FAMILIES.items() if family.edition != "own"]
LARGE = [variant for variant, (_, each) in VARIANTS.items() if each > 1]


@pytest.mark.parametrize("name", WORTHLESS)
async def test_a_worthless_agent_scores_nothing(name):
    for task in sample():
        rollout = await play(agent_of(name), await Rollout.enter(default_world(), task))
        assert rollout.verdict().reward == 0.0, task.id


async def test_cheats_really_try():
    """Not one of them fails because its calls are malformed; those that order do file what the task asks for."""
    for task in sample():
        for name in WORTHLESS:
            rollout = await play(agent_of(name), await Rollout.enter(default_world(), task))
            assert rollout.invalid_calls == 0, (task.id, name)
            acts = next(branch.acts for branch in task.family.branches if branch.name == task.branch)
            if name == "brute_force" and acts and words_of(task).codes:
                assert rollout.ehr.writes, task.id


async def test_a_cheat_that_reads_reads_the_answer_too():
    """`every_value` fails for saying too much, not for having seen too little."""
    for task in default_world().tasks["test_data_v2"][90:120]:
        rollout = await play(agent_of("every_value"), await Rollout.enter(default_world(), task))
        right = rollout.expectations["strict"].answer.expected[0]
        assert task.branch == "not_measured" or right in rollout.answer, task.id


@pytest.mark.parametrize("seed", range(4))
async def test_a_random_tool_sequence_stays_within_the_bounds(seed):
    for variant in LARGE:
        tasks = default_world().tasks[variant]
        hits = dict.fromkeys(FAMILIES, 0.0)
        for task in tasks:
            rollout = await play(Guessing(seed), await Rollout.enter(default_world(), task))
            hits[task.family.slug] += rollout.verdict().reward
        assert max(hits.values()) <= FAMILY_BOUND * 30
        assert sum(hits.values()) <= OVERALL_BOUND * len(tasks)


def test_guesses_are_not_all_the_same():
    task = default_world().tasks["new_patient_tasks"][0]
    turns = {str(Guessing(seed).turn(task, [], None)) for seed in range(40)}
    assert len(turns) > 30
    assert str(Guessing(3).turn(task, [], None)) == str(Guessing(3).turn(task, [], 99))


async def _constants(slug: str, most: int | None) -> tuple[float, float]:
    """The best of a family's templates, with its answer and with []."""
    variant = "new_patient_tasks" if FAMILIES[slug].edition == "v2" else "test_data_v2"
    done = await works([task for task in default_world().tasks[variant] if task.family.slug == slug])
    chosen = list(templates(done))[:most]
    best = max([await share(template, done, answered=True) for template in chosen])
    bare = max([await share(template, done, answered=False) for template in chosen])
    if done[0].expectation.answer is not None:
        assert bare == 0.0, f"{slug}: right orders alone pay"
    return best, bare


@pytest.mark.parametrize("slug", SHIPPED)
async def test_one_reply_for_all_tasks_of_a_family_stays_within_the_bound(slug):
    best, _ = await _constants(slug, most=3)
    assert best <= FAMILY_BOUND


@pytest.mark.soak
@pytest.mark.parametrize("slug", SHIPPED)
async def test_no_reply_of_any_task_pays_in_the_others(slug, capsys):
    best, bare = await _constants(slug, most=None)
    with capsys.disabled():
        print(f"\n{slug:24} best constant pair {best:.3f}, the same orders with [] {bare:.3f}")
    assert best <= FAMILY_BOUND


@pytest.mark.soak
@pytest.mark.parametrize("variant", LARGE)
async def test_the_best_of_200_random_tool_sequences_stays_within_the_bounds(variant, capsys):
    proof = await prove(Setup(tasks_variant=variant), guesses=GUESSES)
    with capsys.disabled():
        for row in proof.rows:
            print(f"\n{row.family:24} best random {row.guessed:.3f}, cheats {row.cheats}", end="")
        print(f"\n{variant}: best random {proof.guessed:.3f}, best constant {proof.constant:.3f}")
    assert proof.holds, proof.faults[:5]
