"""Resampling of tasks. Sums are kept in whole numbers, so that the result is the same on every machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm

import numpy as np
from numpy.typing import NDArray

from medagentbenchv2.results.statistics.proportion import Interval

RESAMPLES = 10_000
SEED = 20_250
SMALLEST = 10
"""Families with fewer tasks are drawn together: within n tasks a resample shows only (n - 1) / n of the variance."""


@dataclass(frozen=True)
class Resampling:
    """How a bootstrap was done; recorded with its result."""

    resamples: int = RESAMPLES
    seed: int = SEED
    confidence: float = 0.95

    @property
    def method(self) -> str:
        """The method in words, for headers and captions."""
        return f"task-level percentile bootstrap, {self.resamples} resamples, seed {self.seed}"


DEFAULT = Resampling()


def whole(scores: Sequence[Sequence[Fraction | int]]) -> tuple[NDArray[np.int64], int]:
    """Scores (rows of fractions) as whole numbers over one common denominator: (numbers, denominator)."""
    fractions = [[Fraction(score) for score in row] for row in scores]
    denominator = lcm(*(score.denominator for row in fractions for score in row)) if any(fractions) else 1
    numbers = [[score.numerator * (denominator // score.denominator) for score in row] for row in fractions]
    return np.array(numbers, dtype=np.int64), denominator


@lru_cache(maxsize=4)
def task_counts(strata: tuple[str, ...], how: Resampling) -> NDArray[np.int32]:
    """How often each resample draws each task, shape (resamples, tasks); tasks are drawn within their stratum.

    Strata with fewer than SMALLEST tasks are one stratum. Draws come from PCG64's doubles, whose stream NumPy keeps.
    The last few answers are kept: models share tasks.
    """
    generator = np.random.Generator(np.random.PCG64(how.seed))
    sizes = Counter(strata)
    strata = tuple(stratum if sizes[stratum] >= SMALLEST else "" for stratum in strata)
    labels = np.array(strata)
    counts = np.zeros((how.resamples, len(strata)), dtype=np.int32)
    for stratum in dict.fromkeys(strata):
        members = np.flatnonzero(labels == stratum)
        draws = (generator.random((how.resamples, members.size)) * members.size).astype(np.int64)
        flat = draws + np.arange(how.resamples)[:, None] * members.size
        drawn = np.bincount(flat.ravel(), minlength=how.resamples * members.size)
        counts[:, members] = drawn.reshape(how.resamples, members.size)
    counts.flags.writeable = False
    return counts


def task_bootstrap(
    scores: Sequence[Fraction | int], strata: Sequence[str], how: Resampling = DEFAULT
) -> Interval | None:
    """Percentile interval of the mean score (0 to 1) on *these tasks*; None when there are no tasks.

    Tasks, not attempts, are resampled, within their family: Efron 1979, Ann. Stat. 7:1; Miller 2024 (arXiv 2411.00640)
    on why the unit is the question. `scores` holds each task's mean over its attempts, `strata` its family.
    """
    if not scores:
        return None
    numbers, denominator = whole([scores])
    totals = task_counts(tuple(strata), how) @ numbers[0]
    low, high = _percentiles(totals, denominator * len(scores), how.confidence)
    return Interval(float(sum(map(Fraction, scores)) / len(scores)), low, high, how.method)


def rank_intervals(
    scores: Sequence[Sequence[Fraction | int]], strata: Sequence[str], how: Resampling = DEFAULT
) -> list[tuple[int, int]]:
    """Interval of each model's rank, (best, worst), over resamples of the tasks that the models share.

    `scores` is models x tasks. In each resample models with equal means share the best rank (competition ranking).
    Bootstrap of ranks: Goldstein and Spiegelhalter 1996, J. R. Stat. Soc. A 159:385.
    """
    if not scores:
        return []
    numbers, _ = whole(scores)
    totals = task_counts(tuple(strata), how) @ numbers.T
    ranks = 1 + (totals[:, None, :] > totals[:, :, None]).sum(axis=2)
    tail = (1 - how.confidence) / 2
    ordered = np.sort(ranks, axis=0)
    first, last = int(tail * how.resamples), int((1 - tail) * how.resamples) - 1
    return [(int(best), int(worst)) for best, worst in zip(ordered[first], ordered[last], strict=True)]


def _percentiles(totals: NDArray[np.int64], denominator: int, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    ordered = np.sort(totals)
    first, last = int(tail * ordered.size), int((1 - tail) * ordered.size) - 1
    return int(ordered[first]) / denominator, int(ordered[max(last, first)]) / denominator
