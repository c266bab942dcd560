"""Intervals for a share of successes, with the standard library alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist


@dataclass(frozen=True)
class Interval:
    """An estimate between its bounds, each in the units of the estimate."""

    estimate: float
    low: float
    high: float
    method: str

    @property
    def half_width(self) -> float:
        """Half the distance between the bounds."""
        return (self.high - self.low) / 2


def wilson(successes: float, trials: int, confidence: float = 0.95) -> Interval | None:
    """Wilson score interval of a proportion (0 to 1); None when there are no trials.

    Wilson 1927, J. Am. Stat. Assoc. 22:209; recommended for small n by Brown, Cai and DasGupta 2001 and for
    evaluations by Bowyer et al. 2025 (arXiv 2503.01747). Successes may be fractional: the sum of tasks' mean scores.
    Raises ValueError unless 0 <= successes <= trials.
    """
    _check(successes, trials)
    if trials == 0:
        return None
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / trials
    denominator = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / denominator
    spread = z / denominator * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, centre - spread)
    high = 1.0 if successes == trials else min(1.0, centre + spread)
    return Interval(share, low, high, "Wilson")


def rule_of_three(trials: int) -> float | None:
    """3/n, the 95 % upper bound when none of n trials had the event; None when there are no trials.

    Hanley and Lippman-Hand 1983, JAMA 249:1743.
    """
    return min(1.0, 3 / trials) if trials else None


def _check(successes: float, trials: int) -> None:
    if not 0 <= successes <= trials:
        raise ValueError(f"successes: {successes} is not between 0 and the {trials} trials")
