"""A world: one hospital and the tasks asked in it. World 0 is the default EHR and ships with the package."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from medagentbenchv2 import data
from medagentbenchv2.fhir.rows import Records
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.grading.expectation import Expectation, Profile
from medagentbenchv2.hospital.ward import Ward
from medagentbenchv2.tasks.planting import Asking, plant
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.task_file import read_tasks

V1_CLOCK = datetime(2023, 11, 13, 10, 15, tzinfo=UTC)
"""The clock of every v1 task, and the end of world 0's charts."""
V2_CLOCK = datetime(2023, 11, 7, 22, 47, tzinfo=UTC)
"""The clock of a V2 task that states none."""
VARIANTS: dict[str, tuple[str, int]] = {
    "new_patient_tasks": ("v2", 30),
    "new_tasks": ("v2", 1),
    "test_data_v2": ("v1", 30),
}
"""The three named variants: edition and tasks per family."""

PER_TASK = 40_000
"""Bytes that a task in use keeps in memory beside the snapshot: prompt, expectations, rendered records (measured)."""


class World:
    """A hospital's snapshot and its tasks by variant; shared by all rollouts of a process."""

    def __init__(self, number: int, snapshot: Snapshot, tasks: dict[str, list[Task]]) -> None:
        self.number = number
        self.snapshot = snapshot
        self.tasks = tasks
        self._expected: dict[Task, dict[Profile, Expectation]] = {}

    @property
    def size(self) -> int:
        """Bytes of memory that it takes when all its tasks are in use, about."""
        return self.snapshot.size + PER_TASK * sum(map(len, self.tasks.values()))

    def ehr(self, task: Task) -> Session:
        """A fresh view of the EHR as of the task's clock, for one rollout."""
        return Session(self.snapshot, task.now)

    async def expectations(self, task: Task) -> dict[Profile, Expectation]:
        """What is right for a task of this world, read from the base chart once and kept."""
        if task not in self._expected:
            self._expected[task] = await task.expectations(self.ehr(task))
        return self._expected[task]


@lru_cache(maxsize=1)
def default_world() -> World:
    """World 0 as shipped, opened once per process."""
    snapshot = Snapshot.open(data.path("world0.snapshot"))
    tasks = {variant: read_tasks(data.path("tasks", f"{variant}.jsonl")) for variant in VARIANTS}
    return World(0, snapshot, tasks)


def grow_default() -> tuple[Records, dict[str, list[Task]]]:
    """World 0 from its seed: what `default_world` ships, made anew."""
    ward = Ward.open(seed=0, number=0, end=V1_CLOCK, labels={"name": "MedAgentBench V2 default EHR"})
    askings = [
        Asking(variant, family, count, V2_CLOCK if edition == "v2" else V1_CLOCK)
        for variant, (edition, count) in VARIANTS.items()
        for family in FAMILIES.values()
        if family.edition == edition
    ]
    tasks = plant(ward, askings, seed="0/0")
    return ward.records(), tasks
