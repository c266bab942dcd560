"""What one client session of an interactive face works on: the EHR to try things in, or one task."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import orjson

from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.rollout import Rollout
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


class FreeSeat:
    """The EHR to try things in, as of a task's clock: nothing is asked, so nothing is judged."""

    def __init__(self, setup: Setup, task: Task) -> None:
        self._opened = Once(setup, task)

    async def call(self, tool: str, arguments: dict[str, Any]) -> Reply:
        """Execute one call."""
        rollout = await self._opened.rollout()
        outcome = await dispatch(rollout.ehr, tool, arguments, output=rollout.output)
        return [outcome.text], outcome.invalid


class TaskSeat:
    """One task; the reply to `finish` carries the verdict."""

    def __init__(self, setup: Setup, task: Task) -> None:
        self._profile = setup.profile(task)
        self._opened = Once(setup, task)
        self._trouble: InfrastructureError | None = None

    async def call(self, tool: str, arguments: dict[str, Any]) -> Reply:
        """Execute one call. Raises InfrastructureError when the EHR gives no answer; there is no verdict then."""
        try:
            rollout = await self._opened.rollout()
            before, malformed = rollout.finished, rollout.invalid_calls
            texts = [await rollout.call(tool, arguments)]
        except InfrastructureError as error:
            self._trouble = error
            raise
        if rollout.finished and not before:
            texts.append(self.verdict())
        return texts, rollout.invalid_calls > malformed

    def verdict(self) -> str:
        """The verdict as JSON; a sentence while there is none."""
        rollout = self._opened.now
        if self._trouble is not None:
            return f"There is no verdict: the EHR did not answer ({self._trouble})."
        if rollout is None or not rollout.finished:
            return "There is no verdict before the task is finished."
        return orjson.dumps(rollout.verdict(self._profile).to_json(), option=orjson.OPT_INDENT_2).decode()


class Once:
    """A rollout that is opened on its first use, once for calls made in parallel."""

    def __init__(self, setup: Setup, task: Task) -> None:
        self._setup, self._task = setup, task
        self._opening = asyncio.Lock()
        self.now: Rollout | None = None
        """None until it was opened."""

    async def rollout(self) -> Rollout:
        """The rollout. Raises InfrastructureError when the EHR cannot be read."""
        async with self._opening:
            self.now = self.now or await self._setup.open(self._task)
        return self.now
