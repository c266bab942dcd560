"""A run: one model on one set of tasks, with all its rollouts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medagentbenchv2.results.rows import Row
from medagentbenchv2.results.traces import Trace, no_traces


@dataclass(frozen=True)
class Published:
    """What a summary file says of a run, to be held against the rows."""

    accuracy: float
    """Percent."""
    correct: int
    total: int
    errors: int = 0


@dataclass(frozen=True)
class Run:
    """All rollouts of one model on one variant, from one place on disk."""

    source: Path
    """The file that the rows came from."""
    model: str
    """Model id as the endpoint knows it."""
    variant: str
    rows: tuple[Row, ...]
    format: str
    """ours, published, verifiers, verifiers-v1 or medarc-processed."""
    config: dict[str, Any] = field(default_factory=dict)
    published: Published | None = None
    elapsed_seconds: float | None = None
    notes: tuple[str, ...] = ()
    """What the reader found odd, in sentences."""
    implied_attempts: bool = False
    """True when attempts were numbered by the reader: the file holds a task's row twice without saying why."""
    traces: Callable[[], Iterator[Trace]] = no_traces
    """Opens the saved traces, one by one; none where the source keeps none. Raises ArgumentError on a broken one."""

    @property
    def attempts(self) -> int:
        """The largest attempt number."""
        return max((row.attempt for row in self.rows), default=0)

    @property
    def fingerprints(self) -> dict[str, str]:
        """The run's fingerprints by side (`task`, `run`), as far as they are known."""
        known = self.config.get("fingerprint")
        if isinstance(known, dict):
            return {str(side): str(value) for side, value in known.items()}
        return {"run": str(known)} if known else {}

    @property
    def grading(self) -> str | None:
        """The grading profile that the run was told to use; None where it used the default or does not say."""
        for arguments in (self.config, self.config.get("setup"), self.config.get("env_args")):
            if isinstance(arguments, dict) and arguments.get("grading"):
                return str(arguments["grading"])
        return None

    @property
    def embedded(self) -> bool:
        """True where the run says that it used the EHR inside the package."""
        said = self.config.get("setup") or self.config.get("env_args")
        return isinstance(said, dict) and said.get("fhir_api_base") is None

    def attempt(self, number: int) -> tuple[Row, ...]:
        """The rows of one attempt."""
        return tuple(row for row in self.rows if row.attempt == number)

    def by_task(self) -> dict[str, list[Row]]:
        """Task id -> its rows, by attempt, in the file's order of tasks."""
        tasks: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            tasks[row.task_id].append(row)
        return {task: sorted(rows, key=lambda row: row.attempt) for task, rows in tasks.items()}


@dataclass(frozen=True)
class Runs:
    """Everything that `read` found."""

    runs: tuple[Run, ...]
    notes: tuple[str, ...] = ()

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants among the runs, in order of appearance."""
        return tuple(dict.fromkeys(run.variant for run in self.runs))

    @property
    def rollouts(self) -> int:
        """The number of rows in all runs."""
        return sum(len(run.rows) for run in self.runs)

    def of_variant(self, variant: str) -> tuple[Run, ...]:
        """The runs on one variant."""
        return tuple(run for run in self.runs if run.variant == variant)
