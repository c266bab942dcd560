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

from medagentbenchv2.fhir import ranking
from medagentbenchv2.fhir.columns import KINDS, SHAPE_STRIDE, Columns
from medagentbenchv2.fhir.controls import Sort
from medagentbenchv2.fhir.dates import DAY_MS, DateMatcher
from medagentbenchv2.fhir.prototypes import split_shape
from medagentbenchv2.fhir.quantities import QuantitiesMatcher
from medagentbenchv2.fhir.query import Clause, Matcher, MissingMatcher
from medagentbenchv2.fhir.references import ReferenceMatcher
from medagentbenchv2.fhir.rows import MISSING
from medagentbenchv2.fhir.table import Rows, Table
from medagentbenchv2.fhir.templates import Templates
from medagentbenchv2.fhir.tokens import TokenMatcher

Mask = NDArray[np.bool_]

_UCUM = "http://unitsofmeasure.org"


class Columnar(Table):
    """The segment that a hospital's columns are."""

    def __init__(self, columns: Columns, templates: Templates, mrns: Sequence[str], base_id: int) -> None:
        super().__init__(columns, templates, mrns, base_id)
        self._mask = lru_cache(maxsize=512)(self._shape_mask)

    def search(self, kind: str, clauses: Sequence[Clause], now_ms: int | None) -> Rows:
        """Rows of one type that satisfy all clauses and are not later than now, in store order."""
        if kind not in self.kind_runs:
            return np.zeros(0, dtype=np.int64)
        low, high = self.kind_runs[kind]
        runs, later = self._runs_of_patients(kind, low, high, clauses)
        masks = []
        for clause in later:
            if not self._is_by_row(clause):
                mask, some = self._mask(kind, clause)
                masks.append(mask)
                runs = runs[some[self.columns.run_template[runs]]]
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
                found = {self.patients[id] for id in ids if id in self.patients}
                wanted = found if wanted is None else wanted & found
            elif clause.parameter.paths == ("subject",) and isinstance(clause.matcher, MissingMatcher):
                wanted = set() if clause.matcher.missing else wanted
            else:
                later.append(clause)
        if wanted is None:
            return np.arange(low, high), later
        spans = columns.run_patient[low:high]
        edges = np.searchsorted(spans, np.array([(one, one + 1) for one in sorted(wanted)], dtype=np.int32)) + low
        parts = [np.arange(*edge) for edge in edges.tolist()]
        return parts[0] if len(parts) == 1 else np.concatenate([*parts, np.zeros(0, dtype=np.int64)]), later

    def _rows_of(self, runs: Rows) -> tuple[Rows, NDArray[np.int32]]:
        """All rows of the runs and the template of each."""
        starts = self.columns.run_start[runs].astype(np.int64)
        lengths = self.columns.run_start[runs + 1] - starts
        ends = np.cumsum(lengths)
        template = np.repeat(self.columns.run_template[runs], lengths)
        return np.repeat(starts - ends + lengths, lengths) + np.arange(len(template)), template

    def _is_by_row(self, clause: Clause) -> bool:
        return clause.parameter.type in ("id", "instant", "quantity") or self.is_row_date(clause.parameter)

    def _shape_mask(self, kind: str, clause: Clause) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which (template, status) pairs satisfy a clause, and which templates do in any status."""
        mask = np.zeros((max(len(self.templates), 1), SHAPE_STRIDE), dtype=bool)
        for shape in self.columns.shape.tolist():
            template, status = split_shape(shape)
            if KINDS[self.templates.kind[template]] == kind:
                mask[template, status] = clause.matcher.accepts(self.shape_values(shape, clause.parameter))
        return mask, np.asarray(mask.any(axis=1))

    def _by_row(self, kind: str, clause: Clause, rows: Rows, template: NDArray[np.int32]) -> Mask:
        matcher, parameter = clause.matcher, clause.parameter
        if parameter.type == "quantity":
            return self._by_quantity(matcher, rows, template)
        if parameter.type == "id":
            return self._by_id(kind, matcher, rows)
        if parameter.type == "instant":
            present, at = np.ones(len(rows), dtype=bool), self.updated_ms(rows)
        else:
            minute = self.minute(parameter, rows)
            present, at = minute != MISSING, minute.astype(np.int64) * 60_000
        if isinstance(matcher, MissingMatcher):
            return np.asarray(~present if matcher.missing else present)
        assert isinstance(matcher, DateMatcher)  # query.read compiles date values to nothing else
        at = at // DAY_MS if matcher.by_day else at
        found: NDArray[np.bool_] = present & matcher.matches(at, at)
        return found

    def _by_quantity(self, matcher: Matcher, rows: Rows, template: NDArray[np.int32]) -> Mask:
        value = self.columns.value[rows]
        present = (value != MISSING) & self.templates.is_quantity[template]
        if isinstance(matcher, MissingMatcher):
            return np.asarray(~present if matcher.missing else present)
        assert isinstance(matcher, QuantitiesMatcher)
        number = value / 10.0 ** self.templates.decimals[template]
        found = np.zeros(len(rows), dtype=bool)
        for one in matcher.values:
            fits = [one.fits(_UCUM if unit else "", unit, unit) for unit in self.templates.units]
            found |= np.array(fits)[template] & one.matches(number)
        return np.asarray(present & found)

    def _by_id(self, kind: str, matcher: Matcher, rows: Rows) -> Mask:
        if isinstance(matcher, MissingMatcher):
            return np.full(len(rows), not matcher.missing)
        assert isinstance(matcher, TokenMatcher)
        found = (self.find(kind, code) for system, code in matcher.values if code is not None and not system)
        named = np.isin(rows, np.array([row for row in found if row is not None], dtype=np.int64))
        return ~named if matcher.negated else named

    def in_order(self, rows: Rows, sort: Sequence[Sort]) -> Rows:
        """Rows sorted by the keys, missing ones last, then by insertion."""
        return ranking.in_order(self, rows, sort)

    def key(self, row: int, sort: Sort) -> Any:
        """What one row sorts by."""
        return ranking.key_of(self, row, sort)
