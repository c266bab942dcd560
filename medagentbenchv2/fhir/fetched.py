"""A segment of what a remote server just answered: every row of the type asked for has matched there already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medagentbenchv2.fhir.controls import Sort
from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.fhir.extract import clinical_instant
from medagentbenchv2.fhir.overlay import Row
from medagentbenchv2.fhir.query import Clause
from medagentbenchv2.fhir.sorting import by_keys

Rows = NDArray[np.int64]


class Fetched:
    """Resources in the order the server gave them.

    matched: the type that was searched; its rows are not judged again, those of other types (included ones) are.
    """

    def __init__(self, resources: Iterable[Resource], matched: str = "") -> None:
        self._matched = matched
        self._rows = [Row(resource, place, 1) for place, resource in enumerate(resources)]
        self._place = {(row.kind, row.resource["id"]): place for place, row in enumerate(self._rows)}

    def find(self, kind: str, id: str) -> int | None:
        """The row of a logical id, or None."""
        return self._place.get((kind, id))

    def visible(self, kind: str, rows: Rows, now_ms: int | None) -> Rows:
        """Those rows whose clinical date is not after now."""
        if now_ms is None:
            return rows
        return _rows(row for row in rows.tolist() if not is_later(self._rows[row].resource, now_ms))

    def search(self, kind: str, clauses: Sequence[Clause], now_ms: int | None) -> Rows:
        """Rows of one type that match and are visible."""
        asked = () if kind == self._matched else clauses
        found = (at for at, row in enumerate(self._rows) if row.kind == kind and _accepts(row, asked))
        return self.visible(kind, _rows(found), now_ms)

    def in_order(self, rows: Rows, sort: Sequence[Sort]) -> Rows:
        """Rows sorted by the keys, then as the server gave them."""
        items = rows.tolist()
        by_keys(items, sort, self.key, self.insertion)
        return _rows(items)

    def key(self, row: int, sort: Sort) -> Any:
        """What one row sorts by."""
        return self._rows[row].key(sort)

    def ids(self, rows: Rows) -> list[str]:
        """Logical ids of rows."""
        return [self._rows[row].resource["id"] for row in rows.tolist()]

    def insertion(self, row: int) -> int:
        """The row's place in the server's answer."""
        return row

    def references(self, kind: str, row: int, name: str) -> tuple[str, ...]:
        """What the row's reference parameter of that name points to."""
        return self._rows[row].references(name)

    def referred(self, kind: str, rows: Rows, name: str) -> set[str]:
        """What the reference parameters of that name of all rows of one type point to."""
        return {reference for row in rows.tolist() for reference in self.references(kind, row, name)}

    def resources(self, rows: Rows) -> list[bytes]:
        """Each row as JSON text."""
        return [self._rows[row].text for row in rows.tolist()]

    def entries(self, rows: Rows, base_url: str, mode: str) -> list[bytes]:
        """Each row as a searchset entry, JSON text."""
        return [self._rows[row].entry(base_url, mode) for row in rows.tolist()]

    def page(self, rows: Rows, base_url: str, mode: str) -> list[bytes]:
        """All rows as searchset entries with commas between them, in pieces that are to be joined."""
        return [b",".join(self.entries(rows, base_url, mode))]


def _accepts(row: Row, clauses: Sequence[Clause]) -> bool:
    return all(one.matcher.accepts(row.values(one.parameter)) for one in clauses)


def _rows(rows: Iterable[int]) -> Rows:
    return np.fromiter(rows, dtype=np.int64)


def is_later(resource: Resource, now_ms: int) -> bool:
    """Whether a record's clinical date is after now."""
    instant = clinical_instant(resource)
    return instant is not None and instant > now_ms
