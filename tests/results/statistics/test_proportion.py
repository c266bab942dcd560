"""The Wilson interval, against statsmodels and by its laws."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from medagentbenchv2.results.statistics.proportion import rule_of_three, wilson

counts = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(("k", "n"), [(285, 300), (0, 30), (30, 30), (1, 7), (112, 300)])
def test_the_bounds_are_those_of_statsmodels(k: int, n: int) -> None:
    found = wilson(k, n)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(proportion_confint(k, n, method="wilson"), abs=1e-12)


def test_a_known_value_from_the_literature() -> None:
    found = wilson(15, 148, 0.95)  # Newcombe 1998, Stat. Med. 17:857, table I: 0.0624 to 0.1605
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.0624, 0.1605)


@given(counts)
def test_the_interval_holds_the_estimate_within_0_and_1(pair: tuple[int, int]) -> None:
    found = wilson(*pair)
    assert found is not None
    assert 0 <= found.low <= found.estimate <= found.high <= 1


@given(counts)
def test_successes_and_failures_mirror_each_other(pair: tuple[int, int]) -> None:
    k, n = pair
    one, other = wilson(k, n), wilson(n - k, n)
    assert one is not None
    assert other is not None
    assert one.low == pytest.approx(1 - other.high, abs=1e-9)


@given(counts)
def test_more_of_the_same_narrows_it_and_more_successes_raise_it(pair: tuple[int, int]) -> None:
    k, n = pair
    one, ten = wilson(k, n), wilson(10 * k, 10 * n)
    assert one is not None
    assert ten is not None
    assert ten.half_width < one.half_width
    if k < n:
        better = wilson(k + 1, n)
        assert better is not None
        assert better.low > one.low or k == 0
        assert better.high >= one.high


def test_no_trials_have_no_interval_and_impossible_counts_are_refused() -> None:
    assert wilson(0, 0) is None
    with pytest.raises(ValueError, match="4 is not between 0 and the 3 trials"):
        wilson(4, 3)
    with pytest.raises(ValueError, match="-1 is not between"):
        wilson(-1, 3)


def test_the_rule_of_three() -> None:
    assert rule_of_three(300) == 0.01
    assert rule_of_three(2) == 1.0
    assert rule_of_three(0) is None


def test_eval_needs_no_statistics_library() -> None:
    code = (
        "import sys, medagentbenchv2.results.statistics.proportion, medagentbenchv2.results.statistics.repeats;"
        "sys.exit(bool({'numpy', 'scipy', 'statsmodels', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
