"""Intervals beyond these tasks."""

from __future__ import annotations

import random
from math import sqrt
from statistics import fmean, stdev

import pytest
from scipy.stats import t

from medagentbenchv2.results.statistics.clustered import by_family, by_patient


def test_equal_clusters_give_a_t_interval_of_their_means() -> None:
    means = [0.2, 0.5, 0.9, 0.6]
    scores = [float(k < 10 * mean) for mean in means for k in range(10)]
    found = by_family(scores, [f"family{c}" for c in range(4) for _ in range(10)])
    assert found is not None
    half = t.ppf(0.975, 3) * stdev(means) / sqrt(4)
    # statsmodels' small-sample factor (n - 1) / (n - 1) is 1 for one regressor, so the two agree
    assert (found.low, found.high) == pytest.approx(
        (max(0, fmean(means) - half), min(1, fmean(means) + half)), rel=1e-3
    )
    assert found.method == "clustered, t(3)"


def test_clusters_that_agree_within_themselves_widen_the_interval() -> None:
    scores = [1.0] * 50 + [0.0] * 50
    together = by_family(scores, ["a"] * 25 + ["b"] * 25 + ["c"] * 25 + ["d"] * 25)
    spread = by_family(scores, [str(k % 4) for k in range(100)])
    assert together is not None
    assert spread is not None
    assert together.half_width > spread.half_width


def test_names_of_clusters_do_not_matter() -> None:
    rng = random.Random(1)
    scores, clusters = [float(rng.random() < 0.6) for _ in range(60)], [str(k % 6) for k in range(60)]
    assert by_patient(scores, clusters) == by_patient(scores, [f"S{9 - int(c)}" for c in clusters])


def test_one_cluster_says_nothing_of_others() -> None:
    assert by_family([1.0, 0.0], ["a", "a"]) is None


def test_what_never_varied_has_no_interval_of_no_width() -> None:
    assert by_family([1.0] * 4, ["a", "b", "c", "d"]) is None


def test_bounds_stay_within_0_and_1() -> None:
    wide = by_family([1.0, 1.0, 0.0, 1.0], ["a", "a", "b", "c"])
    assert wide is not None
    assert (wide.low, wide.high) == (0.0, 1.0)
