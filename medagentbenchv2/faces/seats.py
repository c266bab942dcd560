"""What one client session of an interactive face works on: the EHR to try things in, or one task."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from medagentbenchv2.fhir.ehr import Ehr
from medagentbenchv2.rollout import Output, Rollout
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tools.dispatch import dispatch

Reply = tuple[list[str], bool]
"""Texts, and whether the call was malformed."""


class Seat(Protocol):
    """What one client session works on."""

    async def call(self, tool: str, arguments: dict[str, Any]) -> Reply:
        """Execute one call."""
        ...


@dataclass
class FreeSeat:
    """The EHR to try things in: nothing is asked, so nothing is judged."""

    ehr: Ehr
    output: Output

    async def call(self, tool: str, arguments: dict[str, Any]) -> Reply:
        """Execute one call."""
        outcome = await dispatch(self.ehr, tool, arguments, output=self.output)
        return [outcome.text], outcome.invalid


class TaskSeat:
    """One task; the reply to `finish` carries the verdict."""

    def __init__(self, setup: Setup, task: Task) -> None:
        self.setup, self.task = setup, task
        self._rollout: Rollout | None = None
        self._opening = asyncio.Lock()

    async def call(self, tool: str, arguments: dict[str, Any]) -> Reply:
        """Execute one call."""
        rollout = await self._open()
        before, malformed = rollout.finished, rollout.invalid_calls
        texts = [await rollout.call(tool, arguments)]
        if rollout.finished and not before:
            texts.append(self.verdict())
        return texts, rollout.invalid_calls > malformed

    async def _open(self) -> Rollout:
        async with self._opening:
            self._rollout = self._rollout or await self.setup.open(self.task)
        return self._rollout

    def verdict(self) -> str:
        """The verdict as JSON; a sentence while the task is under way."""
        if self._rollout is None or not self._rollout.finished:
            return "There is no verdict before the task is finished."
        verdict = self._rollout.verdict(self.setup.profile(self.task))
        return orjson.dumps(verdict.to_json(), option=orjson.OPT_INDENT_2).decode()
