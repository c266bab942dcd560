"""A campaign's live line: done, right, errors, tokens, cost, time left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from medagentbenchv2.results.rows import Row


class LiveProgress:
    """Counts rows as they end and shows them on a terminal. Use as `with LiveProgress(...) as progress`."""

    def __init__(self, title: str, total: int, console: Console) -> None:
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._bar.add_task(escape(title), total=total, facts="")
        self._right = self._errors = self._tokens = 0
        self._cost: float | None = None
        self.troubles: Counter[str] = Counter()
        """What infrastructure errors said, with how often."""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def keep(self, rows: Sequence[Row]) -> None:
        """Take in the rollouts that were on disk already; they say nothing of the time that is left."""
        for row in rows:
            self._take(row)
        self._bar.reset(self._task, completed=len(rows), facts=self._facts)

    def count(self, row: Row) -> None:
        """Take in one ended rollout."""
        self._take(row)
        self._bar.update(self._task, advance=1, facts=self._facts)

    def _take(self, row: Row) -> None:
        self._right += row.correct
        self._errors += not row.scored
        if not row.scored and row.failure and row.failure.detail:
            self.troubles[row.failure.detail] += 1
        self._tokens += (row.input_tokens or 0) + (row.output_tokens or 0)
        if row.cost is not None:
            self._cost = (self._cost or 0.0) + row.cost

    @property
    def _facts(self) -> str:
        facts = f"{self._right} right"
        facts += f", {self._errors} errors" if self._errors else ""
        facts += f", {self._tokens:,} tokens" if self._tokens else ""
        facts += f", ${self._cost:.4f}" if self._cost is not None else ""
        return facts
