"""Sorting rows of the columns: every parameter as a number column, with which rows have nothing under it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medagentbenchv2.fhir.columns import SHAPE_STRIDE
from medagentbenchv2.fhir.controls import Sort
from medagentbenchv2.fhir.rows import MISSING
from medagentbenchv2.fhir.sorting import key
from medagentbenchv2.fhir.table import Rows, Table


def sort_column(table: Table, sort: Sort, rows: Rows) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """A number column that sorts as the parameter does, and which rows have nothing under it."""
    parameter, columns = sort.parameter, table.columns
    none_missing = np.zeros(len(rows), dtype=bool)
    if parameter.type == "id":
        return columns.order[rows].astype(np.int64), none_missing
    if parameter.type == "instant":
        return table.updated_ms(rows), none_missing
    if table.is_row_date(parameter):
        minute = table.minute(parameter, rows).astype(np.int64)
        return minute, minute == MISSING
    if parameter.type == "quantity":
        template = columns.run_template[table.run(rows)]
        missing = (columns.value[rows] == MISSING) | ~table.templates.is_quantity[template]
        return columns.value[rows] / 10.0 ** table.templates.decimals[template], missing
    if parameter.paths == ("subject",):
        ranks = np.argsort(np.argsort(np.array(table.mrns)))
        return ranks[columns.run_patient[table.run(rows)]], none_missing
    shape = columns.run_template[table.run(rows)].astype(np.int64) * SHAPE_STRIDE + columns.status[rows]
    distinct, at = np.unique(shape, return_inverse=True)
    found = [key(table.shape_values(int(one), parameter), parameter, sort.descending) for one in distinct]
    ranks_of = {value: rank for rank, value in enumerate(sorted({value for value in found if value is not None}))}
    number = np.array([ranks_of.get(value, -1) for value in found], dtype=np.int64)[at]
    return number, number < 0


def key_of(table: Table, row: int, sort: Sort) -> Any:
    """What one row sorts by."""
    parameter, rows = sort.parameter, np.array([row])
    if parameter.type == "id":
        return (0, int(table.columns.order[row]) + table.base_id, "")
    if parameter.paths == ("subject",):
        return f"Patient/{table.mrn_of(row)}"
    number, missing = sort_column(table, sort, rows)
    if missing[0]:
        return None
    if parameter.type in ("instant", "quantity"):
        return number[0].item()
    if table.is_row_date(parameter):
        return int(number[0]) * 60_000
    return key(table.shape_values(table.shape_of(row), parameter), parameter, sort.descending)


def in_order(table: Table, rows: Rows, sort: Sequence[Sort]) -> Rows:
    """Rows sorted by the keys, missing ones last, then by insertion."""
    if _is_in_order(table, rows, sort):
        return rows
    keys: list[NDArray[Any]] = [table.columns.order[rows]]
    for one in reversed(sort):
        number, missing = sort_column(table, one, rows)
        number = np.where(missing, 0, number)
        keys += [-number if one.descending else number, missing]
    ordered: Rows = rows[np.lexsort(keys)]
    return ordered


def _is_in_order(table: Table, rows: Rows, sort: Sequence[Sort]) -> bool:
    """Whether the rows, ascending as a search finds them, lie in one run and newest first is what is asked."""
    if len(sort) != 1 or not sort[0].descending or not len(rows):
        return False
    parameter = sort[0].parameter
    by_time = table.is_row_date(parameter) and parameter.name != "recorded-date"
    first, last = table.run(rows[[0, -1]]).tolist()
    return by_time and bool(first == last)
