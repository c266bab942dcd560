"""Many rollouts of one player, concurrently, each written to disk as it ends."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import orjson

from medagentbenchv2.endpoint import AccessError
from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.grading.verdict import Verdict
from medagentbenchv2.results.rows import Row
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.runs.folder import RunFolder, folder_name
from medagentbenchv2.runs.player import Played, Player
from medagentbenchv2.runs.record import Record
from medagentbenchv2.runs.summary import summarise
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task


@dataclass(frozen=True)
class Campaign:
    """One player on the tasks of one setup."""

    setup: Setup
    player: Player
    out: Path
    """The folder above `<variant>/<model folder>`."""
    tasks: tuple[Task, ...]
    repeats: int = 1
    concurrency: int = 16
    resume: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else decides the answers: endpoint host, sampling. Part of the run fingerprint."""

    @property
    def folder(self) -> Path:
        """Where this run is written."""
        name = Path(self.setup.tasks_path).stem if self.setup.tasks_path else self.setup.tasks_variant
        return self.out / name / folder_name(self.player.name)

    @property
    def parts(self) -> dict[str, Any]:
        """What the run fingerprint is made of, by name."""
        return {
            "tasks": self.setup.task_fingerprint,
            "model": self.player.name,
            **self.details,
            "protocol": self.setup.protocol,
            "tool_output": self.setup.tool_output,
            "max_turns": self.setup.max_turns,
            "grading": self.setup.grading,
            "seed": self.setup.seed,
        }

    @property
    def fingerprint(self) -> dict[str, str]:
        """Task side: what makes results comparable. Run side: what makes a run resumable."""
        run = hashlib.sha256(orjson.dumps(self.parts, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return {"task": self.setup.task_fingerprint, "run": run}

    async def run(self, on_row: Callable[[Row], None] | None = None) -> dict[str, Any]:
        """Play everything that is not on disk yet; returns the summary.

        Raises ArgumentError for a folder in use or holding another run, AccessError when the endpoint refuses the key
        or the model. Other infrastructure trouble becomes a row of status `error`.
        """
        started = time.monotonic()
        with RunFolder(self.folder, self._config(), self.parts, resume=self.resume) as folder:
            for row in list(folder.rows.values()):
                if on_row:
                    on_row(row)
            todo = [
                (index, task, attempt)
                for attempt in range(1, self.repeats + 1)
                for index, task in enumerate(self.tasks)
                if (task.id, attempt) not in folder.rows
            ]
            await self._work(todo, folder, on_row)
            rows = sorted(folder.rows.values(), key=lambda row: (row.attempt, row.index))
            summary = summarise(self.player.name, rows, time.monotonic() - started, self.fingerprint)
            folder.summarise(summary)
            return summary

    async def _work(
        self, todo: Sequence[tuple[int, Task, int]], folder: RunFolder, on_row: Callable[[Row], None] | None
    ) -> None:
        queue = iter(todo)

        async def worker() -> None:
            for index, task, attempt in queue:
                record = await self._rollout(index, task, attempt)
                row = record.row()
                folder.add(row, record.trace(self.player.name, self.setup.tasks_variant))
                if on_row:
                    on_row(row)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.concurrency, len(todo))):
                group.create_task(worker())

    async def _rollout(self, index: int, task: Task, attempt: int) -> Record:
        started = time.monotonic()
        rollout: Rollout | None = None
        verdict: Verdict | None = None
        trouble: str | None = None
        played = Played(self.setup.messages(task))
        try:
            rollout = await self.setup.open(task)
            await self.player.play(rollout, played, max_turns=self.setup.max_turns, seed=self.setup.seed + attempt - 1)
            verdict = rollout.verdict(self.setup.profile(task))
        except AccessError:
            raise
        except InfrastructureError as error:
            trouble = str(error)
        seconds = time.monotonic() - started
        return Record(index, task, attempt, played, rollout, verdict, trouble, seconds, self.fingerprint)

    def _config(self) -> dict[str, Any]:
        return {
            "model": self.player.name,
            "variant": self.setup.tasks_variant,
            "setup": asdict(self.setup),
            "tasks": len(self.tasks),
            "repeats": self.repeats,
            "concurrency": self.concurrency,
            "profile": self.setup.grading or "strict for our wording, published for somebody else's",
            "versions": {name: _version(name) for name in ("medagentbenchv2", "verifiers")},
            "fingerprint": self.fingerprint,
            **self.details,
        }


def spread(tasks: Sequence[Task], count: int | None) -> tuple[Task, ...]:
    """The first `count` tasks, dealt round the families in turn; all of them, in their own order, for None."""
    if count is None or count >= len(tasks):
        return tuple(tasks)
    by_family: dict[str, list[Task]] = {}
    for task in tasks:
        by_family.setdefault(task.family.slug, []).append(task)
    dealt = chain.from_iterable(zip_longest(*by_family.values()))
    return tuple(task for task in dealt if task is not None)[:count]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
