"""Searching the columns: clauses decide on whole runs where they can, on row columns where they must.

Token, string and `_include`-able parameters read a prototype for each (template, status) with the common extractor and
evaluator; dates, quantities, ids and patients are compared as columns by the very same matchers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medagentbenchv2.fhir.columns import KINDS, Columns, clinical_minute
from medagentbenchv2.fhir.controls import Sort
from medagentbenchv2.fhir.dates import DAY_MS, DateMatcher
from medagentbenchv2.fhir.extract import Values, values
from medagentbenchv2.fhir.parameters import PARAMETERS, Parameter
from medagentbenchv2.fhir.prototypes import DATE_ELEMENTS, prototype, split_shape
from medagentbenchv2.fhir.quantities import QuantitiesMatcher
from medagentbenchv2.fhir.query import Clause, MissingMatcher
from medagentbenchv2.fhir.references import ReferenceMatcher
from medagentbenchv2.fhir.render import LOADED_MS, ROW_STAMP, Renderer
from medagentbenchv2.fhir.rows import MISSING, STATUSES
from medagentbenchv2.fhir.sorting import key
from medagentbenchv2.fhir.templates import Templates
from medagentbenchv2.fhir.tokens import TokenMatcher

Rows = NDArray[np.int64]
_STATUS_COUNT = len(STATUSES)
_UCUM = "http://unitsofmeasure.org"


class Table:
    """The searchable view of columns and templates."""

    def __init__(self, columns: Columns, templates: Templates, mrns: Sequence[str], base_id: int) -> None:
        self.columns, self.templates, self.base_id = columns, templates, base_id
        self._patients = {mrn: index for index, mrn in enumerate(mrns)}
        self._mrns = mrns
        ends = np.searchsorted(columns.run_kind, np.arange(len(KINDS) + 1)).tolist()
        self._kind_runs = {kind: (ends[at], ends[at + 1]) for at, kind in enumerate(KINDS)}
        self._prototypes: dict[tuple[int, str], Values] = {}
        self._mask = lru_cache(maxsize=512)(self._shape_mask)
        self._renderer = Renderer(columns, templates, list(mrns), base_id)

    def find(self, kind: str, id: str) -> int | None:
        """The row of a logical id, or None."""
        if not (id.isascii() and id.isdigit()) or str(int(id)) != id:
            return None
        order = int(id) - self.base_id
        if not 0 <= order < len(self.columns.position) or kind not in self._kind_runs:
            return None
        row = int(self.columns.position[order])
        return row if self.kind_of(row) == kind else None

    def kind_of(self, row: int) -> str:
        """Resource type of a row."""
        return KINDS[int(self.columns.run_kind[self._run(np.array([row]))[0]])]

    def mrn_of(self, row: int) -> str:
        """The patient of a row."""
        return self._mrns[int(self.columns.run_patient[self._run(np.array([row]))[0]])]

    def visible(self, kind: str, rows: Rows, now_ms: int | None) -> Rows:
        """Those rows whose clinical date is not after now."""
        if now_ms is None:
            return rows
        # MISSING is the smallest minute, so that records without a date stay
        return rows[clinical_minute(self.columns, rows, kind) <= now_ms // 60_000]

    def search(self, kind: str, clauses: Sequence[Clause], now_ms: int | None) -> Rows:
        """Rows of one type that satisfy all clauses and are not later than now, in store order."""
        if kind not in self._kind_runs:
            return np.zeros(0, dtype=np.int64)
        low, high = self._kind_runs[kind]
        runs, later = self._runs_of_patients(kind, low, high, clauses)
        masks = []
        for clause in later:
            if not self._is_by_row(clause):
                mask = self._mask(kind, clause)
                masks.append(mask)
                runs = runs[mask.any(axis=1)[self.columns.run_template[runs]]]
        rows, template = self._rows_of(runs)
        for mask in masks:
            keep = mask[template, self.columns.status[rows]]
            if not keep.all():
                rows, template = rows[keep], template[keep]
        for clause in later:
            if self._is_by_row(clause):
                keep = self._by_row(kind, clause, rows, template)
                rows, template = rows[keep], template[keep]
        return self.visible(kind, rows, now_ms)

    def _runs_of_patients(self, kind: str, low: int, high: int, clauses: Sequence[Clause]) -> tuple[Rows, list[Clause]]:
        """Runs that the patient clauses leave, and the other clauses."""
        columns, later = self.columns, []
        wanted: set[int] | None = None
        for clause in clauses:
            if clause.parameter.paths == ("subject",) and isinstance(clause.matcher, ReferenceMatcher):
                ids = clause.matcher.ids("Patient")
                found = {self._patients[id] for id in ids if id in self._patients}
                wanted = found if wanted is None else wanted & found
            elif clause.parameter.paths == ("subject",) and isinstance(clause.matcher, MissingMatcher):
                wanted = set() if clause.matcher.missing else wanted
            else:
                later.append(clause)
        if wanted is None:
            return np.arange(low, high), later
        spans = columns.run_patient[low:high]
        cuts = [np.searchsorted(spans, (patient, patient + 1)) + low for patient in sorted(wanted)]
        return np.concatenate([np.arange(*cut) for cut in cuts] or [np.zeros(0, dtype=np.int64)]), later

    def _rows_of(self, runs: Rows) -> tuple[Rows, NDArray[np.int32]]:
        """All rows of the runs and the template of each."""
        starts = self.columns.run_start[runs].astype(np.int64)
        lengths = self.columns.run_start[runs + 1] - starts
        template = np.repeat(self.columns.run_template[runs], lengths)
        offsets = np.repeat(starts - np.r_[0, np.cumsum(lengths)[:-1]] if len(runs) else starts, lengths)
        return offsets + np.arange(len(template)), template

    def _is_by_row(self, clause: Clause) -> bool:
        return clause.parameter.type in ("id", "instant", "quantity") or self._row_date(clause.parameter)

    def _row_date(self, parameter: Parameter) -> bool:
        return parameter.type == "date" and any(
            path in (*DATE_ELEMENTS.values(), "recordedDate") for path in parameter.paths
        )

    def _shape_mask(self, kind: str, clause: Clause) -> NDArray[np.bool_]:
        """Which (template, status) pairs satisfy a clause."""
        mask = np.zeros((max(len(self.templates), 1), _STATUS_COUNT), dtype=bool)
        for shape in self.columns.shape.tolist():
            template, status = split_shape(shape)
            if KINDS[self.templates.kind[template]] == kind:
                mask[template, status] = clause.matcher.accepts(self._shape_values(shape, clause.parameter))
        return mask

    def _shape_values(self, shape: int, parameter: Parameter) -> Values:
        found = self._prototypes.get((shape, parameter.name))
        if found is None:
            template, status = split_shape(shape)
            found = values(prototype(self.templates.get(template), STATUSES[status]), parameter)
            self._prototypes[shape, parameter.name] = found
        return found

    def _by_row(self, kind: str, clause: Clause, rows: Rows, template: NDArray[np.int32]) -> NDArray[np.bool_]:
        matcher, parameter = clause.matcher, clause.parameter
        if parameter.type == "quantity":
            return self._by_quantity(matcher, rows, template)
        if parameter.type == "id":
            return self._by_id(kind, matcher, rows)
        if parameter.type == "instant":
            present, at = np.ones(len(rows), dtype=bool), self.updated_ms(rows)
        else:
            minute = self._minute(parameter, rows)
            present, at = minute != MISSING, minute.astype(np.int64) * 60_000
        if isinstance(matcher, MissingMatcher):
            return ~present if matcher.missing else present
        assert isinstance(matcher, DateMatcher)  # query.read compiles date values to nothing else
        at = at // DAY_MS if matcher.by_day else at
        found: NDArray[np.bool_] = present & matcher.matches(at, at)
        return found

    def _minute(self, parameter: Parameter, rows: Rows) -> NDArray[np.int32]:
        kind = "Condition" if parameter.name == "recorded-date" else ""
        return clinical_minute(self.columns, rows, kind)

    def _by_quantity(self, matcher: Any, rows: Rows, template: NDArray[np.int32]) -> NDArray[np.bool_]:
        value = self.columns.value[rows]
        present = (value != MISSING) & self.templates.is_quantity[template]
        if isinstance(matcher, MissingMatcher):
            return ~present if matcher.missing else present
        assert isinstance(matcher, QuantitiesMatcher)
        number = value / 10.0 ** self.templates.decimals[template]
        found = np.zeros(len(rows), dtype=bool)
        for one in matcher.values:
            fits = [one.fits(_UCUM if unit else "", unit, unit) for unit in self.templates.units]
            found |= np.array(fits)[template] & one.matches(number)
        return present & found

    def _by_id(self, kind: str, matcher: Any, rows: Rows) -> NDArray[np.bool_]:
        if isinstance(matcher, MissingMatcher):
            return np.full(len(rows), not matcher.missing)
        assert isinstance(matcher, TokenMatcher)
        found = (self.find(kind, code) for system, code in matcher.values if code is not None and not system)
        named = np.isin(rows, np.array([row for row in found if row is not None], dtype=np.int64))
        return ~named if matcher.negated else named

    def updated_ms(self, rows: Rows) -> Rows:
        """meta.lastUpdated in ms since 1970."""
        return LOADED_MS + (ROW_STAMP + self.columns.order[rows].astype(np.int64)) % 8_640_000 * 10

    def _run(self, rows: Rows) -> Rows:
        return np.searchsorted(self.columns.run_start, rows, side="right") - 1

    def ids(self, rows: Rows) -> list[str]:
        """Logical ids of rows."""
        return [str(number) for number in (self.columns.order[rows].astype(np.int64) + self.base_id).tolist()]

    def insertion(self, row: int) -> int:
        """The row's place in the order of insertion."""
        return int(self.columns.order[row])

    def in_order(self, rows: Rows, sort: Sequence[Sort]) -> Rows:
        """Rows sorted by the keys, missing ones last, then by insertion."""
        keys: list[NDArray[Any]] = [self.columns.order[rows]]
        for one in reversed(sort):
            number, missing = self._sort_column(one, rows)
            keys += [-number if one.descending else number, missing]
        return rows[np.lexsort(keys)]

    def _sort_column(self, sort: Sort, rows: Rows) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """A number column that sorts as the parameter does, and which rows have nothing under it."""
        parameter, columns = sort.parameter, self.columns
        present = np.zeros(len(rows), dtype=bool)
        if parameter.type == "id":
            return columns.order[rows].astype(np.int64), present
        if parameter.type == "instant":
            return self.updated_ms(rows), present
        if self._row_date(parameter):
            minute = self._minute(parameter, rows).astype(np.int64)
            return minute, minute == MISSING
        if parameter.type == "quantity":
            template = columns.run_template[self._run(rows)]
            missing = (columns.value[rows] == MISSING) | ~self.templates.is_quantity[template]
            return columns.value[rows] / 10.0 ** self.templates.decimals[template], missing
        if parameter.paths == ("subject",):
            ranks = np.argsort(np.argsort(np.array(self._mrns)))
            return ranks[columns.run_patient[self._run(rows)]], present
        shape = columns.run_template[self._run(rows)].astype(np.int64) * _STATUS_COUNT + columns.status[rows]
        distinct, at = np.unique(shape, return_inverse=True)
        found = [key(self._shape_values(int(one), parameter), parameter, sort.descending) for one in distinct]
        ranks_of = {value: rank for rank, value in enumerate(sorted({value for value in found if value is not None}))}
        number = np.array([ranks_of.get(value, -1) for value in found], dtype=np.int64)[at]
        return number, number < 0

    def key(self, row: int, sort: Sort) -> Any:
        """What one row sorts by."""
        parameter, rows = sort.parameter, np.array([row])
        if parameter.type == "id":
            return (0, int(self.columns.order[row]) + self.base_id, "")
        if parameter.paths == ("subject",):
            return f"Patient/{self.mrn_of(row)}"
        number, missing = self._sort_column(sort, rows)
        if missing[0]:
            return None
        if parameter.type in ("instant", "quantity"):
            return number[0].item()
        if self._row_date(parameter):
            return int(number[0]) * 60_000
        return key(self._shape_values(self._shape_of(row), parameter), parameter, sort.descending)

    def _shape_of(self, row: int) -> int:
        template = int(self.columns.run_template[self._run(np.array([row]))[0]])
        return template * _STATUS_COUNT + int(self.columns.status[row])

    def references(self, kind: str, row: int, name: str) -> tuple[str, ...]:
        """What the row's reference parameter of that name points to."""
        parameter = PARAMETERS[kind][name]
        if parameter.paths == ("subject",):
            return (f"Patient/{self.mrn_of(row)}",)
        found = self._shape_values(self._shape_of(row), parameter)
        return tuple(text for text in found if isinstance(text, str)) if isinstance(found, tuple) else ()

    def resources(self, rows: Rows) -> list[str]:
        """Each row as JSON text."""
        return self._renderer.resources(rows)

    def entries(self, rows: Rows, base_url: str, mode: str) -> list[str]:
        """Each row as a searchset entry, JSON text."""
        return self._renderer.entries(rows, base_url, mode)
