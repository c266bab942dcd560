"""A verdict in words: every category has some, and every check is told."""

from __future__ import annotations

from medagentbenchv2.results.rows import TAXONOMY
from medagentbenchv2.tasks.explain import FAILURES, explain_verdict
from tests.proof.mutants import mutants
from tests.proof.work import replay, sample, works


def test_every_failure_category_has_its_words():
    assert set(FAILURES) == {category for categories in TAXONOMY.values() for category in categories}


async def test_every_check_is_told_and_the_primary_failure_first():
    tasks = [task for task in sample() if task.family.slug in ("potassium_replacement", "dvt_prophylaxis")]
    for work in await works(tasks):
        for mutant in list(mutants(work))[::7]:
            verdict = (await replay(work, mutant.actions, mutant.ending)).verdict()
            lines = list(explain_verdict(verdict.to_json()))
            assert lines[1].startswith(f"reward 0.0: {mutant.group}/{mutant.category}, {FAILURES[mutant.category]}")
            assert sum(line.startswith(("  ok  ", "  FAIL  ")) for line in lines) == len(verdict.checks)


async def test_a_right_rollout_is_told_in_full():
    for work in await works(sample()[:6]):
        lines = list(explain_verdict((await replay(work, work.calls)).verdict().to_json()))
        assert lines[1] == "reward 1.0: every check passed"
        assert any(line.strip().startswith("expected: finish called") for line in lines)
