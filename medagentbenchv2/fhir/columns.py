"""The columnar store: a hospital's rows sorted in runs of (type, patient, template), newest first.

Patient and template live once a run; minute, value, status, delay and insertion order once a row: 17 bytes a record.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.rows import MISSING, STATUSES, Records, Rows

SHAPE_STRIDE = 256
"""Room for every value of the status column, so that a longer list of statuses changes no stored number."""
KINDS = ("Condition", "MedicationRequest", "Observation", "Procedure", "ServiceRequest")
"""Types that the columnar store holds, in store order."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Sorted columns (one entry a row) and runs (one entry a run)."""

    minute: NDArray[np.int32]
    value: NDArray[np.int32]
    status: NDArray[np.uint8]
    delay: NDArray[np.int32]
    order: NDArray[np.int32]
    """Insertion index of each row."""
    position: NDArray[np.int32]
    """Row of each insertion index."""
    run_start: NDArray[np.int32]
    """First row of each run, and one past the last run's end."""
    run_template: NDArray[np.int32]
    run_patient: NDArray[np.int32]
    run_kind: NDArray[np.uint8]
    """Index into KINDS; ascending."""
    shape: NDArray[np.int32]
    """Every (template * SHAPE_STRIDE + status) that occurs, ascending."""

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Name -> array, in declaration order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def sort(records: Records) -> Columns:
    """Sort a hospital's rows into runs; ties of (type, patient, template, minute) stay in insertion order."""
    rows = records.rows
    _check(records)
    kind_of = np.array([KINDS.index(template.kind) for template in records.templates], dtype=np.uint8)
    many = max(len(records.templates), 1)
    group = kind_of[rows.template].astype(np.int64) if len(rows.template) else np.zeros(0, dtype=np.int64)
    group = (group * max(len(records.patients), 1) + rows.patient) * many + rows.template
    newest_first = np.int64(2**31) - 1 - rows.minute.astype(np.int64)
    position_to_order = np.argsort((group << 33) | newest_first, kind="stable").astype(np.int32)
    sorted_group = group[position_to_order]
    starts = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]]) if len(group) else np.zeros(0, np.int64)
    first = position_to_order[starts]
    inverse = np.empty(len(group), dtype=np.int32)
    inverse[position_to_order] = np.arange(len(group), dtype=np.int32)
    present = np.zeros(many * SHAPE_STRIDE, dtype=bool)
    present[rows.template.astype(np.int64) * SHAPE_STRIDE + rows.status] = True
    return Columns(
        minute=rows.minute[position_to_order].astype(np.int32),
        value=rows.value[position_to_order].astype(np.int32),
        status=rows.status[position_to_order].astype(np.uint8),
        delay=rows.delay[position_to_order].astype(np.int32),
        order=position_to_order,
        position=inverse,
        run_start=np.r_[starts, len(group)].astype(np.int32),
        run_template=rows.template[first].astype(np.int32),
        run_patient=rows.patient[first].astype(np.int32),
        run_kind=kind_of[rows.template[first]] if len(first) else np.zeros(0, np.uint8),
        shape=np.flatnonzero(present).astype(np.int32),
    )


def _check(records: Records) -> None:
    rows = records.rows
    lengths = {len(getattr(rows, field.name)) for field in fields(rows)}
    if len(lengths) != 1:
        raise ArgumentError(f"records: the columns of rows have different lengths {sorted(lengths)}; make them equal")
    wrong = {template.kind for template in records.templates} - set(KINDS)
    if wrong:
        raise ArgumentError(f"records: template kind {min(wrong)!r} is not columnar; use one of {', '.join(KINDS)}")
    for name, column, many in (
        ("template", rows.template, len(records.templates)),
        ("patient", rows.patient, len(records.patients)),
        ("status", rows.status, len(STATUSES)),
    ):
        if len(column) and (int(column.min()) < 0 or int(column.max()) >= many):
            raise ArgumentError(f"records: a row's {name} is outside 0..{many - 1}")


def unsort(columns: Columns) -> Rows:
    """The rows again in insertion order."""
    template = np.repeat(columns.run_template, np.diff(columns.run_start))
    patient = np.repeat(columns.run_patient, np.diff(columns.run_start))
    at = columns.position
    return Rows(
        template=template[at], patient=patient[at], minute=columns.minute[at], value=columns.value[at],
        status=columns.status[at], delay=columns.delay[at],
    )  # fmt: skip


def clinical_minute(columns: Columns, rows: NDArray[np.int64], kind: str) -> NDArray[np.int32]:
    """Clinical date of rows of one type: recordedDate for Conditions, else the row's time; MISSING stays."""
    minute = columns.minute[rows]
    if kind != "Condition":
        return minute
    return np.where(minute == MISSING, minute, minute + columns.delay[rows])
