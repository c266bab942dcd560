"""What every face and every run starts from: checked arguments, the tasks they mean, and how a rollout opens.

Whatever speaks HTTP is imported only where a remote server is used.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal, get_args

import orjson

from medagentbenchv2 import data
from medagentbenchv2.errors import ArgumentError, not_among
from medagentbenchv2.grading.expectation import GRADING_VERSION, Profile
from medagentbenchv2.rollout import Output, Rollout
from medagentbenchv2.tasks.generated import (
    GENERATED,
    Recipe,
    at_hand,
    evaluation_recipe,
    grow,
    public_tasks,
    training_tasks,
)
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.selection import select, select_families
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.task_file import read_tasks
from medagentbenchv2.tasks.world import VARIANTS, World, default_world
from medagentbenchv2.tools.prompt import SYSTEM_PROMPT, user_message
from medagentbenchv2.tools.registry import openai_tools
from medagentbenchv2.tools.text_prompt import TEXT_FINISH_HINT, TEXT_PROMPT

if TYPE_CHECKING:
    from medagentbenchv2.fhir.preflight import Holding
    from medagentbenchv2.fhir.wire import Server

Protocol = Literal["tools", "text"]
Writes = Literal["isolated", "server"]


@dataclass(frozen=True)
class Setup:
    """The checked arguments of `load_environment`; see there for what each means."""

    fhir_api_base: str | None = None
    tasks_variant: str = "new_patient_tasks"
    tasks_path: str | None = None
    task_types: tuple[str, ...] | None = None
    max_turns: int = 8
    split: str = "all"
    seed: int = 0
    num_train_tasks: int = 1000
    difficulty: int = 1
    protocol: str = "tools"
    grading: str | None = None
    tool_output: str = "bundle"
    writes: str = "isolated"

    def __post_init__(self) -> None:
        """Raise ArgumentError for the first argument that is unusable."""
        for name, allowed in (
            ("tasks_variant", (*VARIANTS, GENERATED)),
            ("split", ("all", "train", "eval")),
            ("protocol", get_args(Protocol)),
            ("tool_output", get_args(Output)),
            ("writes", get_args(Writes)),
        ):
            if getattr(self, name) not in allowed:
                raise not_among(name, getattr(self, name), allowed)
        for name, kind, what in (("fhir_api_base", str, "an address"), ("tasks_path", (str, PathLike), "a path")):
            given = getattr(self, name)
            if given is not None and (not isinstance(given, kind) or not str(given)):
                raise ArgumentError(f"{name}: {given!r} is not {what}; give one as a text, or leave it out")
        if self.grading is not None and self.grading not in get_args(Profile):
            raise not_among("grading", self.grading, get_args(Profile))
        for name, least, most in (
            ("max_turns", 1, 1000),
            ("difficulty", 1, 3),
            ("num_train_tasks", 1, 10_000_000),
            ("seed", 0, 2**31 - 1),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise ArgumentError(f"{name}: {value!r} is not a whole number from {least} to {most}")

    def check(self) -> None:
        """Meet the EHR and the tasks now, so that what is wrong with them is said before the first rollout.

        Raises ArgumentError; with fhir_api_base this asks the server once.
        """
        if not self.tasks:
            raise ArgumentError("tasks: none are left; widen task_types")
        if self.fhir_api_base is None and self.writes == "server":
            raise ArgumentError("writes: 'server' needs fhir_api_base; the embedded EHR is always isolated")

    @cached_property
    def holding(self) -> Holding | None:
        """What the remote server holds; None for the embedded EHR. Raises ArgumentError when nothing answers."""
        if self.fhir_api_base is None:
            return None
        from medagentbenchv2.fhir.preflight import preflight

        return preflight(self.fhir_api_base)

    @cached_property
    def server(self) -> Server | None:
        """The remote server, one pool for all rollouts; None for the embedded EHR."""
        if self.fhir_api_base is None:
            return None
        from medagentbenchv2.fhir.wire import Server

        return Server(self.fhir_api_base)

    @property
    def _evaluation(self) -> Recipe | None:
        """The recipe of the evaluation tasks' world; None for world 0, which ships."""
        if self.tasks_variant == GENERATED and self.tasks_path is None and self.seed:
            return evaluation_recipe(self.seed, self.difficulty, self.families)
        return None

    @property
    def _home(self) -> int:
        """The number of the evaluation tasks' world, told without opening it."""
        recipe = self._evaluation
        return recipe.number if recipe else 0

    @cached_property
    def world(self) -> World:
        """The EHR of the evaluation tasks."""
        recipe = self._evaluation
        return grow(recipe) if recipe else default_world()

    @cached_property
    def tasks(self) -> list[Task]:
        """The evaluation tasks. Raises ArgumentError for an unusable file, type or patient."""
        if self.tasks_path is not None:
            path = Path(self.tasks_path).expanduser()
            tasks = select(read_tasks(path), self.task_types, path.name)
            self._refuse_unknown_patients(tasks)
            return tasks
        pool = self._published() if self.holding is not None else None
        pool = pool or self.world.tasks.get(self.tasks_variant) or public_tasks(self.world)
        return select(pool, self.task_types, self.tasks_variant)

    def _published(self) -> list[Task] | None:
        """The tasks for what the remote server holds; None when it holds our own EHR."""
        holding = self.holding
        if holding is None or self._holds_ours:
            return None
        if holding.hospital != "published":
            what = (
                "another EHR than the one that ships with this version"
                if holding.hospital == "ours"
                else "neither our EHR nor the published one"
            )
            raise ArgumentError(f"fhir_api_base: {self.fhir_api_base} holds {what}; give tasks_path with tasks for it")
        if self.tasks_variant not in VARIANTS:
            raise not_among("tasks_variant", self.tasks_variant, VARIANTS)
        return read_tasks(data.path("published", f"{self.tasks_variant}.jsonl"))

    @property
    def _holds_ours(self) -> bool:
        """Whether a remote server holds the very EHR that the evaluation tasks were made for."""
        holding = self.holding
        return holding is not None and holding.hospital == "ours" and holding.checksum == self.world.snapshot.checksum

    def _refuse_unknown_patients(self, tasks: Sequence[Task]) -> None:
        """Count the MRNs of a user's tasks that the EHR lacks in one error."""
        named = {mrn for task in tasks if (mrn := getattr(task.slots, "mrn", None)) is not None}
        if self.fhir_api_base is None:
            patients = self.world.snapshot.base.of("Patient")
            unknown = sorted(mrn for mrn in named if patients.find("Patient", mrn) is None)
            remedy = "give fhir_api_base for a server that holds them"
        else:
            from medagentbenchv2.fhir.preflight import unknown_patients

            unknown = unknown_patients(self.fhir_api_base, named)
            remedy = f"give tasks for what {self.fhir_api_base} holds"
        if unknown:
            shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
            missing = f"{len(unknown)} of {len(named)} patients are not in the EHR ({shown})"
            raise ArgumentError(f"tasks_path: {missing}; {remedy}")

    @cached_property
    def train_tasks(self) -> list[Task]:
        """Generated tasks of the same families, from training worlds only."""
        return training_tasks(self.num_train_tasks, self.seed, self.difficulty, self.families)

    @cached_property
    def families(self) -> tuple[str, ...]:
        """The families in play, in the registry's order."""
        if self.tasks_variant == GENERATED and self.tasks_path is None:
            return select_families(self.task_types)
        chosen = {task.family.slug for task in self.tasks}
        return tuple(slug for slug in FAMILIES if slug in chosen)

    def find(self, task_id: str, world: int) -> Task:
        """A task by its id and its world's number, among evaluation and training tasks."""
        if world == self._home:
            return self._by_id[task_id]
        return next(task for task in grow(self._recipe(world)).tasks[GENERATED] if task.id == task_id)

    def world_of(self, task: Task) -> World:
        """The world that holds a task's patient."""
        return self.world if task.world == self._home else grow(self._recipe(task.world))

    async def prepare(self, number: int) -> None:
        """Have a world in memory, so that neither `find` nor `open` keeps other rollouts waiting for it."""
        if not self._at_hand(number):
            await asyncio.to_thread(self._bring, number)

    def _at_hand(self, number: int) -> bool:
        if number == self._home:
            return "tasks" in self.__dict__ and (self.fhir_api_base is None or "holding" in self.__dict__)
        return "families" in self.__dict__ and at_hand(self._recipe(number)) is not None

    def _bring(self, number: int) -> None:
        with _BRINGING:
            if self.holding is not None or number == self._home:
                _ = self.tasks
            else:
                grow(self._recipe(number))

    async def enter(self, task_id: str, world: int) -> Rollout:
        """Start a rollout of a task named by its id and its world's number; opens that world beside the event loop.

        Raises InfrastructureError when the EHR cannot be read.
        """
        await self.prepare(world)
        return await self.open(self.find(task_id, world))

    def _recipe(self, number: int) -> Recipe:
        return Recipe(number, self.seed, self.difficulty, self.families)

    @cached_property
    def _by_id(self) -> dict[str, Task]:
        return {task.id: task for task in self.tasks}

    def profile(self, task: Task) -> Profile:
        """The grading profile that pays the reward: strict for our wording, published for somebody else's."""
        if self.grading is None:
            return "strict" if task.ours else "published"
        return "published" if self.grading == "published" else "strict"

    async def open(self, task: Task) -> Rollout:
        """Start a rollout of a task. Raises InfrastructureError when the EHR cannot be read."""
        output: Output = "compact" if self.tool_output == "compact" else "bundle"
        if self.server is None or self.holding is None:
            await self.prepare(task.world)
            return await Rollout.enter(self.world_of(task), task, output=output)
        from medagentbenchv2.fhir.remote import RemoteSession

        # a user's own EHR was loaded whenever it was loaded; the benchmark's hospitals are older than the freeze
        frozen_at = FREEZE if self._holds_ours or self.holding.hospital == "published" else None
        ehr = RemoteSession(self.server, task.now, frozen_at=frozen_at, isolated=self.writes == "isolated")
        return await Rollout.open(task, ehr, output=output)

    @property
    def system_prompt(self) -> str:
        """The system message of the protocol."""
        return TEXT_PROMPT if self.protocol == "text" else SYSTEM_PROMPT

    def prompt(self, task: Task) -> str:
        """The user message: instruction and context, the clock, and how to finish where the text says nothing."""
        clock = None if task.clock_stated else task.now.isoformat()
        hint = TEXT_FINISH_HINT if self.protocol == "text" else FINISH_HINT
        return user_message(task.instruction, task.context, clock, None if task.ours else hint)

    async def close(self) -> None:
        """Close this event loop's connections to a remote server, within CLOSING_S; a later rollout opens new ones."""
        if "server" in vars(self) and self.server is not None:
            # what does not close in time, the end of the process closes
            with suppress(TimeoutError):
                await asyncio.wait_for(self.server.close(), CLOSING_S)

    def messages(self, task: Task) -> list[dict[str, str]]:
        """The prompt: system and user message."""
        return [{"role": "system", "content": self.system_prompt}, {"role": "user", "content": self.prompt(task)}]

    @property
    def _ehr_identity(self) -> str:
        if self.holding is None:
            return self.world.snapshot.checksum
        return self.holding.checksum or self.holding.hospital

    @cached_property
    def task_parts(self) -> dict[str, str]:
        """What makes results comparable, by name; texts and schemas as their SHA-256."""
        return {
            "tasks": _digest([task.to_json() for task in self.tasks]),
            "prompt": _digest([self.system_prompt, *(self.prompt(task) for task in self.tasks)]),
            "tools": _digest(openai_tools()),
            "ehr": self._ehr_identity,
            "grading_version": str(GRADING_VERSION),
        }

    @cached_property
    def task_fingerprint(self) -> str:
        """SHA-256 over what makes results comparable: tasks, prompt, tool schemas, EHR and grading version."""
        return _digest(self.task_parts)


def _digest(value: object) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


CLOSING_S = 5.0
"""Seconds that closing the connections to a remote server may take."""
_BRINGING = Lock()
"""Held while a thread opens a world, so that of rollouts that begin together one does it."""


FREEZE = datetime(2025, 1, 1, tzinfo=UTC)
"""Rows that somebody stored later on a published (or our own) server are invisible to agent and judge alike."""


FINISH_HINT = (
    "When everything is done, call finish once with a list: the value or values that the instruction asks for, in the "
    "order asked, numbers as numbers; [-1] where there is none, and an empty list where nothing is asked for."
)
