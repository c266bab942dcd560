"""pass@k, pass^k and flips, against counting and by their laws."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.results.statistics.repeats import (
    Tally,
    flip_rate,
    pass_at_k,
    pass_at_k_of,
    pass_hat_k,
    pass_hat_k_of,
)

tallies = st.integers(1, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(tallies, st.data())
def test_both_are_what_drawing_k_of_the_attempts_gives(tally: Tally, data: st.DataObject) -> None:
    correct, attempts = tally
    k = data.draw(st.integers(1, attempts))
    outcomes = [True] * correct + [False] * (attempts - correct)
    draws = list(combinations(outcomes, k))
    assert pass_at_k_of(tally, k) == Fraction(sum(any(draw) for draw in draws), len(draws))
    assert pass_hat_k_of(tally, k) == Fraction(sum(all(draw) for draw in draws), len(draws))


@given(st.lists(tallies, min_size=1))
def test_one_attempt_is_accuracy(many: list[Tally]) -> None:
    accuracy = float(sum(Fraction(c, n) for c, n in many) / len(many))
    assert pass_at_k(many, 1) == accuracy
    assert pass_hat_k(many, 1) == accuracy


@given(tallies)
def test_more_attempts_never_lower_pass_at_k_nor_raise_pass_hat_k(tally: Tally) -> None:
    ks = range(1, tally[1] + 1)
    at, hat = [pass_at_k_of(tally, k) for k in ks], [pass_hat_k_of(tally, k) for k in ks]
    assert at == sorted(at)
    assert hat == sorted(hat, reverse=True)
    assert all(0 <= low <= high <= 1 for low, high in zip(hat, at, strict=True))


def test_a_known_value() -> None:
    assert pass_at_k_of((3, 10), 5) == Fraction(11, 12)  # 1 - C(7,5)/C(10,5) = 1 - 21/252
    assert pass_hat_k([(4, 4), (2, 4), (0, 4)], 2) == pytest.approx((1 + 1 / 6) / 3)


def test_tasks_with_fewer_than_k_attempts_are_left_out() -> None:
    assert pass_hat_k([(1, 1), (2, 2)], 2) == 1.0
    assert pass_at_k([(1, 1)], 2) is None


def test_a_task_flips_when_it_is_solved_in_some_attempts_but_not_in_all() -> None:
    assert flip_rate([(0, 3), (1, 3), (3, 3), (2, 3)]) == 0.5
    assert flip_rate([(1, 1), (0, 1)]) is None


@pytest.mark.parametrize(("tally", "k"), [((3, 2), 1), ((-1, 2), 1), ((1, 2), 3), ((1, 2), 0)])
def test_what_is_impossible_is_refused(tally: Tally, k: int) -> None:
    with pytest.raises(ValueError, match=r"impossible|not between"):
        pass_at_k_of(tally, k)
