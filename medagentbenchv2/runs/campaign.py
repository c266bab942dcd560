"""Many rollouts of one player, concurrently, each written to disk as it ends."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Protocol

import orjson

from medagentbenchv2.endpoint import AccessError
from medagentbenchv2.errors import InfrastructureError, MedAgentBenchError
from medagentbenchv2.grading.verdict import Verdict
from medagentbenchv2.results.rows import Row
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.runs.folder import RunFolder, folder_name
from medagentbenchv2.runs.player import Played, Player
from medagentbenchv2.runs.record import Record
from medagentbenchv2.runs.summary import summarise
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task


class Watch(Protocol):
    """Is told of rollouts as a campaign goes on."""

    def keep(self, rows: Sequence[Row]) -> None:
        """Those that were on disk already; told once, first."""
        ...

    def count(self, row: Row) -> None:
        """One that has ended."""
        ...


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
    """What else decides the answers: model id, endpoint host, sampling. Part of the run fingerprint."""
    recorded: Mapping[str, Any] = field(default_factory=dict)
    """What is written down but decides no answer: prices, timeouts."""

    @property
    def folder(self) -> Path:
        """Where this run is written."""
        return self.out / folder_name(self.variant) / folder_name(self.player.name)

    @property
    def variant(self) -> str:
        """The variant's name, or that of the user's file of tasks."""
        return Path(self.setup.tasks_path).stem if self.setup.tasks_path else self.setup.tasks_variant

    @property
    def model(self) -> str:
        """The model's id at its endpoint, or the scripted agent's name."""
        return str(self.details.get("model", self.player.name))

    @property
    def parts(self) -> dict[str, Any]:
        """What the run fingerprint is made of, by name."""
        return {
            **self.setup.task_parts,
            "model": self.model,
            **self.details,
            "protocol": self.setup.protocol,
            "tool_output": self.setup.tool_output,
            "max_turns": self.setup.max_turns,
            "grading": self.setup.grading,
            "writes": self.setup.writes,
            "seed": self.setup.seed,
            "harness": f"medagentbenchv2 {_version('medagentbenchv2')}",
        }

    @property
    def fingerprint(self) -> dict[str, str]:
        """Task side: what makes results comparable. Run side: what makes a run resumable."""
        run = hashlib.sha256(orjson.dumps(self.parts, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return {"task": self.setup.task_fingerprint, "run": run}

    def check(self) -> None:
        """Raise ArgumentError, before anything is asked, when the folder holds a run that this one must not touch."""
        self._files.refuse_taken()

    def held(self) -> AbstractContextManager[None]:
        """Keep other runs out of the folder from now on. Raises ArgumentError when one writes to it already."""
        return self._files.held()

    async def run(self, watch: Watch | None = None) -> dict[str, Any]:
        """Play everything that is not on disk yet; returns the summary.

        Raises ArgumentError for a folder in use or holding another run, AccessError when the endpoint refuses the key
        or the model. Other infrastructure trouble becomes a row of status `error`. However it ends, what was played is
        on disk and summarised.
        """
        plan = [(task, attempt) for attempt in range(1, self.repeats + 1) for task in self.tasks]
        with self._files as folder:
            kept = [row for task, attempt in plan if (row := folder.rows.get((task.id, attempt)))]
            if watch:
                watch.keep(kept)
            try:
                await self._work([one for one in plan if (one[0].id, one[1]) not in folder.rows], folder, watch)
            finally:
                rows = sorted(folder.rows.values(), key=lambda row: (row.attempt, row.index))
                summary = summarise(self.model, rows, max(len(plan), len(rows)), self.fingerprint, folder.retried)
                folder.summarise(summary)
            return summary

    @cached_property
    def _files(self) -> RunFolder:
        return RunFolder(self.folder, self._config(), self.parts, resume=self.resume)

    async def _work(self, todo: Sequence[tuple[Task, int]], folder: RunFolder, watch: Watch | None) -> None:
        # A task keeps its number in the variant, whichever part of the variant is played.
        places = {task.id: place for place, task in enumerate(self.setup.tasks)}
        queue = iter(todo)

        async def worker() -> None:
            for task, attempt in queue:
                await asyncio.sleep(0)  # a script never waits for anything: this is where Ctrl-C reaches it
                record = await self._rollout(places[task.id], task, attempt)
                row = record.row()
                folder.add(row, record.trace(self.model, self.variant))
                if watch:
                    watch.count(row)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.concurrency, len(todo))):
                    group.create_task(worker())
        except ExceptionGroup as trouble:
            # Of several, a bug of ours matters more than another worker's word of the same refusal.
            raise min(trouble.exceptions, key=lambda one: isinstance(one, MedAgentBenchError)) from None
        finally:
            await self.setup.close()

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
            "model": self.model,
            "name": self.player.name,
            "variant": self.variant,
            "setup": asdict(self.setup),
            "families": self.setup.families,
            "tasks": len(self.tasks),
            "repeats": self.repeats,
            "concurrency": self.concurrency,
            "protocol": self.setup.protocol,
            "profile": " and ".join(sorted({self.setup.profile(task) for task in self.tasks})),
            "versions": {name: _version(name) for name in ("medagentbenchv2", "verifiers", "openai")},
            "fingerprint": self.fingerprint,
            **self.details,
            **self.recorded,
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
