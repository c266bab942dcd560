"""How a run of questions looks while it goes: one bar per model, one line per trouble."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from medagentbenchv2.questions import Answer, Failure

SHOWN = 3
"""Failures of one model that are printed; the rest is in its errors.jsonl."""


class LiveProgress:
    """Draws a run's progress on a console; plain lines where it is no terminal."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=console, transient=True)
        self._console = console
        self._tasks: dict[str, TaskID] = {}
        self._failures: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begin(self, model: str, kept: int, total: int) -> None:
        """Open the model's bar at what is answered already."""
        self._tasks[model] = self._bars.add_task(escape(model), total=total, completed=kept)
        if kept:
            self._console.print(f"{escape(model)}: {kept} of {total} answered already, {total - kept} to ask")

    def advance(self, model: str, outcome: Answer | Failure) -> None:
        """One question further."""
        self._bars.advance(self._tasks[model])
        if isinstance(outcome, Failure):
            count = self._failures[model] = self._failures.get(model, 0) + 1
            if count <= SHOWN:
                self._console.print(f"[red]{escape(model)}: question {outcome.number}: {escape(outcome.reason)}[/]")
            elif count == SHOWN + 1:
                self._console.print(f"[red]{escape(model)}: further failures are in its errors.jsonl[/]")

    def unavailable(self, model: str, reason: str) -> None:
        """The model's bar stays where it is; the reason is one line."""
        self._console.print(f"[bold red]{escape(model)} can't be asked:[/] {escape(reason)}", soft_wrap=True)
