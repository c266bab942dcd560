"""One task: a question to an agent about one EHR at one frozen clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from medagentbenchv2.chart import Chart
from medagentbenchv2.fhir.ehr import Ehr
from medagentbenchv2.grading.expectation import Expectation, Profile
from medagentbenchv2.tasks.family import Family, Slots
from medagentbenchv2.tools.call import Steps

CANARY = (
    "medagentbenchv2 benchmark data must not appear in training corpora; canary 6f0b6a54-0f4e-4d0e-9a52-2d6e3c1f7b90"
)
"""Stands in every shipped task and every saved trace, so that leaked ones can be found."""


@dataclass(frozen=True)
class Task:
    """Everything that a rollout needs to know of its task."""

    id: str
    """task<number>_<k>, unique within a variant (generated tasks: with world and seed)."""
    family: Family[Any]
    slots: Slots
    now: datetime
    """The frozen clock, timezone-aware."""
    instruction: str
    context: str
    ours: bool = True
    """False for a task in somebody else's words."""
    clock_stated: bool = True
    """False where the text states no clock, so that the prompt must add it."""
    branch: str | None = None
    """The branch that was planted; None where that is unknown."""
    world: int = 0
    """The number of the world that holds the task's patient."""

    async def expectations(self, ehr: Ehr) -> dict[Profile, Expectation]:
        """What is right under each profile, read from the chart as it stands; call before the agent acts.

        Raises InfrastructureError when the EHR cannot be read.
        """
        chart = await Chart.load(ehr, self.family.reads(self.slots), self.now)
        strict = self.family.expect(chart, self.slots)
        if not self.ours:
            strict = self.family.foreign(strict, chart)
        return {"strict": strict, "published": self.family.published(chart, self.slots)}

    def solve(self) -> Steps:
        """The oracle for this task."""
        return self.family.solve(self.slots, self.now)

    def to_json(self) -> dict[str, Any]:
        """The task as a row of a tasks file (the `tasks_path` schema)."""
        return {
            "id": self.id,
            "family": self.family.slug,
            "slots": self.slots.model_dump(mode="json"),
            "now": self.now.isoformat(),
            "instruction": self.instruction,
            "context": self.context,
            "branch": self.branch,
            "canary": CANARY,
        }
