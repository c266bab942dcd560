"""Sort keys: one comparable value for a record under a parameter, whichever segment holds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from medagentbenchv2.fhir.controls import Sort
from medagentbenchv2.fhir.extract import Values
from medagentbenchv2.fhir.parameters import Parameter
from medagentbenchv2.fhir.strings import normal
from medagentbenchv2.fhir.tokens import Tokens


def key(found: Values, parameter: Parameter, descending: bool) -> Any:
    """What a record sorts by; None when it has nothing. Of several values the first in sort direction counts."""
    if parameter.type == "id":
        return id_key(found.codes[0][1]) if isinstance(found, Tokens) and found.codes else None
    items: Sequence[Any] = found.codes if isinstance(found, Tokens) else found
    if not items:
        return None
    pick = max if descending else min
    match parameter.type:
        case "string":
            return pick(normal(item) for item in items)
        case "date" | "instant":
            return pick(item.low for item in items)
        case "quantity":
            return pick(item.value for item in items)
        case _:
            return pick(items)


def id_key(id: str) -> tuple[int, int, str]:
    """Numeric ids by number and before all others."""
    return (0, int(id), "") if id.isascii() and id.isdigit() else (1, 0, id)


def by_keys(
    items: list[Any], sort: Sequence[Sort], key_of: Callable[[Any, Sort], Any], last: Callable[[Any], Any]
) -> None:
    """Sort in place by several keys, missing ones last in either direction, ties by `last`."""
    items.sort(key=last)
    for one in reversed(sort):
        keyed = [(key_of(item, one), item) for item in items]
        have = [pair for pair in keyed if pair[0] is not None]
        have.sort(key=lambda pair: pair[0], reverse=one.descending)
        items[:] = [item for _, item in have] + [item for found, item in keyed if found is None]
