"""Means over tasks and families, the score above doing nothing, and what a success costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


def micro_mean(scores: Sequence[float]) -> float | None:
    """Mean over tasks (0 to 1): a family weighs as much as it has tasks. None when there are none."""
    return sum(scores) / len(scores) if scores else None


def macro_mean(scores: Sequence[float], families: Sequence[str]) -> float | None:
    """Mean over families of their means (0 to 1): every family weighs the same. None when there are none."""
    groups: defaultdict[str, list[float]] = defaultdict(list)
    for score, family in zip(scores, families, strict=True):
        groups[family].append(score)
    return sum(sum(group) / len(group) for group in groups.values()) / len(groups) if groups else None


def above_floor(score: float, floor: float, ceiling: float = 1.0) -> float:
    """(score - floor) / (ceiling - floor): 0 for the null agent, 1 for the oracle, negative below the floor.

    Chance-corrected score after Cohen 1960, Educ. Psychol. Meas. 20:37. Raises ValueError unless floor < ceiling.
    """
    if floor >= ceiling:
        raise ValueError(f"floor: {floor} is not below the ceiling {ceiling}")
    return (score - floor) / (ceiling - floor)


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens; cached means prompt tokens that the provider read from its cache."""

    input: float
    output: float
    cached: float | None = None
    """None: cached tokens cost as much as others."""


@dataclass(frozen=True)
class Usage:
    """Tokens; `input` counts the cached ones in."""

    input: int
    output: int
    cached: int = 0


@dataclass(frozen=True)
class Spend:
    """US dollars by kind of token."""

    input: float
    cached: float
    output: float

    @property
    def total(self) -> float:
        """All three together."""
        return self.input + self.cached + self.output


def spend(usage: Usage, price: Price) -> Spend:
    """What the tokens cost, input (not cached), cached and output apart."""
    cached = price.input if price.cached is None else price.cached
    fresh = (usage.input - usage.cached) * price.input / 1e6
    return Spend(fresh, usage.cached * cached / 1e6, usage.output * price.output / 1e6)


def cost_per_success(cost: float, successes: int) -> float | None:
    """US dollars for one correct rollout, the failed ones included; None when nothing succeeded.

    The ratio of totals, not the mean of ratios: Kapoor et al. 2024 (arXiv 2407.01502) on reporting cost with accuracy.
    """
    return cost / successes if successes else None
