"""Access to the columns by row: identity, patient, dates, prototypes and JSON text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medagentbenchv2.fhir.columns import KINDS, SHAPE_STRIDE, Columns, clinical_minute
from medagentbenchv2.fhir.extract import Values, values
from medagentbenchv2.fhir.parameters import PARAMETERS, Parameter
from medagentbenchv2.fhir.prototypes import DATE_ELEMENTS, prototype, split_shape
from medagentbenchv2.fhir.render import LOADED_MS, ROW_STAMP, Renderer
from medagentbenchv2.fhir.rows import STATUSES
from medagentbenchv2.fhir.templates import Templates

Rows = NDArray[np.int64]


class Table:
    """Columns, templates and patients of one hospital."""

    def __init__(self, columns: Columns, templates: Templates, mrns: Sequence[str], base_id: int) -> None:
        self.columns, self.templates, self.base_id = columns, templates, base_id
        self.patients = {mrn: index for index, mrn in enumerate(mrns)}
        self.mrns = mrns
        ends = np.searchsorted(columns.run_kind, np.arange(len(KINDS) + 1)).tolist()
        self.kind_runs = {kind: (ends[at], ends[at + 1]) for at, kind in enumerate(KINDS)}
        self._prototypes: dict[tuple[int, str], Values] = {}
        self._renderer = Renderer(columns, templates, list(mrns), base_id)

    def find(self, kind: str, id: str) -> int | None:
        """The row of a logical id, or None."""
        if len(id) > 18 or not (id.isascii() and id.isdigit()) or str(int(id)) != id:
            return None
        order = int(id) - self.base_id
        if not 0 <= order < len(self.columns.position) or kind not in self.kind_runs:
            return None
        row = int(self.columns.position[order])
        return row if self.kind_of(row) == kind else None

    def kind_of(self, row: int) -> str:
        """Resource type of a row."""
        return KINDS[int(self.columns.run_kind[self.run(np.array([row]))[0]])]

    def mrn_of(self, row: int) -> str:
        """The patient of a row."""
        return self.mrns[int(self.columns.run_patient[self.run(np.array([row]))[0]])]

    def visible(self, kind: str, rows: Rows, now_ms: int | None) -> Rows:
        """Those rows whose clinical date is not after now."""
        if now_ms is None:
            return rows
        # MISSING is the smallest minute, so that records without a date stay
        return rows[clinical_minute(self.columns, rows, kind) <= now_ms // 60_000]

    def shape_values(self, shape: int, parameter: Parameter) -> Values:
        """What a parameter finds in the prototype of a shape."""
        found = self._prototypes.get((shape, parameter.name))
        if found is None:
            template, status = split_shape(shape)
            found = values(prototype(self.templates.get(template), STATUSES[status]), parameter)
            self._prototypes[shape, parameter.name] = found
        return found

    def updated_ms(self, rows: Rows) -> Rows:
        """meta.lastUpdated in ms since 1970."""
        return LOADED_MS + (ROW_STAMP + self.columns.order[rows].astype(np.int64)) % 8_640_000 * 10

    def run(self, rows: Rows) -> Rows:
        """Run of each row."""
        # equal types, or numpy would convert the whole column
        return np.searchsorted(self.columns.run_start, rows.astype(np.int32), side="right") - 1

    def ids(self, rows: Rows) -> list[str]:
        """Logical ids of rows."""
        return [str(number) for number in (self.columns.order[rows].astype(np.int64) + self.base_id).tolist()]

    def insertion(self, row: int) -> int:
        """The row's place in the order of insertion."""
        return int(self.columns.order[row])

    def shape_of(self, row: int) -> int:
        """Shape number of a row."""
        template = int(self.columns.run_template[self.run(np.array([row]))[0]])
        return template * SHAPE_STRIDE + int(self.columns.status[row])

    def references(self, kind: str, row: int, name: str) -> tuple[str, ...]:
        """What the row's reference parameter of that name points to."""
        parameter = PARAMETERS[kind][name]
        if parameter.paths == ("subject",):
            return (f"Patient/{self.mrn_of(row)}",)
        found = self.shape_values(self.shape_of(row), parameter)
        return tuple(text for text in found if isinstance(text, str)) if isinstance(found, tuple) else ()

    def referred(self, kind: str, rows: Rows, name: str) -> set[str]:
        """What the reference parameters of that name of all rows of one type point to."""
        if PARAMETERS[kind][name].paths == ("subject",):
            patients = np.unique(self.columns.run_patient[np.unique(self.run(rows))])
            return {f"Patient/{self.mrns[index]}" for index in patients.tolist()}
        return {reference for row in rows.tolist() for reference in self.references(kind, row, name)}

    def resources(self, rows: Rows) -> list[bytes]:
        """Each row as JSON text."""
        return self._renderer.resources(rows)

    def entries(self, rows: Rows, base_url: str, mode: str) -> list[bytes]:
        """Each row as a searchset entry, JSON text."""
        return self._renderer.entries(rows, base_url, mode)

    def page(self, rows: Rows, base_url: str, mode: str) -> list[bytes]:
        """All rows as searchset entries with commas between them, in pieces that are to be joined."""
        return self._renderer.page(rows, base_url, mode)

    def is_row_date(self, parameter: Parameter) -> bool:
        """Whether a date parameter reads the row's own time."""
        return parameter.type == "date" and any(
            path in (*DATE_ELEMENTS.values(), "recordedDate") for path in parameter.paths
        )

    def minute(self, parameter: Parameter, rows: Rows) -> NDArray[np.int32]:
        """The row times that a date parameter reads."""
        kind = "Condition" if parameter.name == "recorded-date" else ""
        return clinical_minute(self.columns, rows, kind)
