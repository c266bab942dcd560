"""World 0 and generated worlds: what ships is what the seed grows; balance, determinism, no shared patient."""

from __future__ import annotations

from collections import Counter

import pytest

from medagentbenchv2.agents.proof import prove
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.generated import GENERATED, PER_FAMILY, Recipe, evaluation_recipe, grow, training_tasks
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.world import VARIANTS, default_world, grow_default

PUBLISHED_COUNTS = {"Observation": 563_426, "Procedure": 124_969, "Condition": 74_821, "MedicationRequest": 21_991}
SLUGS = tuple(FAMILIES)


def test_the_seed_grows_what_ships_byte_for_byte() -> None:
    records, tasks = grow_default()
    world = default_world()
    assert Snapshot.build(records).checksum == world.snapshot.checksum
    assert tasks == world.tasks


def test_the_default_ehr_has_the_published_scale_within_2_percent() -> None:
    records = default_world().snapshot.records()
    kinds = Counter[str]()
    for template, count in Counter(records.rows.template.tolist()).items():
        kinds[records.templates[template].kind] += count
    for kind, count in PUBLISHED_COUNTS.items():
        assert abs(kinds[kind] / count - 1) < 0.02, (kind, kinds[kind])
    assert len(records.patients) == 500


@pytest.mark.parametrize("variant", list(VARIANTS))
async def test_every_shipped_task_is_proven(variant: str) -> None:
    proof = await prove(Setup(tasks_variant=variant))
    assert proof.holds, proof.faults[:3]
    edition, per_family = VARIANTS[variant]
    assert proof.tasks == proof.oracle == 10 * per_family
    assert proof.null == 0
    assert [row.family for row in proof.rows] == [f.slug for f in FAMILIES.values() if f.edition == edition]


@pytest.mark.parametrize("variant", ["new_patient_tasks", "test_data_v2"])
def test_act_and_no_act_are_balanced_and_every_branch_occurs(variant: str) -> None:
    for slug in {t.family.slug for t in default_world().tasks[variant]}:
        family = FAMILIES[slug]
        acts = {b.name: b.acts for b in family.branches}
        planted = Counter(t.branch for t in default_world().tasks[variant] if t.family.slug == slug)
        assert set(planted) == set(acts)
        if len(set(acts.values())) == 2:
            acting = sum(n for name, n in planted.items() if acts[str(name)])
            assert abs(acting - (30 - acting)) <= 1
        assert sum(planted[b.name] for b in family.branches if b.empty) <= 3


def test_worlds_share_no_patient_and_no_prompt() -> None:
    tasks = [t for n in (1, 2, 3) for t in grow(Recipe(n, families=SLUGS)).tasks[GENERATED]]
    tasks += grow(evaluation_recipe(7, 1, SLUGS)).tasks[GENERATED]
    prompts = [(t.instruction, t.context) for t in tasks]
    assert len(set(prompts)) == len(prompts)
    patients = [{p["id"] for p in grow(Recipe(n, families=SLUGS)).snapshot.records().patients} for n in (1, 2, 3)]
    patients.append({p["id"] for p in default_world().snapshot.records().patients})
    assert sum(map(len, patients)) == len(set().union(*patients))


@pytest.mark.parametrize("difficulty", [1, 2, 3])
async def test_generated_tasks_are_proven_too(difficulty: int) -> None:
    proof = await prove(Setup(tasks_variant=GENERATED, seed=11 + difficulty, difficulty=difficulty, max_turns=8))
    assert proof.oracle == proof.tasks == PER_FAMILY * len(FAMILIES), proof.faults[:3]
    assert proof.null == 0


def test_training_tasks_are_lazy_dealt_round_the_families_and_end_with_a_clear_error() -> None:
    few = training_tasks(45, 0, 1, ("ct_followup", "patient_age"))
    assert [t.world for t in few] == [1] * 20 + [2] * 20 + [3] * 5
    assert {t.family.slug for t in few[:2]} == {"ct_followup", "patient_age"}
    with pytest.raises(ArgumentError, match="num_train_tasks"):
        training_tasks(10**6, 0, 1, ("ct_followup",))


def test_a_private_seed_opens_a_fresh_evaluation_world() -> None:
    one, other = (Setup(tasks_variant=GENERATED, split="eval", seed=s).tasks for s in (1, 2))
    assert {t.world for t in one} != {t.world for t in other}
    assert not {t.instruction for t in one} & {t.instruction for t in other if t.family.slug == "patient_lookup"}
