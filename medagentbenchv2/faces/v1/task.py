"""A task in v1: serialisable data, the state of a rollout wherever it runs, and how it is scored."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import verifiers.v1 as vf
from pydantic import Field

from medagentbenchv2.agents.behaviours import Constant, Oracle
from medagentbenchv2.agents.script import play
from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.faces.scoring import Ended, score
from medagentbenchv2.faces.v1.config import Arguments, TaskSettings
from medagentbenchv2.fhir.ehr import Write
from medagentbenchv2.grading.verdict import Status
from medagentbenchv2.rollout import Rollout

_OPEN: WeakKeyDictionary[Any, Rollout] = WeakKeyDictionary()
"""Runtime -> the rollout that lives with it; what is right was read when it was opened."""


class MedAgentBenchData(vf.TaskData):
    """What any process needs to open the task; nothing of what is right."""

    task_id: str
    task_type: str
    family: str
    world: int
    """Number of the world that holds the task's patient."""
    arguments: Arguments

    async def enter(self) -> Rollout:
        """Start a rollout of the task."""
        return await self.arguments.setup.enter(self.task_id, self.world)


class MedAgentBenchState(vf.State):
    """The state channel: what the tool server must know, and its record of the rollout so far."""

    key: str = ""
    """The trace's id: which rollout a call belongs to."""
    task_id: str = ""
    world: int = 0
    arguments: Arguments = Arguments()
    writes: list[dict[str, Any]] = Field(default_factory=list)
    answer: list[Any] | None = None
    status: Status | None = None
    calls: int = 0
    invalid_calls: int = 0
    trouble: str | None = None
    """What went wrong beside the agent; such a rollout is not scored."""
    ours: bool = False
    """True where the trouble is a bug of this package and not the infrastructure's."""

    def take(self, rollout: Rollout) -> None:
        """Record a rollout as it stands."""
        self.writes = [
            {"method": w.method, "kind": w.kind, "id": w.id, "resource": w.resource} for w in rollout.ehr.writes
        ]
        self.answer, self.status = rollout.answer, rollout.status
        self.calls, self.invalid_calls = rollout.calls, rollout.invalid_calls


class MedAgentBenchTask(vf.Task[MedAgentBenchData, MedAgentBenchState, TaskSettings]):
    """One task: opened before the agent acts, judged when it has ended."""

    @property
    def key(self) -> str:
        """The task's id; generated tasks with their seed and difficulty."""
        data = self.data
        made = f"{data.arguments.seed}/{data.arguments.difficulty}/" if data.world else ""
        return f"{made}{data.task_id}"

    async def setup(self, trace: vf.Trace, runtime: vf.Runtime) -> None:
        """Open the rollout, which reads what is right from the chart as it stands."""
        data, state = self.data, trace.state
        _OPEN[runtime] = await data.enter()
        state.key, state.task_id, state.world, state.arguments = trace.id, data.task_id, data.world, data.arguments

    @vf.stop
    async def finished(self, trace: vf.Trace) -> bool:
        """The task is finished, or the EHR gave no answer: the model is not asked again."""
        return trace.state.status is not None or trace.state.trouble is not None

    async def finalize(self, trace: vf.Trace, runtime: vf.Runtime) -> None:
        """Settle how the rollout ended and judge it."""
        state = trace.state
        if state.trouble is not None:
            raise (RuntimeError if state.ours else InfrastructureError)(state.trouble)
        rollout = _OPEN.pop(runtime)
        ended = Ended(
            task=rollout.task,
            expectations=rollout.expectations,
            writes=[Write(**write) for write in state.writes],
            answer=state.answer,
            status=state.status or _status(trace.stop_condition),
            calls=state.calls,
            invalid_calls=state.invalid_calls,
        )
        found = score(ended, self.data.arguments.setup.profile(rollout.task))
        trace.record_metrics(found.metrics())
        trace.info.update(
            task_id=self.data.task_id,
            task_type=self.data.task_type,
            success=found.verdict.correct,
            verdict=found.verdict.to_json(),
            writes=state.writes,
            expectation={name: e.model_dump(mode="json") for name, e in rollout.expectations.items()},
        )

    @vf.reward(weight=1.0)
    async def medagentbench_reward(self, trace: vf.Trace) -> float:
        """1.0 when every check of the verdict passed, else 0.0."""
        return float(trace.info["verdict"]["reward"])

    async def validate(self, runtime: vf.Runtime) -> bool:
        """The oracle solves the task, and doing nothing does not."""
        setup = self.data.arguments.setup
        played = [
            await play(agent, await self.data.enter(), max_turns=setup.max_turns)
            for agent in (Oracle(), Constant("null"))
        ]
        return [rollout.verdict(setup.profile(rollout.task)).correct for rollout in played] == [True, False]


def rollout_of(runtime: vf.Runtime) -> Rollout:
    """The rollout that a task's setup opened beside its runtime. Raises KeyError where no task of ours did."""
    return _OPEN[runtime]


def _status(stop_condition: str | None) -> Status:
    """How a rollout ended that never finished, by what stopped it."""
    if stop_condition == "context_length":
        return "context_limit"
    return "limit_reached" if (stop_condition or "").startswith("max_") else "no_finish"
