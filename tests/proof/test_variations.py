"""What is done or said otherwise, and as well, scores as the oracle does, under both profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from medagentbenchv2.fhir.ehr import Write
from medagentbenchv2.grading.expectation import Profile
from medagentbenchv2.grading.judge import judge
from medagentbenchv2.tasks.generated import Recipe, grow
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import World
from tests.proof.forms import FORMS
from tests.proof.tally import Tally
from tests.proof.variations import Variation, variations
from tests.proof.work import Work, all_tasks, replay, sample, works

READS_OTHERWISE = ("catheter_removal", "covid_booster")
"""The published graders read the chart in another way: a completed removal order does not count there, nor does an
active vaccine order."""


async def complaints(work: Work, variation: Variation, profiles: Sequence[Profile]) -> list[str]:
    """What the judge has against a variation."""
    rollout = await replay(work, variation.actions)
    said = []
    for profile in profiles:
        verdict = rollout.verdict(profile)
        if not verdict.correct and not (profile == "published" and variation.strict_only):
            found = [(check.category, check.expected, check.found) for check in verdict.failed]
            said.append(f"{work.task.family.slug} {work.task.id}, {variation.name}, {profile}: {found}")
    return said


async def survey(tasks: Sequence[Task], world: World | None = None) -> tuple[Tally, list[str]]:
    """All variations of the tasks: how many of which kind, and the judge's complaints."""
    tally, mistakes = Tally(), []
    for work in await works(tasks, world):
        profiles: tuple[Profile, ...] = ("strict", "published")
        if work.task.family.slug in READS_OTHERWISE:
            oracle = await replay(work, work.calls)
            profiles = ("strict", "published") if oracle.verdict("published").correct else ("strict",)
        for variation in variations(work):
            tally.add(work.task.family.slug, f"{variation.kind} ({'strict' if variation.strict_only else 'both'})")
            mistakes += await complaints(work, variation, profiles)
    return tally, mistakes


async def test_every_harmless_variation_of_a_sample_is_right():
    tally, mistakes = await survey(sample())
    assert mistakes == []
    assert tally.total > 1500


async def test_every_harmless_variation_in_somebody_elses_words_is_right():
    tally, mistakes = await survey([replace(task, ours=False) for task in sample()])
    assert mistakes == []
    assert tally.total > 1500


async def test_every_argument_form_is_executed():
    """Not one call of another form is malformed, the searches included, which no verdict would show."""
    for work in await works(sample()):
        for name, form in FORMS.items():
            rollout = await replay(work, [form(call) for call in work.calls])
            assert rollout.invalid_calls == 0, (work.task.id, name)


async def test_every_harmless_variation_in_a_generated_world_is_right():
    world = grow(Recipe(number=11, difficulty=3))
    tally, mistakes = await survey(world.tasks["generated"][::5], world)
    assert mistakes == []
    assert tally.total > 1000


@pytest.mark.soak
async def test_every_harmless_variation_of_every_shipped_task_is_right(capsys):
    tally, mistakes = await survey(all_tasks())
    with capsys.disabled():
        print("\n" + tally.table("Variations"))
    assert mistakes == []


async def test_status_intent_and_priority_may_stand_in_capitals():
    """A server as strict as HAPI refuses them, so that only the judge can be asked."""
    for work in await works(sample()):
        rollout = await replay(work, work.calls)
        shouted = [Write(w.method, w.kind, w.id, w.resource | _shouted(w.resource)) for w in rollout.ehr.writes]
        for profile in ("strict", "published"):
            verdict = judge(rollout.expectations[profile], shouted, rollout.answer, "completed", profile)
            assert verdict.correct is rollout.verdict(profile).correct, (work.task.id, verdict.failed)


def _shouted(resource: dict[str, str]) -> dict[str, str]:
    return {name: resource[name].upper() for name in ("status", "intent", "priority") if name in resource}
