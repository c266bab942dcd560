"""What one rollout wrote: a short list per type on top of the base, and which base rows it hides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from medagentbenchv2.fhir.controls import Sort
from medagentbenchv2.fhir.ehr import Resource, Write
from medagentbenchv2.fhir.envelope import entry
from medagentbenchv2.fhir.extract import Values, values
from medagentbenchv2.fhir.parameters import PARAMETERS, Parameter
from medagentbenchv2.fhir.query import Clause
from medagentbenchv2.fhir.sorting import key

AFTER_BASE = 2**40
"""Insertion order of a rollout's first new record: after every base row."""


class Row:
    """One written resource: its current version, indexed when first searched."""

    __slots__ = ("_values", "insertion", "kind", "resource", "text", "version")

    def __init__(self, resource: Resource, insertion: int, version: int) -> None:
        self.kind: str = resource["resourceType"]
        self.resource, self.insertion, self.version = resource, insertion, version
        self.text: bytes = orjson.dumps(resource)
        self._values: dict[str, Values] = {}

    def values(self, parameter: Parameter) -> Values:
        """Indexed values of one parameter."""
        found = self._values.get(parameter.name)
        if found is None:
            found = self._values[parameter.name] = values(self.resource, parameter)
        return found

    def key(self, sort: Sort) -> Any:
        """What the row sorts by."""
        return key(self.values(sort.parameter), sort.parameter, sort.descending)

    def references(self, name: str) -> tuple[str, ...]:
        """What its reference parameter of that name points to."""
        found: Any = self.values(PARAMETERS[self.kind][name])
        return tuple(found)

    def entry(self, base_url: str, mode: str) -> bytes:
        """The row as a searchset entry, JSON text."""
        return entry(self.kind, self.resource["id"], self.text, base_url, mode)


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deletion: what a later read is told."""

    version: int
    ms: int
    """When, in ms since 1970."""


class Overlay:
    """The rows, versions and deletions of one rollout; empty when made."""

    __slots__ = ("_hidden", "_state", "_versions", "kinds", "writes")

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.kinds: set[str] = set()
        """Types with any change."""
        self._state: dict[str, dict[str, Row | Deleted]] = {}
        self._versions: dict[tuple[str, str, str], Row | Deleted] = {}
        self._hidden: dict[str, list[int]] = {}

    def get(self, kind: str, id: str) -> Row | Deleted | None:
        """The current state of a record, None when the rollout never touched it."""
        of_kind = self._state.get(kind)
        return of_kind.get(id) if of_kind else None

    def version(self, kind: str, id: str, version: str) -> Row | Deleted | None:
        """A version that this rollout wrote, or the deletion that it is."""
        return self._versions.get((kind, id, version))

    def versions(self, kind: str, id: str) -> list[Row | Deleted]:
        """All versions of a record that this rollout wrote, newest first."""
        state = self.get(kind, id)
        numbers = range(state.version if state else 0, 0, -1)
        return [found for number in numbers if (found := self.version(kind, id, str(number)))]

    def put(self, row: Row, hides: int | None) -> None:
        """Store a new or changed record; hides is the base row that it replaces."""
        id = row.resource["id"]
        self._state.setdefault(row.kind, {})[id] = row
        self._versions[row.kind, id, str(row.version)] = row
        self._touch(row.kind, hides)

    def delete(self, kind: str, id: str, deleted: Deleted, hides: int | None) -> None:
        """Mark a record as deleted; hides is its base row."""
        self._state.setdefault(kind, {})[id] = deleted
        self._versions[kind, id, str(deleted.version)] = deleted
        self._touch(kind, hides)

    def _touch(self, kind: str, hides: int | None) -> None:
        self.kinds.add(kind)
        if hides is not None:
            self._hidden.setdefault(kind, []).append(hides)

    def rows(self, kind: str) -> Iterator[Row]:
        """Current records of one type."""
        return (row for row in self._state.get(kind, {}).values() if isinstance(row, Row))

    def search(self, kind: str, clauses: tuple[Clause, ...]) -> list[Row]:
        """Current records of one type that satisfy all clauses."""
        return [
            row for row in self.rows(kind) if all(one.matcher.accepts(row.values(one.parameter)) for one in clauses)
        ]

    def unhidden(self, kind: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Base rows of one type that this rollout has neither replaced nor deleted."""
        hidden = self._hidden.get(kind)
        return rows[~np.isin(rows, hidden)] if hidden else rows

    def copy(self) -> Overlay:
        """An overlay with the same content, to try a transaction on."""
        twin = type(self)()
        twin.writes, twin.kinds = list(self.writes), set(self.kinds)
        twin._state = {kind: dict(rows) for kind, rows in self._state.items()}
        twin._versions = dict(self._versions)
        twin._hidden = {kind: list(rows) for kind, rows in self._hidden.items()}
        return twin
