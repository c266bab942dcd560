"""What repeated attempts at the same tasks tell, with the standard library alone.

A task is given as (c, K): c correct of K attempts.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb

Tally = tuple[int, int]
"""Correct attempts and all attempts at one task."""


def pass_at_k_of(tally: Tally, k: int) -> Fraction:
    """Probability that at least one of k attempts drawn from the K is correct: 1 - C(K-c, k) / C(K, k).

    Chen et al. 2021 (arXiv 2107.03374), equation 1. Raises ValueError unless 1 <= k <= K.
    """
    correct, attempts = _checked(tally, k)
    return 1 - Fraction(comb(attempts - correct, k), comb(attempts, k))


def pass_hat_k_of(tally: Tally, k: int) -> Fraction:
    """Probability that all of k attempts drawn from the K are correct: C(c, k) / C(K, k).

    Yao et al. 2024 (tau-bench, arXiv 2406.12045). Raises ValueError unless 1 <= k <= K.
    """
    correct, attempts = _checked(tally, k)
    return Fraction(comb(correct, k), comb(attempts, k))


def pass_at_k(tallies: Sequence[Tally], k: int) -> float | None:
    """Mean of `pass_at_k_of` over the tasks with at least k attempts; None when there are none."""
    eligible = [pass_at_k_of(tally, k) for tally in tallies if tally[1] >= k]
    return float(sum(eligible) / len(eligible)) if eligible else None


def pass_hat_k(tallies: Sequence[Tally], k: int) -> float | None:
    """Mean of `pass_hat_k_of` over the tasks with at least k attempts; None when there are none."""
    eligible = [pass_hat_k_of(tally, k) for tally in tallies if tally[1] >= k]
    return float(sum(eligible) / len(eligible)) if eligible else None


def flip_rate(tallies: Sequence[Tally]) -> float | None:
    """Share of the repeated tasks that were solved in some attempts but not in all: 0 < c < K.

    None when no task has two attempts: a single attempt can't flip.
    """
    repeated = [(correct, attempts) for correct, attempts in tallies if attempts >= 2]
    return sum(0 < correct < attempts for correct, attempts in repeated) / len(repeated) if repeated else None


def _checked(tally: Tally, k: int) -> Tally:
    correct, attempts = tally
    if not 0 <= correct <= attempts:
        raise ValueError(f"tally: {correct} correct of {attempts} attempts is impossible")
    if not 1 <= k <= attempts:
        raise ValueError(f"k: {k} is not between 1 and the {attempts} attempts")
    return tally
