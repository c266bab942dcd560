"""What is right: the answer that `finish` must hold and the orders that must exist when the rollout ends."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from medagentbenchv2.grading.answer import Answer
from medagentbenchv2.grading.fields import Category, OrderField

GRADING_VERSION = "1"
"""Changes whenever a verdict could change: scores of different versions are not comparable."""
Profile = Literal["strict", "published"]


class Order(BaseModel):
    """One order that must exist, once."""

    model_config = ConfigDict(frozen=True)
    label: str
    """What it is, in words."""
    fields: tuple[OrderField, ...]
    missing: Category = "missing_order"
    """The category when no write comes near it."""


class Count(BaseModel):
    """How many accepted writes must show all of some fields (the published graders count; they do not match)."""

    model_config = ConfigDict(frozen=True)
    label: str
    fields: tuple[OrderField, ...] = ()
    """No fields: every write counts."""
    least: int = 0
    most: int | None = None
    category: Category = "missing_order"


class Expectation(BaseModel):
    """The end state that scores 1.0. Orders are matched one to one and nothing may be left over, unless `counts` is
    given: then only the counts and `every` matter.
    """

    model_config = ConfigDict(frozen=True)
    answer: Answer | None = None
    """None where the answer is not graded."""
    orders: tuple[Order, ...] = ()
    alternatives: tuple[tuple[Order, ...], ...] = ()
    """Other sets of orders that are as right as `orders`."""
    allowed: tuple[Order, ...] = ()
    """Orders that may exist, in any number, without being asked for."""
    counts: tuple[Count, ...] | None = None
    every: tuple[OrderField, ...] = ()
    """With counts: fields that every accepted write must show."""
    silence: bool = False
    """True where a rollout that never called `finish` is accepted, too."""
