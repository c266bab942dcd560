"""Every contact at which something is recorded or ordered: visits, and the days of stays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medagentbenchv2.hospital.bits import Bits, Ints, Mask
from medagentbenchv2.hospital.stays import Stays
from medagentbenchv2.hospital.visits import VISITS, Visits
from medagentbenchv2.hospital.workload import DAY

KINDS: tuple[str, ...] = (*VISITS, "emergency", "ward", "icu")
"""Kinds of contact."""


@dataclass(frozen=True)
class Contacts:
    """Contacts as columns."""

    patient: Ints
    minute: Ints
    kind: Ints
    """Index into KINDS."""
    stay: Ints
    """Index of the stay, -1 at visits."""

    def of(self, *kinds: str) -> Contacts:
        """Contacts of some kinds only."""
        return self.take(np.isin(self.kind, [KINDS.index(kind) for kind in kinds]))

    def take(self, index: Ints | Mask) -> Contacts:
        """The contacts that an index or a mask selects."""
        return Contacts(self.patient[index], self.minute[index], self.kind[index], self.stay[index])


def contacts(stays: Stays, visits: Visits, end: int) -> Contacts:
    """All contacts before `end`: each visit, each emergency stay, and each day on a ward or in intensive care."""
    emergency = np.flatnonzero(stays.boarded > stays.start)
    parts = [
        Contacts(visits.patient, visits.minute, visits.kind, np.full(len(visits.patient), -1, dtype=np.int64)),
        _contact(stays, emergency, stays.start[emergency] + 25, "emergency"),
        _days(stays, stays.boarded, stays.stepped_down, "icu"),
        _days(stays, stays.stepped_down, stays.end, "ward"),
    ]
    columns = zip(*((part.patient, part.minute, part.kind, part.stay) for part in parts), strict=True)
    together = Contacts(*(np.concatenate(column) for column in columns))
    together = together.take(together.minute < end)
    return together.take(np.lexsort((together.minute, together.patient)))


def cross(first: Mask) -> tuple[Ints, Ints]:
    """Row and column of every true cell of a matrix, row by row."""
    rows, columns = np.nonzero(first)
    return rows.astype(np.int64), columns.astype(np.int64)


def thin(keep: Ints | None, count: int, target: int, bits: Bits) -> Ints:
    """Indices of `target` of `count` rows (all if there are fewer): those in `keep` and others at random, in order."""
    draw = bits.below(1 << 30, count)
    if keep is not None:
        draw[keep] = -1
    return np.sort(np.argsort(draw, kind="stable")[:target])


def _contact(stays: Stays, index: Ints, minute: Ints, kind: str) -> Contacts:
    return Contacts(stays.patient[index], minute, np.full(len(index), KINDS.index(kind), dtype=np.int64), index)


def _days(stays: Stays, start: Ints, stop: Ints, kind: str) -> Contacts:
    count = np.maximum(stop - start + DAY - 1, 0) // DAY
    index = np.repeat(np.arange(stays.count), count)
    rank = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    return _contact(stays, index, start[index] + rank * DAY + 35, kind)
