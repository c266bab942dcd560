"""A segment of whole resources: JSON lines, where each begins and ends, and postings of hashed search terms.

It holds the patients of a columnar snapshot and, over mmapped files, a user's own NDJSON of any resource type. Postings
only narrow the candidates; every candidate is then read and judged by the same evaluators as any other resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache, reduce
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from medagentbenchv2.fhir.controls import Sort
from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.fhir.envelope import entry
from medagentbenchv2.fhir.extract import values
from medagentbenchv2.fhir.parameters import ID, PARAMETERS, Parameter
from medagentbenchv2.fhir.postings import Index, index_lines, term_hash
from medagentbenchv2.fhir.query import Clause
from medagentbenchv2.fhir.references import ReferenceMatcher
from medagentbenchv2.fhir.sorting import by_keys, key
from medagentbenchv2.fhir.tokens import TokenMatcher

Rows = NDArray[np.int64]
_MOST_FOUND = 4096
"""Ids whose rows are kept."""


class Documents:
    """Immutable resources in insertion order; a row is a document's number."""

    def __init__(self, data: Any, index: Index, kinds: Sequence[str]) -> None:
        self.data, self.index, self.kinds = data, index, list(kinds)
        self._rows = {kind: np.flatnonzero(index.kind == at) for at, kind in enumerate(self.kinds)}
        self.values = lru_cache(maxsize=4096)(self._values)
        self._found: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return len(self.index.start)

    def text(self, row: int) -> bytes:
        """The resource as JSON text."""
        return bytes(self.data[int(self.index.start[row]) : int(self.index.end[row])])

    def resource(self, row: int) -> Resource:
        """The resource, decoded anew."""
        found: Resource = orjson.loads(self.text(row))
        return found

    def kind_of(self, row: int) -> str:
        """Its resource type."""
        return self.kinds[int(self.index.kind[row])]

    def find(self, kind: str, id: str) -> int | None:
        """The row of a logical id, or None."""
        found = self._found.get((kind, id))
        if found is None:
            found = self._search_for(kind, id)
            # ids that are not there would fill it with anything
            if found is not None and len(self._found) < _MOST_FOUND:
                self._found[kind, id] = found
        return found

    def _search_for(self, kind: str, id: str) -> int | None:
        for row in self._posted(kind, ID, id).tolist():
            if self.kind_of(row) == kind and self.values(row, ID).codes == (("", id),):
                return int(row)
        return None

    def search(self, kind: str, clauses: Sequence[Clause], now_ms: int | None) -> Rows:
        """Rows of one type that satisfy all clauses and are not later than now, in insertion order."""
        if kind not in self._rows:
            return np.zeros(0, dtype=np.int64)
        posted = [found for clause in clauses if (found := self._candidates(kind, clause)) is not None]
        rows = self._rows[kind]
        if posted:
            rows = np.asarray(reduce(np.intersect1d, posted), dtype=np.int64)
            # a term's hash may collide with another type's
            rows = rows[self.index.kind[rows] == self.kinds.index(kind)]
        rows = self.visible(kind, rows, now_ms)
        if not clauses:
            return rows
        return np.array([row for row in rows.tolist() if self._accepts(row, clauses)], dtype=np.int64)

    def _accepts(self, row: int, clauses: Sequence[Clause]) -> bool:
        return all(one.matcher.accepts(self.values(row, one.parameter)) for one in clauses)

    def visible(self, kind: str, rows: Rows, now_ms: int | None) -> Rows:
        """Those rows whose clinical date is not after now."""
        return rows if now_ms is None else rows[self.index.clinical[rows] <= now_ms]

    def in_order(self, rows: Rows, sort: Sequence[Sort]) -> Rows:
        """Rows sorted by the keys, missing ones last, then by insertion."""
        if not sort:
            return np.sort(rows)
        items = rows.tolist()
        by_keys(items, sort, self.key, self.insertion)
        return np.array(items, dtype=np.int64)

    def key(self, row: int, sort: Sort) -> Any:
        """What one row sorts by."""
        return key(self.values(row, sort.parameter), sort.parameter, sort.descending)

    def ids(self, rows: Rows) -> list[str]:
        """Logical ids of rows."""
        return [self.resource(row)["id"] for row in rows.tolist()]

    def insertion(self, row: int) -> int:
        """The row's place in the order of insertion."""
        return row

    def references(self, kind: str, row: int, name: str) -> tuple[str, ...]:
        """What the row's reference parameter of that name points to."""
        found: tuple[str, ...] = self.values(row, PARAMETERS[kind][name])
        return found

    def referred(self, kind: str, rows: Rows, name: str) -> set[str]:
        """What the reference parameters of that name of all rows of one type point to."""
        return {reference for row in rows.tolist() for reference in self.references(kind, row, name)}

    def resources(self, rows: Rows) -> list[bytes]:
        """Each row as JSON text."""
        return [self.text(row) for row in rows.tolist()]

    def entries(self, rows: Rows, base_url: str, mode: str) -> list[bytes]:
        """Each row as a searchset entry, JSON text."""
        return [
            entry(self.kind_of(row), self.resource(row)["id"], self.text(row), base_url, mode) for row in rows.tolist()
        ]

    def page(self, rows: Rows, base_url: str, mode: str) -> list[bytes]:
        """All rows as searchset entries with commas between them, in pieces that are to be joined."""
        return [b",".join(self.entries(rows, base_url, mode))]

    def _values(self, row: int, parameter: Parameter) -> Any:
        return values(self.resource(row), parameter)

    def _candidates(self, kind: str, clause: Clause) -> NDArray[np.int32] | None:
        """Documents that a clause could match; None when postings cannot tell."""
        matcher = clause.matcher
        if isinstance(matcher, TokenMatcher) and not matcher.negated:
            terms = [code for _, code in matcher.values]
        elif isinstance(matcher, ReferenceMatcher):
            terms = [id for _, id in matcher.targets]
        else:
            return None
        if any(term is None for term in terms):
            return None
        found = [self._posted(kind, clause.parameter, term) for term in terms if term is not None]
        return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int32)

    def _posted(self, kind: str, parameter: Parameter, term: str) -> NDArray[np.int32]:
        hashed = np.uint64(term_hash(kind, parameter.name, term))
        low, high = (int(np.searchsorted(self.index.term, hashed, side)) for side in ("left", "right"))
        return self.index.posting[low:high]


def of(resources: Iterable[Resource]) -> Documents:
    """A segment in memory."""
    lines = [orjson.dumps(resource) for resource in resources]
    ends = np.cumsum([len(line) + 1 for line in lines]).tolist()
    spans = [(end - 1 - len(line), end - 1) for line, end in zip(lines, ends, strict=True)]
    data = b"\n".join(lines)
    index, kinds = index_lines(data, spans)
    return Documents(data, index, kinds)
