"""Generated worlds: world N for any N, each a fresh hospital with fresh tasks, grown when needed and kept a while.

Training worlds are 1, 2, 3...; evaluation worlds with a private seed lie in a range of their own, so that no training
world shares a patient with one. World 0, the public evaluation world, is not generated here: it ships.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.hospital.ward import Ward
from medagentbenchv2.tasks.planting import Asking, plant
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import World
from medagentbenchv2.tasks.world_cache import WorldCache
from medagentbenchv2.tasks.world_file import open_world, stamp

GENERATED = "generated"
PER_FAMILY = 10
"""Tasks of each family in a generated world."""
PATIENTS, VISITORS = 24, 76
FIRST_EVAL, EVAL_WORLDS = 4000, 900
"""World numbers of evaluation worlds with a private seed; training worlds end below."""
SCALE = {1: 0.06, 2: 0.2, 3: 0.6}
"""Chart size by difficulty, as a share of the default EHR's."""
MEMORY = 512 * 2**20
"""Bytes of generated worlds that a process keeps."""
_KEPT = WorldCache(MEMORY)
_EARLIEST = datetime(2021, 1, 1, tzinfo=UTC)
_MINUTES = 5 * 365 * 24 * 60


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a generated world."""

    number: int
    seed: int = 0
    difficulty: int = 1
    families: tuple[str, ...] = tuple(FAMILIES)

    @property
    def key(self) -> str:
        """The seed of everything random in it."""
        return f"{self.number}/{self.seed}/{self.difficulty}"


def evaluation_recipe(seed: int, difficulty: int, families: tuple[str, ...]) -> Recipe:
    """The fresh evaluation world of a private seed (1 or more)."""
    return Recipe(FIRST_EVAL + seed % EVAL_WORLDS, seed, difficulty, families)


def grow(recipe: Recipe) -> World:
    """The world of a recipe: from memory, else from this machine's file, else grown from its seed."""
    return _KEPT.get(recipe, lambda: _opened(recipe))


def at_hand(recipe: Recipe) -> World | None:
    """The world of a recipe if it is in memory: nothing to wait for."""
    return _KEPT.at_hand(recipe)


def _opened(recipe: Recipe) -> World:
    found = stamp((recipe.key, *recipe.families), recipe.families)
    return open_world(recipe.number, found, GENERATED, lambda: grow_anew(recipe)) if found else grow_anew(recipe)


def grow_anew(recipe: Recipe) -> World:
    """The world of a recipe from its seed alone."""
    rng = random.Random(f"{recipe.key}/clock")
    end = _EARLIEST + timedelta(minutes=rng.randrange(_MINUTES))
    ward = Ward.open(
        seed=recipe.seed,
        number=recipe.number,
        end=end,
        patients=PATIENTS,
        visitors=VISITORS,
        scale=SCALE[recipe.difficulty],
        labels={"name": f"MedAgentBench V2 generated EHR {recipe.key}"},
    )
    askings = [Asking(GENERATED, FAMILIES[slug], PER_FAMILY, end) for slug in recipe.families]
    start = rng.randrange(10_000)
    planted = plant(ward, askings, seed=recipe.key, difficulty=recipe.difficulty, start=start)
    snapshot = Snapshot.build(ward.records())
    return World(recipe.number, snapshot, {GENERATED: [_named(t, recipe.number) for t in planted[GENERATED]]})


def training_tasks(number: int, seed: int, difficulty: int, families: tuple[str, ...]) -> list[Task]:
    """The first `number` training tasks, dealt round the families within each world.

    Raises ArgumentError when that many need more training worlds than there are.
    """
    most = (FIRST_EVAL - 1) * PER_FAMILY * len(families)
    if number > most:
        raise ArgumentError(
            f"num_train_tasks: {number} is more than the {most} tasks that these families have in the training worlds "
            "of one seed; use fewer, or another seed"
        )
    return list(islice(training_stream(seed, difficulty, families), number))


def training_stream(seed: int, difficulty: int, families: tuple[str, ...], first: int = 1) -> Iterator[Task]:
    """All training tasks of one seed from world `first` on, dealt round the families within each world."""
    for number in range(first, FIRST_EVAL):
        tasks = grow(Recipe(number, seed, difficulty, families)).tasks[GENERATED]
        yield from (task for place in range(PER_FAMILY) for task in tasks[place::PER_FAMILY])


def public_tasks(world: World) -> list[Task]:
    """World 0's tasks of the twenty published families, under ids that name the family: the public evaluation set."""
    named = (world.tasks["new_patient_tasks"], world.tasks["test_data_v2"])
    return [replace(t, id=f"{t.family.slug}_{t.id.rpartition('_')[2]}") for tasks in named for t in tasks]


def _named(task: Task, number: int) -> Task:
    place = task.id.rpartition("_")[2]
    return replace(task, id=f"w{number}_{task.family.slug}_{place}", world=number)
