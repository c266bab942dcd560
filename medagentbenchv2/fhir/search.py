"""One search: base rows and overlay rows that match, merged in order, cut to a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medagentbenchv2.fhir.controls import Sort
from medagentbenchv2.fhir.overlay import Overlay, Row
from medagentbenchv2.fhir.parameters import ID
from medagentbenchv2.fhir.query import Chain, Clause, Query, Reverse
from medagentbenchv2.fhir.references import ReferenceMatcher, target
from medagentbenchv2.fhir.segment import Segment
from medagentbenchv2.fhir.sorting import by_keys
from medagentbenchv2.fhir.tokens import TokenMatcher

Item = int | Row
"""A base row's number, or an overlay row."""


@dataclass(frozen=True, slots=True)
class View:
    """What one rollout sees: the base as of its clock, and its own writes."""

    base: Base
    overlay: Overlay
    now_ms: int | None


class Base:
    """The segments of a snapshot, each type in exactly one of them."""

    def __init__(self, columnar: Segment, documents: Segment, columnar_kinds: Sequence[str]) -> None:
        self._columnar, self._documents, self._columnar_kinds = columnar, documents, frozenset(columnar_kinds)

    def of(self, kind: str) -> Segment:
        """The segment that holds a type."""
        return self._columnar if kind in self._columnar_kinds else self._documents


@dataclass(frozen=True, slots=True)
class Matches:
    """Everything that a query finds."""

    kind: str
    rows: NDArray[np.int64]
    """Base rows, in the order asked for."""
    written: list[Row]
    """Overlay rows, in no order."""
    segment: Segment
    sort: tuple[Sort, ...]

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.rows) + len(self.written)

    def page(self, offset: int, count: int) -> list[Item]:
        """The items from offset on, count at most."""
        if not self.written:
            found: list[Item] = self.rows[offset : offset + count].tolist()
            return found
        items: list[Item] = [*self.rows[: offset + count].tolist(), *self.written]
        by_keys(items, self.sort, self._key, self._insertion)
        return items[offset : offset + count]

    def ids(self, items: Sequence[Item]) -> list[str]:
        """Logical ids of items."""
        return [i.resource["id"] if isinstance(i, Row) else self.segment.ids(np.array([i]))[0] for i in items]

    def _key(self, item: Item, sort: Sort) -> Any:
        return item.key(sort) if isinstance(item, Row) else self.segment.key(item, sort)

    def _insertion(self, item: Item) -> int:
        return item.insertion if isinstance(item, Row) else self.segment.insertion(item)


def find(view: View, query: Query) -> Matches:
    """All matches of a query in a view."""
    clauses = query.clauses + tuple(_resolve(view, chain) for chain in query.chains)
    for reverse in query.reverses:
        ids = tuple((None, id) for id in referred(view, reverse, query.kind))
        clauses += (Clause(ID, TokenMatcher(ids)),)
    segment = view.base.of(query.kind)
    rows = segment.search(query.kind, clauses, view.now_ms)
    written: list[Row] = []
    if query.kind in view.overlay.kinds:
        rows = view.overlay.unhidden(query.kind, rows)
        written = view.overlay.search(query.kind, clauses)
    return Matches(query.kind, segment.in_order(rows, query.sort), written, segment, query.sort)


def _resolve(view: View, chain: Chain) -> Clause:
    """A chain as a plain reference clause: the targets that its own search finds."""
    found = find(view, chain.query)
    kind = chain.query.kind
    ids = [row.resource["id"] for row in found.written] + found.segment.ids(found.rows)
    return Clause(chain.parameter, ReferenceMatcher(frozenset((kind, id) for id in ids)))


def referred(view: View, reverse: Reverse, kind: str) -> list[str]:
    """Ids of the records of a type that the matches of a reverse chain's own search refer to."""
    found = find(view, reverse.query)
    name = reverse.parameter.name
    references = found.segment.referred(found.kind, found.rows, name)
    references.update(reference for row in found.written for reference in row.references(name))
    return sorted({id for type, id in map(target, references) if type == kind})


def exists(view: View, kind: str, id: str) -> bool:
    """Whether a record is there for this rollout."""
    state = view.overlay.get(kind, id)
    if state is not None:
        return isinstance(state, Row)
    return base_row(view, kind, id) is not None


def base_row(view: View, kind: str, id: str) -> int | None:
    """The base row of an id as of now, whether or not the overlay hides it."""
    segment = view.base.of(kind)
    row = segment.find(kind, id)
    if row is None or not len(segment.visible(kind, np.array([row]), view.now_ms)):
        return None
    return row
