"""Resampling of tasks: coverage, strata, reproducibility, ranks."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, bootstrap

from medagentbenchv2.results.statistics.bootstrap import (
    SMALLEST,
    Resampling,
    rank_intervals,
    task_bootstrap,
    task_counts,
    whole,
)
from medagentbenchv2.results.statistics.proportion import Interval

PINNED = [[1, 0, 1, 1, 1, 0, 1, 2, 3, 0, 2, 1, 0], [0, 0, 2, 1, 1, 2, 1, 1, 0, 2, 2, 1, 0]]
QUICK = Resampling(resamples=500)


def interval(scores: list[Fraction], strata: list[str], how: Resampling = QUICK) -> Interval:
    found = task_bootstrap(scores, strata, how)
    assert found is not None
    return found


def thirds(n: int, seed: int = 0) -> list[Fraction]:
    rng = random.Random(seed)
    return [Fraction(rng.randint(0, 3), 3) for _ in range(n)]


def test_it_agrees_with_scipys_percentile_bootstrap() -> None:
    scores = thirds(120)
    ours = interval(scores, ["one"] * 120, Resampling())
    theirs = bootstrap(
        ([float(s) for s in scores],), np.mean, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.006)


def test_single_attempts_give_the_quantiles_of_the_binomial() -> None:
    found = interval([Fraction(k < 30) for k in range(100)], ["one"] * 100, Resampling())
    low, high = binom.interval(0.95, 100, 0.3)
    assert (found.low * 100, found.high * 100) == pytest.approx((low, high), abs=1)


def test_a_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    counts = task_counts(("a", "a", "b", "b", "b"), Resampling(resamples=4, seed=7))
    assert (
        counts.tolist() == task_counts.__wrapped__(("a", "a", "b", "b", "b"), Resampling(resamples=4, seed=7)).tolist()
    )
    assert counts.tolist() != task_counts(("a", "a", "b", "b", "b"), Resampling(resamples=4, seed=8)).tolist()


def test_the_stream_of_draws_is_pinned() -> None:
    """A change here changes every interval: it must be meant."""
    counts = task_counts(("a",) * 10 + ("b",) * 3, Resampling(resamples=2, seed=7))
    assert counts.shape == (2, 13)
    assert counts.tolist() == PINNED


def test_the_global_generator_is_left_alone() -> None:
    np.random.seed(3)
    before = np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
    task_counts(("x", "y"), Resampling(resamples=9, seed=1))
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index, union-attr]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=60))
def test_a_family_keeps_its_size_in_every_resample_and_small_ones_theirs_together(strata: list[str]) -> None:
    counts = task_counts(tuple(strata), Resampling(resamples=20, seed=2))
    small = {family for family in strata if strata.count(family) < SMALLEST}
    for group in ({family} for family in set(strata) - small), (small,):
        for families in group:
            members = [at for at, name in enumerate(strata) if name in families]
            assert (counts[:, members].sum(axis=1) == len(members)).all()


def test_the_interval_covers_the_truth_even_with_two_tasks_to_a_family() -> None:
    """Within two tasks a resample shows only half of the variance, so small families are drawn together."""
    rng, covered = random.Random(5), 0
    strata = [family for family in "abcdefghij" for _ in range(2)]
    for _ in range(200):
        scores = [Fraction(sum(rng.random() < 0.7 for _ in range(4)), 4) for _ in strata]
        found = interval(scores, strata)
        covered += found.low <= 0.7 <= found.high
    assert covered >= 0.9 * 200


def test_families_that_are_all_right_or_all_wrong_leave_nothing_to_chance() -> None:
    found = interval([Fraction(1)] * 10 + [Fraction(0)] * 10, ["easy"] * 10 + ["hard"] * 10)
    assert (found.low, found.estimate, found.high) == (0.5, 0.5, 0.5)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.fractions(0, 1, max_denominator=6), min_size=1, max_size=30))
def test_the_interval_lies_within_the_scores(scores: list[Fraction]) -> None:
    found = interval(scores, ["one"] * len(scores))
    assert float(min(scores)) <= found.low <= found.high <= float(max(scores))


def test_no_task_has_no_interval() -> None:
    assert task_bootstrap([], []) is None
    assert rank_intervals([], []) == []


def test_scores_become_whole_numbers_over_one_denominator() -> None:
    numbers, denominator = whole([[Fraction(1, 2), 1], [Fraction(1, 3), 0]])
    assert (numbers.tolist(), denominator) == ([[3, 6], [2, 0]], 6)


def test_a_model_that_solves_everything_is_first_and_equals_share_their_rank() -> None:
    every, some, same = [Fraction(1)] * 40, [Fraction(k % 2) for k in range(40)], [Fraction(k % 2) for k in range(40)]
    assert rank_intervals([every, some, same], ["one"] * 40, QUICK) == [(1, 1), (2, 2), (2, 2)]


def test_close_models_have_overlapping_ranks() -> None:
    close = [[Fraction(random.Random(f"{m}-{k}").random() < 0.5) for k in range(60)] for m in range(3)]
    for best, worst in rank_intervals(close, ["one"] * 60, QUICK):
        assert 1 <= best < worst <= 3
