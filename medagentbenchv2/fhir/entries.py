"""Searchset entries of a page, whole or cut down, from the base and from the overlay in their common order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import orjson

from medagentbenchv2.fhir.envelope import entry
from medagentbenchv2.fhir.overlay import Row
from medagentbenchv2.fhir.query import Query
from medagentbenchv2.fhir.search import Item, Matches
from medagentbenchv2.fhir.segment import Segment
from medagentbenchv2.fhir.subsets import cut


def page_pieces(found: Matches, query: Query, base_url: str, offset: int) -> list[bytes]:
    """The entries of one page of matches, commas between them, in pieces that are to be joined."""
    if found.written or query.is_subset:
        return [b",".join(entries(found.segment, found.page(offset, query.count), base_url, "match", query))]
    # the common case: base rows alone, rendered in one go
    return found.segment.page(found.rows[offset : offset + query.count], base_url, "match")


def entries(segment: Segment, items: list[Item], base_url: str, mode: str, query: Query) -> list[bytes]:
    """One entry an item, JSON text."""
    if query.is_subset:
        texts = _mixed(items, lambda rows: segment.resources(np.array(rows, dtype=np.int64)), lambda row: row.text)
        return [_cut_entry(text, base_url, mode, query) for text in texts]
    return _mixed(
        items,
        lambda rows: segment.entries(np.array(rows, dtype=np.int64), base_url, mode),
        lambda row: row.entry(base_url, mode),
    )


def _cut_entry(text: bytes, base_url: str, mode: str, query: Query) -> bytes:
    resource = cut(orjson.loads(text), query.summary, query.elements)
    return entry(resource["resourceType"], resource["id"], orjson.dumps(resource), base_url, mode)


def _mixed(
    items: list[Item], of_base: Callable[[list[int]], list[bytes]], of_row: Callable[[Row], bytes]
) -> list[bytes]:
    """Texts of base and overlay items in their common order, the base ones made in one go."""
    base = iter(of_base([item for item in items if not isinstance(item, Row)]))
    return [of_row(item) if isinstance(item, Row) else next(base) for item in items]
