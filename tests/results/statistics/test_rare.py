"""Upper bounds for rare events."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from medagentbenchv2.results.statistics.proportion import rule_of_three
from medagentbenchv2.results.statistics.rare import exact_upper_bound


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 300), (7, 4500), (299, 300), (2000, 4500)])
def test_the_bound_is_the_upper_end_of_a_90_percent_clopper_pearson_interval(k: int, n: int) -> None:
    assert exact_upper_bound(k, n) == pytest.approx(proportion_confint(k, n, alpha=0.1, method="beta")[1])


@pytest.mark.parametrize("n", [30, 300, 4500])
def test_without_events_it_is_about_three_over_n(n: int) -> None:
    exact, three = exact_upper_bound(0, n), rule_of_three(n)
    assert exact == pytest.approx(1 - 0.05 ** (1 / n))
    assert exact == pytest.approx(three, rel=0.06)


def test_edges() -> None:
    assert exact_upper_bound(0, 0) is None
    assert exact_upper_bound(5, 5) == 1.0
    with pytest.raises(ValueError, match="6 is not between 0 and the 5 trials"):
        exact_upper_bound(6, 5)
