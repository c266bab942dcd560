"""The v1 taskset: the same tasks as everywhere, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

import verifiers.v1 as vf

from medagentbenchv2.faces.v1.config import Arguments, MedAgentBenchTasksetConfig
from medagentbenchv2.faces.v1.task import MedAgentBenchData, MedAgentBenchTask
from medagentbenchv2.faces.v1.toolset import MedAgentBenchToolset
from medagentbenchv2.tasks.generated import training_stream
from medagentbenchv2.tasks.task import Task


class MedAgentBenchTaskset(vf.Taskset[MedAgentBenchTask, MedAgentBenchTasksetConfig]):
    """MedAgentBench V2 as a v1 taskset; `--env.taskset.*` takes the arguments of `load_environment`."""

    def __init__(self, config: MedAgentBenchTasksetConfig) -> None:
        super().__init__(config)
        self.INFINITE = config.infinite and config.split == "train"

    def load(self) -> Iterable[MedAgentBenchTask]:
        """Yield the tasks. Raises ArgumentError for an unusable argument."""
        arguments = self.config.arguments()
        setup = arguments.setup
        setup.check()
        if self.INFINITE:
            return self._endless(arguments)
        tasks = setup.train_tasks if arguments.split == "train" else setup.tasks
        return (self._wrap(task, arguments) for task in tasks)

    def _endless(self, arguments: Arguments) -> Iterator[MedAgentBenchTask]:
        """Every training world of the seed, then of the next seed, and so on."""
        for seed in count(arguments.seed):
            seeded = arguments.model_copy(update={"seed": seed})
            for task in training_stream(seed, arguments.difficulty, seeded.setup.families):
                yield self._wrap(task, seeded)

    def _wrap(self, task: Task, arguments: Arguments) -> MedAgentBenchTask:
        setup = arguments.setup
        data = MedAgentBenchData(
            name=task.id,
            prompt=setup.prompt(task),
            system_prompt=setup.system_prompt,
            task_id=task.id,
            task_type=task.family.task_type,
            family=task.family.slug,
            world=task.world,
            arguments=arguments,
        )
        return MedAgentBenchTask(data, self.config.task)

    @classmethod
    def toolsets(cls, config: MedAgentBenchTasksetConfig) -> list[vf.Toolset]:
        """One tool server for all rollouts, where a harness needs one."""
        return [MedAgentBenchToolset(config.tools)] if config.serve_tools else []
