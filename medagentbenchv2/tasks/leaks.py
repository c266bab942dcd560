"""The leak audit: training worlds share no patient and no prompt with evaluation worlds, nor with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from medagentbenchv2.tasks.generated import Recipe, evaluation_recipe, grow
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.world import World, default_world

SHOWN = 5
"""Examples of each kind of leak that are kept."""


@dataclass
class Side:
    """What the worlds of one side of the split hold."""

    worlds: int = 0
    mrns: Counter[str] = field(default_factory=Counter)
    people: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """Names with birth dates."""
    prompts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Instructions with contexts."""

    def add(self, world: World) -> None:
        """Take a world's patients and prompts in."""
        self.worlds += 1
        for patient in world.snapshot.patients():
            name = patient["name"][0]
            self.mrns[patient["id"]] += 1
            self.people[(name["family"], *name["given"], patient["birthDate"])] += 1
        # the variants of world 0 ask some things twice: new_tasks is a small new_patient_tasks
        self.prompts.update({(task.instruction, task.context) for tasks in world.tasks.values() for task in tasks})


@dataclass(frozen=True)
class Leaks:
    """The audit's figures; each list holds the first few of what is shared."""

    train_worlds: int
    eval_worlds: int
    train_patients: int
    eval_patients: int
    train_prompts: int
    eval_prompts: int
    shared_mrns: tuple[str, ...]
    """MRNs that two worlds have."""
    shared_people: tuple[str, ...]
    """Names with birth dates that stand on both sides."""
    shared_prompts: tuple[str, ...]
    """Prompts that two worlds ask."""

    @property
    def holds(self) -> bool:
        """True when nothing is shared."""
        return not (self.shared_mrns or self.shared_people or self.shared_prompts)

    def to_json(self) -> dict[str, Any]:
        """The audit as JSON-able data."""
        return asdict(self) | {"holds": self.holds}


def training_worlds(
    count: int, seed: int = 0, difficulty: int = 1, families: Iterable[str] = FAMILIES
) -> Iterator[World]:
    """Training worlds 1 to `count` of a seed."""
    slugs = tuple(families)
    return (grow(Recipe(number, seed, difficulty, slugs)) for number in range(1, count + 1))


def evaluation_worlds(seeds: Iterable[int], difficulty: int = 1, families: Iterable[str] = FAMILIES) -> Iterator[World]:
    """World 0, and the evaluation world of each private seed."""
    slugs = tuple(families)
    yield default_world()
    for seed in seeds:
        yield grow(evaluation_recipe(seed, difficulty, slugs))


def audit(training: Iterable[World], evaluation: Iterable[World]) -> Leaks:
    """Compare every patient and prompt of two sides; worlds are taken one at a time, so that memory stays bounded."""
    train, held_out = Side(), Side()
    for side, worlds in ((train, training), (held_out, evaluation)):
        for world in worlds:
            side.add(world)
    return Leaks(
        train_worlds=train.worlds,
        eval_worlds=held_out.worlds,
        train_patients=train.mrns.total(),
        eval_patients=held_out.mrns.total(),
        train_prompts=train.prompts.total(),
        eval_prompts=held_out.prompts.total(),
        shared_mrns=_first(mrn for mrn, count in (train.mrns + held_out.mrns).items() if count > 1),
        shared_people=_first(" ".join(person) for person in train.people.keys() & held_out.people.keys()),
        shared_prompts=_first(prompt[0] for prompt, count in (train.prompts + held_out.prompts).items() if count > 1),
    )


def _first(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(found)[:SHOWN])
