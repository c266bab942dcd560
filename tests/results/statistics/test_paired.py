"""Two models on the same tasks, against statsmodels and scipy and by their laws."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test

from medagentbenchv2.results.statistics.bootstrap import Resampling
from medagentbenchv2.results.statistics.paired import holm, mcnemar, minimum_detectable_effect, permutation, two_samples

pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)
QUICK = Resampling(resamples=400)


@settings(deadline=None, max_examples=50)
@given(pairs)
def test_mcnemar_is_a_binomial_test_of_the_discordant_tasks(drawn: list[tuple[bool, bool]]) -> None:
    first, second = [a for a, _ in drawn], [b for _, b in drawn]
    ahead, behind = sum(a > b for a, b in drawn), sum(a < b for a, b in drawn)
    expected = binomtest(ahead, ahead + behind).pvalue if ahead + behind else 1.0
    assert mcnemar(first, second).p == pytest.approx(expected)


@settings(deadline=None, max_examples=50)
@given(pairs)
def test_mcnemar_does_not_care_who_comes_first(drawn: list[tuple[bool, bool]]) -> None:
    first, second = [a for a, _ in drawn], [b for _, b in drawn]
    assert mcnemar(first, second).p == pytest.approx(mcnemar(second, first).p)


def test_a_known_mcnemar() -> None:
    first, second = [True] * 9 + [True] * 200, [False] * 9 + [True] * 200
    assert mcnemar(first, second).p == pytest.approx(2 * 0.5**9)


def test_the_permutation_test_agrees_with_scipy() -> None:
    rng = random.Random(5)
    first = [Fraction(rng.randint(0, 4), 4) for _ in range(40)]
    second = [Fraction(rng.randint(0, 3), 4) for _ in range(40)]
    theirs = permutation_test(
        ([float(x) for x in first], [float(x) for x in second]),
        lambda a, b: np.mean(a) - np.mean(b), permutation_type="samples", n_resamples=9999,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert permutation(first, second).p == pytest.approx(theirs.pvalue, abs=0.015)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.fractions(0, 1, max_denominator=4), st.fractions(0, 1, max_denominator=4)), min_size=1, max_size=30
    )
)
def test_the_permutation_test_is_symmetric_bounded_and_reproducible(drawn: list[tuple[Fraction, Fraction]]) -> None:
    first, second = [a for a, _ in drawn], [b for _, b in drawn]
    one = permutation(first, second, QUICK)
    assert one == permutation(second, first, QUICK)
    assert one == permutation(first, second, QUICK)
    assert 1 / 401 <= one.p <= 1


def test_equal_models_never_differ() -> None:
    assert permutation([Fraction(1, 2)] * 10, [Fraction(1, 2)] * 10, QUICK).p == 1.0
    assert mcnemar([True, False], [True, False]).p == 1.0


def test_scores_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="2 scores do not pair with 1"):
        permutation([1], [1, 0])


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


@settings(deadline=None, max_examples=15)  # statsmodels collects garbage at every call
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_raises_p_values_and_keeps_their_order(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(value <= higher <= 1 for value, higher in zip(values, adjusted, strict=True))
    by_raw = [high for _, high in sorted(zip(values, adjusted, strict=True))]
    assert by_raw == sorted(by_raw)


def test_the_detectable_effect_is_millers_formula() -> None:
    first, second = [1] * 10 + [0] * 90, [0] * 100
    # (1.96 + 0.8416) * sqrt(0.1 * 0.9 * 100/99 / 100)
    assert minimum_detectable_effect(first, second) == pytest.approx(2.8016 * (0.09 * 100 / 99 / 100) ** 0.5, rel=1e-4)


def test_the_detectable_effect_shrinks_with_tasks_and_grows_with_strictness() -> None:
    first, second = [1, 1, 0, 0, 1], [0, 1, 0, 1, 0]
    few, many = minimum_detectable_effect(first, second), minimum_detectable_effect(first * 20, second * 20)
    strict = minimum_detectable_effect(first * 20, second * 20, alpha=0.05 / 100)
    assert few is not None
    assert many is not None
    assert strict is not None
    assert many < strict < few


def test_two_models_without_any_difference_still_have_a_detectable_effect() -> None:
    same = minimum_detectable_effect([1] * 30, [1] * 30)
    assert same is not None
    assert 0 < same < 1
    assert minimum_detectable_effect([1], [0]) is None


def test_two_groups_of_tasks_are_compared_as_scipy_does() -> None:
    rng = random.Random(4)
    for shift in (0.0, 0.15, 0.4):
        first, second = [rng.random() for _ in range(25)], [rng.random() + shift for _ in range(30)]
        found = two_samples(first, second)
        theirs = permutation_test(
            (first, second), lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis), vectorized=True,
            n_resamples=9999, random_state=1,
        )  # fmt: skip
        assert found.p == pytest.approx(theirs.pvalue, abs=0.02)
        assert two_samples(first, second) == found
    assert two_samples([1.0] * 5, [1.0] * 5).p == 1.0
