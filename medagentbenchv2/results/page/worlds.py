"""The EHR that a rollout was played on: the one that ships, or a generated world grown anew from its seed.

Nothing is shown as a rollout's chart that was not its chart: what a run recorded of its EHR and of its task must come
out again.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import orjson

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.traces import Trace
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.generated import GENERATED, Recipe, grow
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import World, default_world

MOST_WORLDS = 20
"""Generated worlds that one report grows anew; each takes about a second."""


class NoRecordError(Exception):
    """A rollout's EHR is not at hand; the message is the sentence that the page shows."""


class Worlds:
    """Opens worlds when they are asked for, each once."""

    def __init__(self) -> None:
        """Start with none."""
        self._grown: set[Recipe] = set()
        self._setups: dict[bytes, Setup] = {}

    def of(self, run: Run, trace: Trace) -> World:
        """The world of a rollout. Raises NoRecordError where it is remote, unknown, another one, or one too many."""
        setup, number = self._setup(run, trace), trace.extra.get("world")
        if setup.fhir_api_base is not None and not (number == 0 and _holds_what_ships(run, setup)):
            raise NoRecordError("The run's EHR was remote, and a report asks no server.")
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise NoRecordError("The trace does not say which world its patient lives in.")
        world = self._grow(_recipe(run, setup, number)) if number else default_world()
        if (number == 0 or setup.tasks_variant == GENERATED) and _ehr(run) not in (None, world.snapshot.checksum):
            raise NoRecordError(f"World {number} of this version is not the one that the run was played on.")
        if number and not _is_of(trace, find(world, run.variant, trace.task_id)):
            raise NoRecordError(f"World {number} as this version grows it does not hold the rollout's task.")
        return world

    def _setup(self, run: Run, trace: Trace) -> Setup:
        """The arguments that the rollout was started with, so far as they decide its EHR."""
        said = trace.extra.get("arguments") or run.config.get("setup", run.config.get("env_args"))
        if not isinstance(said, dict):
            raise NoRecordError("The run does not say which EHR it used.")
        key = orjson.dumps(said)
        if key not in self._setups:
            try:
                self._setups[key] = _read(said)
            except (ArgumentError, TypeError) as error:
                raise NoRecordError(f"The run's EHR cannot be made out: {error}") from None
        return self._setups[key]

    def _grow(self, recipe: Recipe) -> World:
        if recipe not in self._grown and len(self._grown) >= MOST_WORLDS:
            raise NoRecordError(
                f"A report grows {MOST_WORLDS} generated worlds anew, and world {recipe.number} is one more; "
                "report on fewer rollouts to see its charts."
            )
        self._grown.add(recipe)
        return grow(recipe)


def _read(said: dict[str, Any]) -> Setup:
    known = {field.name for field in fields(Setup)} - {"task_types"}
    types = said.get("task_types")
    types = types.split(",") if isinstance(types, str) else types
    given = {name: value for name, value in said.items() if name in known and value is not None}
    return Setup(**given, task_types=tuple(types) if types else None)


def find(world: World, variant: str, task_id: str) -> Task | None:
    """A task of a world by its id."""
    tasks = world.tasks.get(variant) or world.tasks.get(GENERATED) or ()
    return next((task for task in tasks if task.id == task_id), None)


def _recipe(run: Run, setup: Setup, number: int) -> Recipe:
    try:
        families = tuple(run.config.get("families") or setup.families)
    except ArgumentError as error:
        raise NoRecordError(f"World {number} cannot be grown anew: {error}") from None
    if unknown := [slug for slug in families if slug not in FAMILIES]:
        raise NoRecordError(f"World {number} cannot be grown anew: the family {unknown[0]} is not registered here.")
    return Recipe(number, setup.seed, setup.difficulty, families)


def _holds_what_ships(run: Run, setup: Setup) -> bool:
    """Whether a remote server held the EHR that ships and no rollout wrote to it."""
    return setup.writes == "isolated" and _ehr(run) == default_world().snapshot.checksum


def _ehr(run: Run) -> str | None:
    """The checksum of the evaluation EHR, where the run recorded it."""
    parts: Any = run.config.get("fingerprint_parts")
    return parts.get("ehr") if isinstance(parts, dict) else None


def _is_of(trace: Trace, task: Task | None) -> bool:
    """Whether a task is the one of a trace, as far as the trace repeats it."""
    if task is None:
        return False
    slots, now = trace.extra.get("slots"), trace.extra.get("now")
    return slots in (None, task.slots.model_dump(mode="json")) and now in (None, task.now.isoformat())
