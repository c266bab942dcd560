"""What a request costs."""

from __future__ import annotations

import pytest

from medagentbenchv2.endpoint import Price, Usage


def test_cost_counts_cached_input_apart_and_is_unknown_without_tokens() -> None:
    price = Price(input=2.0, output=8.0, cached=1.0)
    assert price.cost(Usage(1_000_000, 500_000, 250_000)) == pytest.approx(1.0 + 0.5 + 2.0)
    assert Price(input=2.0, output=8.0).cost(Usage(1_000_000, 500_000, 0)) == pytest.approx(2.0)
    assert price.cost(Usage()) is None
