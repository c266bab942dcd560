"""A single fault scores nothing, and the judge names exactly that fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from medagentbenchv2.grading.expectation import Profile
from medagentbenchv2.grading.judge import judge
from medagentbenchv2.tasks.generated import Recipe, grow
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import World
from tests.proof.faults import broken
from tests.proof.mutants import Mutant, mutants
from tests.proof.tally import Tally
from tests.proof.work import Work, all_tasks, replay, sample, works


async def complaint(work: Work, mutant: Mutant) -> str | None:
    """What the judge got wrong about a mutant; None when it names the fault and nothing else."""
    rollout = await replay(work, mutant.actions, mutant.ending)
    verdict = rollout.verdict(work.profile)
    failure = verdict.failure
    found = (failure.group, failure.category) if failure else None
    reported = {check.category for check in verdict.failed}
    exactly = mutant.entails or reported == {mutant.category, *mutant.also}
    if verdict.reward == 0.0 and found == (mutant.group, mutant.category) and exactly:
        return None
    return f"{work.task.family.slug} {work.task.id}, {mutant.name}: {mutant.kind} became {found}, {sorted(reported)}"


async def survey(
    tasks: Sequence[Task], profile: Profile = "strict", world: World | None = None
) -> tuple[Tally, list[str]]:
    """All mutants of the tasks: how many of which kind, and the judge's mistakes."""
    tally, mistakes = Tally(), []
    done = [replace(work, profile=profile) for work in await works(tasks, world)]
    for work in done:
        siblings = [other for other in done if other.task.family is work.task.family]
        for mutant in mutants(work, siblings):
            tally.add(work.task.family.slug, mutant.kind)
            if said := await complaint(work, mutant):
                mistakes.append(said)
    return tally, mistakes


async def test_every_single_fault_of_a_sample_is_named():
    tally, mistakes = await survey(sample())
    assert mistakes == []
    assert tally.total > 2000


@pytest.mark.soak
@pytest.mark.parametrize("profile", ["strict", "published"])
async def test_every_single_fault_of_every_shipped_task_is_named(capsys, profile):
    tally, mistakes = await survey(all_tasks(), profile)
    with capsys.disabled():
        print("\n" + tally.table(f"Mutants ({profile})"))
    assert mistakes == []


async def test_every_single_fault_in_a_generated_world_is_named():
    world = grow(Recipe(number=11, difficulty=3))
    tally, mistakes = await survey(world.tasks["generated"][::5], world=world)
    assert mistakes == []
    assert tally.total > 2000


async def test_every_single_fault_in_somebody_elses_words_is_named():
    """Where the text asks for no value, the orders alone are held against the agent."""
    tally, mistakes = await survey([replace(task, ours=False) for task in sample()])
    assert mistakes == []
    assert tally.total > 2000


async def test_what_the_published_graders_check_is_checked_under_their_profile():
    """All rules where they match writes one to one (v1 and ct_followup), silence where nothing is due."""
    tally, mistakes = await survey(sample(), "published")
    assert mistakes == []
    assert tally.total > 1000


async def test_every_category_that_the_rules_of_a_task_name_is_injected():
    for work in await works(sample()):
        wanted = {rule.category for order, _ in work.orders for rule in order.fields}
        injected = {mutant.category for mutant in mutants(work)}
        assert wanted - injected <= {"wrong_resource"}, work.task.id


async def test_no_rule_of_an_order_could_be_dropped_unnoticed():
    """Without the rule, one of the mutants that break it would score: so each rule is held up by a mutant."""
    for work in await works(sample()):
        for place, (order, call) in enumerate(work.orders):
            for rule in order.fields:
                if rule.category == "wrong_resource":
                    continue  # the other tool loses more than the type
                lax = order.model_copy(update={"fields": tuple(other for other in order.fields if other != rule)})
                orders = tuple(lax if i == place else other for i, (other, _) in enumerate(work.orders))
                expectation = work.expectation.model_copy(update={"orders": orders})
                scores = []
                for _, faulty in broken(rule, call, work):
                    done = await replay(work, work.instead(call, faulty))
                    verdict = judge(expectation, done.ehr.writes, done.answer, "completed", "strict")
                    scores.append(verdict.reward)
                assert 1.0 in scores, (work.task.id, order.label, rule)
