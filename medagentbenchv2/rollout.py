"""One agent's world: an overlay on an EHR, the tools, and a verdict when it ends. Every face is a page over this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from medagentbenchv2.fhir.ehr import Ehr
from medagentbenchv2.grading.expectation import Expectation, Profile
from medagentbenchv2.grading.judge import judge
from medagentbenchv2.grading.verdict import Status, Verdict
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import World
from medagentbenchv2.tools.dispatch import dispatch

Output = Literal["bundle", "compact"]
FINISHED = "The task is finished; this call was not executed."


@dataclass
class Rollout:
    """A task under way. Make one with `Rollout.enter` (embedded EHR) or `Rollout.open` (any)."""

    task: Task
    ehr: Ehr
    """This rollout's own view of the EHR; its writes are seen by nobody else."""
    expectations: dict[Profile, Expectation]
    """What is right under each profile, read before the agent's first call."""
    output: Output = "bundle"
    """How search results read."""
    answer: list[Any] | None = None
    """What `finish` was called with, as typed; None until then."""
    status: Status | None = None
    """How the rollout ended; None while it runs."""
    calls: int = 0
    """Tool calls made, malformed ones included."""
    invalid_calls: int = 0
    """Calls that were malformed and not executed."""
    tools_called: dict[str, int] = field(default_factory=dict)
    """Calls by tool name."""

    @classmethod
    async def open(cls, task: Task, ehr: Ehr, *, output: Output = "bundle") -> Rollout:
        """Start a task on any EHR; reads what is right from the chart as it stands.

        Raises InfrastructureError when the EHR cannot be read.
        """
        return cls(task, ehr, await task.expectations(ehr), output)

    @classmethod
    async def enter(cls, world: World, task: Task, *, output: Output = "bundle") -> Rollout:
        """Start a task of a world on a fresh overlay; what is right is read once per task and shared."""
        return cls(task, world.ehr(task), await world.expectations(task), output)

    @property
    def finished(self) -> bool:
        """True once `finish` was accepted or the rollout was ended."""
        return self.status is not None

    async def call(self, tool: str, arguments: str | dict[str, Any]) -> str:
        """Execute one tool call and return what the agent reads.

        `arguments` is the decoded object or the model's raw JSON text. The agent's mistakes come back as text;
        InfrastructureError is raised when the EHR has no answer.
        """
        self.calls += 1
        self.tools_called[tool] = self.tools_called.get(tool, 0) + 1
        if self.finished:
            return FINISHED
        outcome = await dispatch(self.ehr, tool, arguments, output=self.output)
        self.invalid_calls += outcome.invalid
        if outcome.finished:
            self.end("completed", outcome.answer)
        return outcome.text

    def end(self, status: Status, answer: list[Any] | None = None) -> None:
        """End the rollout; the first end counts."""
        if self.status is None:
            self.status, self.answer = status, answer

    def verdict(self, profile: Profile = "strict") -> Verdict:
        """Judge the end state; a rollout that was never ended counts as `no_finish`."""
        status = self.status or "no_finish"
        return judge(self.expectations[profile], self.ehr.writes, self.answer, status, profile)
