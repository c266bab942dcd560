"""What the engine asks of a part of the base, columnar or whole documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medagentbenchv2.fhir.controls import Sort
from medagentbenchv2.fhir.query import Clause

Rows = NDArray[np.int64]


class Segment(Protocol):
    """Immutable records; a row number names one."""

    def find(self, kind: str, id: str) -> int | None:
        """The row of a logical id, or None."""
        ...

    def visible(self, kind: str, rows: Rows, now_ms: int | None) -> Rows:
        """Those rows whose clinical date is not after now."""
        ...

    def search(self, kind: str, clauses: Sequence[Clause], now_ms: int | None) -> Rows:
        """Rows of one type that satisfy all clauses and are visible, in any order."""
        ...

    def in_order(self, rows: Rows, sort: Sequence[Sort]) -> Rows:
        """Rows sorted by the keys, then by insertion."""
        ...

    def key(self, row: int, sort: Sort) -> Any:
        """What one row sorts by (see sorting.key)."""
        ...

    def ids(self, rows: Rows) -> list[str]:
        """Logical ids of rows."""
        ...

    def insertion(self, row: int) -> int:
        """The row's place in the order of insertion."""
        ...

    def references(self, kind: str, row: int, name: str) -> tuple[str, ...]:
        """What the row's reference parameter of that name points to."""
        ...

    def referred(self, kind: str, rows: Rows, name: str) -> set[str]:
        """What the reference parameters of that name of all rows of one type point to."""
        ...

    def resources(self, rows: Rows) -> list[bytes]:
        """Each row as JSON text."""
        ...

    def entries(self, rows: Rows, base_url: str, mode: str) -> list[bytes]:
        """Each row as a searchset entry, JSON text."""
        ...

    def page(self, rows: Rows, base_url: str, mode: str) -> list[bytes]:
        """All rows as searchset entries with commas between them, in pieces that are to be joined."""
        ...
