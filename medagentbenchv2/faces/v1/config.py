"""The arguments of `load_environment` as typed configuration, and the seat that plays by default."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, Self

import verifiers.v1 as vf
from pydantic import BaseModel, ConfigDict, model_validator

from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.selection import split_types

ID = "medagentbenchv2"
"""Under which verifiers finds this package."""
OURS = (None, ID)
"""Harness ids that mean the bundled one."""


class Choices(BaseModel):
    """What the tasks are and how a rollout is run and judged; see `load_environment`."""

    fhir_api_base: str | None = None
    """Base URL of a FHIR server; the embedded EHR when not given."""
    tasks_variant: Literal["new_patient_tasks", "new_tasks", "test_data_v2", "generated"] = "new_patient_tasks"
    """The task set."""
    tasks_path: str | None = None
    """A JSON or JSON Lines file of tasks instead of a variant."""
    task_types: list[str] | None = None
    """Only these types or families."""
    split: Literal["all", "train", "eval"] = "all"
    """v1 has one list of tasks: train is the training tasks, eval and all the evaluation tasks."""
    seed: int = 0
    """Seed of generated tasks."""
    num_train_tasks: int = 1000
    """How many training tasks there are."""
    difficulty: int = 1
    """1 to 3, of generated tasks."""
    protocol: Literal["tools", "text"] = "tools"
    """Tool calls, or the text protocol of v1 (bundled harness only)."""
    grading: Literal["strict", "published"] | None = None
    """What pays the reward; by default strict for our wording, published for somebody else's."""
    tool_output: Literal["bundle", "compact"] = "bundle"
    """How search results read."""
    writes: Literal["isolated", "server"] = "isolated"
    """With fhir_api_base: keep writes in the rollout, or really post them."""


class Arguments(Choices):
    """The choices as they travel with each task, so that any process can open its rollout."""

    model_config = ConfigDict(frozen=True)
    task_types: tuple[str, ...] | None = None  # type: ignore[assignment]

    @property
    def setup(self) -> Setup:
        """The checked setup; one per process and choice. Raises ArgumentError for the first unusable argument."""
        return _setup(self)


@lru_cache(maxsize=256)
def _setup(arguments: Arguments) -> Setup:
    return Setup(**arguments.model_dump())


class TaskSettings(vf.TaskConfig):
    """Run-time knobs of a task: those of the framework."""


class MedAgentBenchTasksetConfig(vf.TasksetConfig, Choices):
    """Which tasks load, under `--env.taskset.*`."""

    id: str = ID
    task: TaskSettings = TaskSettings()
    infinite: bool = False
    """With split train: training tasks without end, from one seed after another."""
    tools: vf.SharedToolsetConfig = vf.SharedToolsetConfig()
    """Where the shared tool server runs."""
    serve_tools: bool = False
    """Serve the tools to the harness; set by itself when the seat is played by another harness than ours."""

    @model_validator(mode="before")
    @classmethod
    def _split_commas(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("task_types"):
            return given | {"task_types": split_types(given["task_types"])}
        return given

    def arguments(self) -> Arguments:
        """The choices alone."""
        return Arguments(**{name: getattr(self, name) for name in Choices.model_fields})


class MedAgentBenchHarnessConfig(vf.HarnessConfig):
    """The bundled harness has no knobs of its own."""

    id: str = ID


class MedAgentBenchEnvConfig(vf.SingleAgentEnvConfig):
    """One seat, played in process: no sandbox and no login."""

    taskset: MedAgentBenchTasksetConfig = MedAgentBenchTasksetConfig()
    agent: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig(), max_turns=8)

    @model_validator(mode="after")
    def _serve_other_harnesses(self) -> Self:
        harness = self.agent.harness
        if (harness.id if harness else None) not in OURS:
            self.taskset.serve_tools = True
        return self
