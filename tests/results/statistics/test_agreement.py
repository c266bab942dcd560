"""Does an agent do the same thing twice?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.results.statistics.agreement import action_agreement, canonical_orders, jaccard

sets = st.frozensets(st.sampled_from("abcde"))


def order(text: str, **keys: object) -> dict[str, object]:
    return {"method": "POST", "resource": {"resourceType": "ServiceRequest", "code": {"text": text}, **keys}}


def test_orders_are_equal_whatever_the_server_adds_and_however_they_are_typed() -> None:
    one = canonical_orders([order("CT  Abdomen", id="1", meta={"versionId": "1"})])
    assert one == canonical_orders([order("ct abdomen", id="2")])
    assert one != canonical_orders([order("ct chest")])


@given(sets, sets)
def test_jaccard_is_symmetric_and_1_only_for_equal_sets(a: frozenset[str], b: frozenset[str]) -> None:
    assert jaccard(a, b) == jaccard(b, a)
    assert 0 <= jaccard(a, b) <= 1
    assert (jaccard(a, b) == 1) == (a == b)


def test_agreement_is_the_mean_over_tasks_of_the_mean_over_pairs() -> None:
    a, b, ab, none = frozenset("a"), frozenset("b"), frozenset("ab"), frozenset[str]()
    assert action_agreement([[a, a, b], [a, ab]]) == pytest.approx(((1 + 0 + 0) / 3 + 1 / 2) / 2)
    assert action_agreement([[none, none]]) == 1.0
    assert action_agreement([[a], [b]]) is None
