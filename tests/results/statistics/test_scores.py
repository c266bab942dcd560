"""Means, the score above doing nothing, and money."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.results.statistics.scores import (
    Price,
    Usage,
    above_floor,
    cost_per_success,
    macro_mean,
    micro_mean,
    spend,
)


def test_macro_weighs_families_and_micro_weighs_tasks() -> None:
    scores, families = [1.0, 1.0, 1.0, 0.0], ["a", "a", "a", "b"]
    assert micro_mean(scores) == 0.75
    assert macro_mean(scores, families) == 0.5
    assert micro_mean([]) is None
    assert macro_mean([], []) is None


@given(st.lists(st.floats(0, 1), min_size=1), st.integers(1, 5))
def test_with_equal_families_both_means_are_one(scores: list[float], copies: int) -> None:
    families = [str(c) for c in range(copies) for _ in scores]
    assert macro_mean(scores * copies, families) == pytest.approx(micro_mean(scores * copies))


def test_the_null_agent_is_0_and_the_oracle_1() -> None:
    assert above_floor(0.1, floor=0.1, ceiling=0.9) == 0
    assert above_floor(0.9, floor=0.1, ceiling=0.9) == 1
    assert above_floor(0.0, floor=0.1, ceiling=0.9) < 0
    with pytest.raises(ValueError, match=r"0\.9 is not below the ceiling 0\.9"):
        above_floor(0.5, 0.9, 0.9)


def test_cached_tokens_cost_their_own_price_or_the_full_one() -> None:
    usage = Usage(input=1_000_000, output=500_000, cached=400_000)
    apart = spend(usage, Price(input=2.0, output=8.0, cached=0.5))
    assert (apart.input, apart.cached, apart.output) == pytest.approx((1.2, 0.2, 4.0))
    assert spend(usage, Price(2.0, 8.0)).total == pytest.approx(6.0)


def test_failed_rollouts_are_paid_for_by_the_successes() -> None:
    assert cost_per_success(6.0, 3) == 2.0
    assert cost_per_success(6.0, 0) is None
