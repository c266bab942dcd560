"""What a family is: one kind of clinical task, whole in one module.

A family states its question, reads a chart, says what is right, writes the prompt, plants what a hospital must hold so
that each of its branches occurs, and solves its own tasks through the tools.
"""

from __future__ import annotations

import random
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tools.call import Steps

Edition = Literal["v1", "v2", "own"]
"""The published benchmark that a family belongs to; own for one of neither, which is asked in generated worlds only."""
NOBODYS = re.compile(r"(?!)")
"""Matches no text: the published wording of a family that was never published."""
STATED = ("slug", "edition", "number", "kind", "title", "rule", "source", "topics", "branches", "asks", "facts")
"""What every family must say of itself."""


class Slots(BaseModel):
    """What differs between two tasks of a family, as stated in the prompt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def words(self) -> dict[str, Any]:
        """What fills the braces of a family's wordings: the slots, and what a subclass makes of them."""
        return self.model_dump()


class PatientSlots(Slots):
    """The patient alone."""

    mrn: str
    """Medical record number, `S` and 7 digits."""


S = TypeVar("S", bound=Slots)


@dataclass(frozen=True)
class Branch:
    """One way the chart can stand, and with it what is right."""

    name: str
    acts: bool
    """True when an order must be filed."""
    weight: int = 1
    """How often it occurs, relative to the other branches of the same side (act or no act)."""
    empty: bool = False
    """True when the right answer is "nothing there": together at most a tenth of a family."""
    about: str = ""
    """The situation in one sentence, for reviewers; its name stands in where it is empty."""


class Family(ABC, Generic[S]):
    """One of the kinds of clinical task."""

    slug: ClassVar[str]
    edition: ClassVar[Edition]
    number: ClassVar[int]
    """The number in its edition: task<number>. No two families of an edition share one."""
    kind: ClassVar[Literal["query", "action"]]
    title: ClassVar[str]
    """A short description for tables and plots."""
    rule: ClassVar[str]
    """The clinical rule in prose, for reviewers."""
    source: ClassVar[str]
    """Where the rule comes from: the published task, and the guideline where there is one."""
    topics: ClassVar[frozenset[str]]
    """What of a patient's chart `plant` rewrites; two families that share a topic are never planted in one patient."""
    branches: ClassVar[tuple[Branch, ...]]
    slots: ClassVar[type[Slots]] = PatientSlots
    asks: ClassVar[tuple[str, ...]]
    """Wordings of the instruction, three or more; `{mrn}` and the other slots are filled in."""
    facts: ClassVar[str]
    """The codes, the rule when data is missing and the answer's form; slots are filled in."""
    theirs: ClassVar[re.Pattern[str]] = NOBODYS
    """Recognises the published wording of this family in instruction and context; named groups are slots."""
    answer_graded: ClassVar[bool] = False
    """True where the answer of a task in somebody else's words is graded under the strict profile."""

    def __init__(self) -> None:
        """Raise TypeError when the class leaves something unsaid."""
        missing = [name for name in STATED if not hasattr(self, name)]
        if missing:
            raise TypeError(
                f"{type(self).__name__}: a family must state {', '.join(missing)}; Family says what each is"
            )

    @property
    def task_type(self) -> str:
        """`task<number>`."""
        return f"task{self.number}"

    @abstractmethod
    def reads(self, slots: S) -> tuple[Read, ...]:
        """The searches whose results `expect` needs."""

    @abstractmethod
    def expect(self, chart: Chart, slots: S) -> Expectation:
        """What is right under the strict profile, for a task in our words."""

    def published(self, chart: Chart, slots: S) -> Expectation:
        """What the published graders accept, their defects aside; the same as `expect` where they differ in nothing."""
        return self.expect(chart, slots)

    def foreign(self, expectation: Expectation, chart: Chart) -> Expectation:
        """The strict expectation for a task in somebody else's words: ungraded what their text never asks for."""
        return expectation if self.answer_graded else expectation.model_copy(update={"answer": None})

    @abstractmethod
    def plant(self, scene: Scene, branch: str) -> S:
        """Make the patient's chart such that the branch occurs; return the task's slots."""

    @abstractmethod
    def solve(self, slots: S, now: datetime) -> Steps:
        """The oracle: finds and does what is right through the tools alone."""

    def parse_slots(self, data: dict[str, Any]) -> S:
        """Slots from plain data; raises pydantic.ValidationError when they do not fit."""
        return self.slots.model_validate(data)  # type: ignore[return-value]  # slots is declared as S's class

    def prompt(self, slots: S, now: datetime, wording: int) -> tuple[str, str]:
        """Instruction and context of a task in our words; `wording` picks the phrasing, modulo their number."""
        values = slots.words()
        ask = self.asks[wording % len(self.asks)].format(**values)
        return ask, f"It is {now.isoformat()} now. {self.facts.format(**values)}"

    def schedule(self, count: int, rng: random.Random) -> list[Branch]:
        """Branches of `count` tasks: act and no act within one of each other, empty branches at most a tenth."""
        acting = [b for b in self.branches if b.acts]
        idle = [b for b in self.branches if not b.acts]
        first, second = (acting, idle) if rng.random() < 0.5 or count > 1 else (idle, acting)
        if not first or not second:
            chosen = _spread(first or second, count, count // 10)
        else:
            half = (count + 1) // 2
            chosen = _spread(first, half, count // 10) + _spread(second, count - half, count // 10)
        rng.shuffle(chosen)
        return chosen


def _spread(branches: list[Branch], count: int, rare: int) -> list[Branch]:
    """Deal `count` places to branches by weight; empty ones share at most `rare` places."""
    empty = [b for b in branches if b.empty]
    usual = [b for b in branches if not b.empty]
    chosen = [empty[i % len(empty)] for i in range(min(rare, count))] if empty else []
    deck = [b for b in usual for _ in range(b.weight)]
    return chosen + [deck[i % len(deck)] for i in range(count - len(chosen))]
