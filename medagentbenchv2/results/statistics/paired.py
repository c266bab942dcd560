"""Two models on the same tasks, and two groups of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from medagentbenchv2.results.statistics.bootstrap import DEFAULT, Resampling, whole
from medagentbenchv2.results.statistics.libraries import need
from medagentbenchv2.results.statistics.proportion import wilson


@dataclass(frozen=True)
class Test:
    """A test on *these tasks*."""

    __test__ = False  # not a test class to pytest
    p: float
    method: str


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> Test:
    """Exact two-sided McNemar test of two models' single attempts at the same tasks.

    McNemar 1947, Psychometrika 12:153: of the discordant tasks each side wins half under the null hypothesis
    (statsmodels.stats.contingency_tables.mcnemar with exact=True). No discordant task: p = 1.
    """
    pairs = list(zip(first, second, strict=True))
    table = [[sum((a, b) == (x, y) for a, b in pairs) for y in (True, False)] for x in (True, False)]
    if table[0][1] + table[1][0] == 0:
        return Test(1.0, "exact McNemar")
    result = need("statsmodels.stats.contingency_tables").mcnemar(table, exact=True)
    return Test(min(1.0, float(result.pvalue)), "exact McNemar")


def sign_flips(tasks: int, how: Resampling) -> NDArray[np.int64]:
    """Random signs, +1 or -1, shape (resamples, tasks): the null distribution of a paired permutation test."""
    generator = np.random.Generator(np.random.PCG64(how.seed))
    return np.where(generator.random((how.resamples, tasks)) < 0.5, -1, 1).astype(np.int64)


def permutation(
    first: Sequence[Fraction | int],
    second: Sequence[Fraction | int],
    how: Resampling = DEFAULT,
    flips: NDArray[np.int64] | None = None,
) -> Test:
    """Two-sided paired permutation test of two models' mean scores per task, for repeated attempts.

    Under the null hypothesis the sign of each task's difference is arbitrary (Fisher 1935, The Design of Experiments,
    section 21); p = (1 + as extreme) / (1 + resamples) after Phipson and Smyth 2010, Stat. Appl. Genet. Mol.
    Biol. 9:39. `flips` may carry signs drawn once for many pairs.
    """
    if len(first) != len(second):
        raise ValueError(f"second: {len(second)} scores do not pair with {len(first)}")
    differences = [Fraction(a) - Fraction(b) for a, b in zip(first, second, strict=True)]
    numbers, _ = whole([differences])
    signs = sign_flips(len(differences), how) if flips is None else flips
    observed = abs(int(numbers[0].sum()))
    extreme = int((np.abs(signs @ numbers[0]) >= observed).sum())
    return Test((1 + extreme) / (1 + len(signs)), f"paired permutation, {len(signs)} resamples, seed {how.seed}")


def two_samples(first: Sequence[float], second: Sequence[float], how: Resampling = DEFAULT) -> Test:
    """Two-sided permutation test of two groups of tasks' mean scores, groups drawn at random from all of them.

    Fisher 1935 as above; p = (1 + as extreme) / (1 + resamples) after Phipson and Smyth 2010.
    """
    pooled, size = np.array([*first, *second]), len(first)
    generator = np.random.Generator(np.random.PCG64(how.seed))
    shuffled = generator.permuted(np.tile(pooled, (how.resamples, 1)), axis=1)
    gaps = np.abs(shuffled[:, :size].mean(axis=1) - shuffled[:, size:].mean(axis=1))
    observed = abs(pooled[:size].mean() - pooled[size:].mean())
    extreme = int((gaps >= observed - 1e-12).sum())
    return Test((1 + extreme) / (1 + how.resamples), f"permutation, {how.resamples} resamples, seed {how.seed}")


def holm(values: Sequence[float]) -> list[float]:
    """Adjust p values for their number, family-wise.

    Holm 1979, Scand. J. Stat. 6:65 (statsmodels.stats.multitest.multipletests).
    """
    if not values:
        return []
    adjusted = need("statsmodels.stats.multitest").multipletests(list(values), method="holm")[1]
    return [float(value) for value in adjusted]


def minimum_detectable_effect(
    first: Sequence[Fraction | int], second: Sequence[Fraction | int], alpha: float = 0.05, power: float = 0.8
) -> float | None:
    """The smallest true difference of means (0 to 1) that these tasks would show with the given power.

    (z[1 - alpha/2] + z[power]) * sqrt(variance of the paired differences / n): Miller 2024 (arXiv 2411.00640), section
    5. Where no task differs the variance is unknown; the 95 % Wilson bound of the discordant share stands in for it.
    None with fewer than two tasks.
    """
    differences = [float(Fraction(a) - Fraction(b)) for a, b in zip(first, second, strict=True)]
    n = len(differences)
    if n < 2:
        return None
    mean = sum(differences) / n
    variance = sum((difference - mean) ** 2 for difference in differences) / (n - 1)
    if not any(differences):
        bound = wilson(0, n)
        variance = bound.high if bound else 1.0
    normal = NormalDist()
    return min(1.0, (normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)) * sqrt(variance / n))
