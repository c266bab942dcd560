"""Growing a world from a seed: a hospital is opened, and every family plants its tasks in patients of it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.hospital.ward import Ward
from medagentbenchv2.tasks.family import Family
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.task import Task


@dataclass(frozen=True)
class Asking:
    """So many tasks of one family, to be planted in a world."""

    variant: str
    """The variant that the tasks belong to; ids are unique within it."""
    family: Family[Any]
    count: int
    now: datetime


def plant(
    ward: Ward, askings: Iterable[Asking], *, seed: str, difficulty: int = 1, start: int = 0
) -> dict[str, list[Task]]:
    """Plant all askings in a ward; returns the tasks by variant, in the order asked.

    `start` is the index of each branch's first task: small worlds that start elsewhere plant other counts and edges.
    No two families that share a topic meet in one patient. Raises ArgumentError when the ward has too few patients.
    """
    claimed: dict[int, set[str]] = {}
    tasks: dict[str, list[Task]] = {}
    for asking in askings:
        rng = random.Random(f"{seed}/{asking.variant}/{asking.family.slug}")
        chosen = _choose(ward, asking, claimed, rng)
        tasks.setdefault(asking.variant, []).extend(_plant_family(ward, asking, chosen, rng, difficulty, start))
    return tasks


def _choose(ward: Ward, asking: Asking, claimed: dict[int, set[str]], rng: random.Random) -> list[int]:
    topics = asking.family.topics
    free = [p.index for p in ward.people if p.charted and topics.isdisjoint(claimed.get(p.index, ()))]
    if len(free) < asking.count:
        raise ArgumentError(
            f"patients: {asking.count} tasks of {asking.family.slug} need as many patients without "
            f"{', '.join(sorted(topics))} planted, the hospital has {len(free)}; open it with more patients"
        )
    chosen = rng.sample(free, asking.count)
    for index in chosen:
        claimed.setdefault(index, set()).update(topics)
    return chosen


def _plant_family(
    ward: Ward, asking: Asking, chosen: Sequence[int], rng: random.Random, difficulty: int, start: int
) -> Iterable[Task]:
    family, seen = asking.family, dict.fromkeys((b.name for b in asking.family.branches), start)
    wording = rng.randrange(len(family.asks))
    for place, (index, branch) in enumerate(zip(chosen, family.schedule(asking.count, rng), strict=True)):
        scene = Scene(ward, ward.people[index], asking.now, rng, seen[branch.name], difficulty)
        slots = family.plant(scene, branch.name)
        seen[branch.name] += 1
        instruction, context = family.prompt(slots, asking.now, wording + place)
        yield Task(
            id=f"{family.task_type}_{place + 1}",
            family=family,
            slots=slots,
            now=asking.now,
            instruction=instruction,
            context=context,
            branch=branch.name,
        )
