"""Does an agent do the same thing twice?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

VOLATILE = frozenset({"id", "meta", "text"})
"""Keys of a resource that a server fills in; two equal orders differ in them."""

Orders = frozenset[str]


def canonical_orders(writes: Iterable[dict[str, Any]]) -> Orders:
    """The accepted writes of one rollout as a set of texts that are equal when the orders are.

    Keys are sorted, server-given keys left out, text is compared without case and runs of white space.
    """
    resources = [write.get("resource") or write for write in writes]
    stated = [{key: part for key, part in resource.items() if key not in VOLATILE} for resource in resources]
    return frozenset(json.dumps(_canonical(resource), sort_keys=True) for resource in stated)


def jaccard(first: Orders, second: Orders) -> float:
    """Shared orders over all orders, 0 to 1; two empty sets agree fully. Jaccard 1912, New Phytol. 11:37."""
    union = first | second
    return len(first & second) / len(union) if union else 1.0


def action_agreement(tasks: Iterable[Sequence[Orders]]) -> float | None:
    """Mean over repeated tasks of the mean pairwise Jaccard index of their attempts' orders; None without repeats."""
    means = []
    for attempts in tasks:
        pairs = [jaccard(a, b) for a, b in combinations(attempts, 2)]
        if pairs:
            means.append(sum(pairs) / len(pairs))
    return sum(means) / len(means) if means else None


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_canonical(part) for part in value]
    return " ".join(value.split()).casefold() if isinstance(value, str) else value
