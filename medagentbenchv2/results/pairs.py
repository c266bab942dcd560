"""Every two models on the tasks that both were scored on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.statistics.bootstrap import Resampling
from medagentbenchv2.results.statistics.paired import (
    Test,
    holm,
    mcnemar,
    minimum_detectable_effect,
    permutation,
    sign_flips,
)

Flips = Callable[[int], NDArray[np.int64]]
"""Random signs for a number of tasks, drawn once for all pairs."""
ALPHA = 0.05
"""Family-wise error rate."""


@dataclass(frozen=True)
class Pair:
    """Two models, the better-placed one first."""

    first: str
    second: str
    tasks: int
    """Tasks that both were scored on."""
    first_only: Fraction
    """Tasks (or parts of them, with repeats) that only the first solved."""
    second_only: Fraction
    difference: Fraction
    """First minus second, mean score on the shared tasks (-1 to 1)."""
    test: Test
    holm_p: float
    """The p value adjusted for the number of pairs."""
    detectable: float | None
    """The minimum detectable effect (0 to 1) at 80 % power and alpha divided by the number of pairs."""

    @property
    def differs(self) -> bool:
        """True when the difference stands after correction."""
        return self.holm_p < ALPHA


def compare_all(entries: Sequence[Entry], how: Resampling) -> list[Pair]:
    """Every pair that shares a task, in the order given. Exact McNemar for single attempts, else paired permutation."""
    flips = cache(lambda tasks: sign_flips(tasks, how))
    couples = [(a, b) for a, b in combinations(entries, 2) if a.scores.keys() & b.scores.keys()]
    raw = [_compare(a, b, len(couples), how, flips) for a, b in couples]
    adjusted = holm([pair.test.p for pair in raw])
    return [replace(pair, holm_p=p) for pair, p in zip(raw, adjusted, strict=True)]


def _compare(a: Entry, b: Entry, couples: int, how: Resampling, flips: Flips) -> Pair:
    tasks = [task for task in a.scores if task in b.scores]
    first, second = [a.scores[task] for task in tasks], [b.scores[task] for task in tasks]
    if a.repeated or b.repeated:
        test = permutation(first, second, how, flips(len(tasks)))
    else:
        test = mcnemar([score == 1 for score in first], [score == 1 for score in second])
    gaps = [x - y for x, y in zip(first, second, strict=True)]
    return Pair(
        first=a.label,
        second=b.label,
        tasks=len(tasks),
        first_only=sum((gap for gap in gaps if gap > 0), Fraction()),
        second_only=sum((-gap for gap in gaps if gap < 0), Fraction()),
        difference=sum(gaps, Fraction()) / len(tasks),
        test=test,
        holm_p=test.p,
        detectable=minimum_detectable_effect(first, second, alpha=ALPHA / couples),
    )
