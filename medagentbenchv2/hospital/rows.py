"""Columns of records: put together, ordered, cleared and merged with what was planted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from medagentbenchv2.fhir.rows import MISSING, Rows, Template
from medagentbenchv2.hospital.bits import Ints, Mask

KINDS: tuple[str, ...] = ("Observation", "Procedure", "Condition", "MedicationRequest", "ServiceRequest")
"""The order in which a server's load goes through the resource types."""


class Planted(NamedTuple):
    """One planted record, in the terms of the columns."""

    kind: int
    template: int
    patient: int
    minute: int
    value: int
    status: int
    delay: int


def columns(
    template: Ints,
    patient: Ints,
    minute: Ints,
    *,
    value: Ints | int = MISSING,
    status: Ints | int = 0,
    delay: Ints | int = 0,
) -> Rows:
    """Rows from arrays; scalars are repeated."""
    count = len(template)

    def column(values: Ints | int, kind: type[np.generic]) -> np.ndarray:
        return np.ascontiguousarray(np.broadcast_to(np.asarray(values), count).astype(kind))

    return Rows(
        column(template, np.int32), column(patient, np.int32), column(minute, np.int32),
        column(value, np.int32), column(status, np.uint8), column(delay, np.int32),
    )  # fmt: skip


def take(rows: Rows, index: Ints | Mask) -> Rows:
    """The rows that an index or a mask selects."""
    return Rows(*(column[index] for column in _columns(rows)))


def join(parts: Sequence[Rows]) -> Rows:
    """Rows one after another."""
    return Rows(*(np.concatenate(column) for column in zip(*map(_columns, parts), strict=True)))


def chronological(rows: Rows, *, once: bool = True) -> Rows:
    """Rows by patient, minute and template; with `once`, the first of rows that agree in all three."""
    key = (_key(rows) << 12) + rows.template
    order = np.argsort(key, kind="stable")
    if once:
        order = order[np.diff(key[order], prepend=-1) != 0]
    return take(rows, order)


def merge(rows: Rows, templates: Sequence[Template], cleared: set[tuple[int, int]], planted: Iterable[Planted]) -> Rows:
    """Background rows (by kind, patient, minute) less the cleared (patient, template) pairs, plus the planted ones."""
    if cleared:
        rows = take(rows, ~_among(rows, len(templates), cleared))
    fresh = sorted(planted, key=lambda row: (row.kind, row.patient, row.minute))
    if not fresh:
        return rows
    kind_of = np.array([KINDS.index(template.kind) for template in templates])
    table = np.array(fresh, dtype=np.int64)
    new = columns(table[:, 1], table[:, 2], table[:, 3], value=table[:, 4], status=table[:, 5], delay=table[:, 6])
    at = np.zeros(len(fresh), dtype=np.int64)
    bounds = np.searchsorted(kind_of[rows.template], np.arange(len(KINDS) + 1))
    keys, new_keys = _key(rows), _key(new)
    for kind, (start, stop) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        chosen = table[:, 0] == kind
        at[chosen] = start + np.searchsorted(keys[start:stop], new_keys[chosen], side="right")
    return Rows(*(np.insert(old, at, add) for old, add in zip(_columns(rows), _columns(new), strict=True)))


def _among(rows: Rows, templates: int, pairs: set[tuple[int, int]]) -> Mask:
    table = np.zeros(
        (1 + max(int(rows.patient.max(initial=0)), max(patient for patient, _ in pairs)), templates), dtype=bool
    )
    for pair in pairs:
        table[pair] = True
    return table[rows.patient, rows.template]


def _key(rows: Rows) -> Ints:
    # Minutes fit 32 bits; shifting them up keeps undated rows (the smallest minute) first.
    return (rows.patient.astype(np.int64) << 33) + (rows.minute.astype(np.int64) + (1 << 32))


def _columns(rows: Rows) -> tuple[np.ndarray, ...]:
    return (rows.template, rows.patient, rows.minute, rows.value, rows.status, rows.delay)
