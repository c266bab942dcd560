"""Rows to JSON text: one format string a kind of row, filled in column-wise.

The order of the filled-in fields is the same in every resource type (id, update stamp, subject, dates, value); a field
that a row lacks is swallowed by `%.0s`, so that one tuple of arguments serves every format.
"""

from __future__ import annotations

from itertools import repeat
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from medagentbenchv2.fhir.columns import Columns
from medagentbenchv2.fhir.prototypes import DATE_ELEMENTS, in_order, interpretation, prototype
from medagentbenchv2.fhir.rows import MISSING, STATUSES
from medagentbenchv2.fhir.templates import Templates

LOADED = "2024-12-30"
LOADED_MS = 1_735_516_800_000
"""2024-12-30T00:00Z: the day that the base was loaded; patients in its first hour, rows from 01:00, 10 ms apart."""
ROW_STAMP = 360_000
"""Update stamp of the first row, in hundredths of a second of that day."""
_DAY_STAMPS = 8_640_000

FIELDS = ("id", "minute", "second", "patient", "day", "time", "day2", "time2", "value", "second_value")
_SLOTS = {
    name: (f"\ue000{name}\ue001", pattern)
    for name, pattern in zip(FIELDS, ("%s", "%s", "%s", "%s", "%s", "%s", "%s", "%s", "", "%d"), strict=True)
}
_HAS_TIME, _HAS_VALUE = 4, 8
"""Variant bits above the interpretation level (0 low, 1 normal, 2 high)."""


class _Days(dict[int, str]):
    """Day since 1970 -> `2023-06-27`, filled as days are met."""

    def __missing__(self, day: int) -> str:
        text = self[day] = str(np.datetime64(day, "D"))
        return text


class Renderer:
    """Renders rows of one snapshot."""

    def __init__(self, columns: Columns, templates: Templates, mrns: list[str], base_id: int) -> None:
        self._columns, self._templates, self._base_id = columns, templates, base_id
        self._patients = [_subject(mrn) for mrn in mrns]
        self._formats: dict[tuple[str, str], dict[int, str]] = {}
        self._scale = 10.0**templates.decimals
        self._days = _Days()
        self._minutes = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440)]
        self._seconds = [f"{stamp // 100:02d}.{stamp % 100:02d}0" for stamp in range(6000)]

    def resources(self, rows: NDArray[np.int64]) -> list[str]:
        """Each row as a resource, JSON text."""
        return self._fill(rows, ("", ""))

    def entries(self, rows: NDArray[np.int64], base_url: str, mode: str = "match") -> list[str]:
        """Each row as a searchset entry with fullUrl under base_url, JSON text."""
        return self._fill(rows, (base_url, mode))

    def _fill(self, rows: NDArray[np.int64], envelope: tuple[str, str]) -> list[str]:
        columns = self._columns
        run = np.searchsorted(columns.run_start, rows, side="right") - 1
        template, patient = columns.run_template[run], columns.run_patient[run]
        minute, value, order = columns.minute[rows], columns.value[rows], columns.order[rows].astype(np.int64)
        timed, valued = minute != MISSING, value != MISSING
        level = 1 + (value > self._templates.high[template]) - (value < self._templates.low[template]) * valued
        key = (template.astype(np.int64) * len(STATUSES) + columns.status[rows]) * 16
        key += np.where(valued, level, 1) + timed * _HAS_TIME + valued * _HAS_VALUE
        formats = self._formats.setdefault(envelope, {})
        keys = key.tolist()
        for missing in set(keys) - formats.keys():
            formats[missing] = self._format(missing, *envelope)
        days, minutes = self._days, self._minutes
        stamp_minute, stamp_second = np.divmod((ROW_STAMP + order) % _DAY_STAMPS, 6000)
        day, time = np.divmod(np.where(timed, minute, 0), 1440)
        day2, time2 = np.divmod(np.where(timed, minute + columns.delay[rows], 0), 1440)
        first, second = self._values(template, value, valued)
        seconds, patients = self._seconds, self._patients
        fields = zip(
            *(2 * [(order + self._base_id).tolist()]),
            [minutes[index] for index in stamp_minute.tolist()],
            [seconds[index] for index in stamp_second.tolist()],
            [patients[index] for index in patient.tolist()],
            [days[index] for index in day.tolist()],
            [minutes[index] for index in time.tolist()],
            [days[index] for index in day2.tolist()],
            [minutes[index] for index in time2.tolist()],
            first,
            second,
            strict=False,
        )
        return list(map(str.__mod__, [formats[index] for index in keys], fields))

    def _values(
        self, template: NDArray[np.int32], value: NDArray[np.int32], valued: NDArray[np.bool_]
    ) -> tuple[Any, Any]:
        pair = self._templates.is_pair[template]
        number = np.where(valued, value, 0)
        if not pair.any():
            return (number / self._scale[template]).tolist(), repeat(0)
        first = np.where(pair, number // 1000, number / self._scale[template])
        return first.tolist(), (number % 1000).tolist()

    def _format(self, key: int, base_url: str, mode: str) -> str:
        shape, variant = divmod(key, 16)
        template_index, status = divmod(shape, len(STATUSES))
        template = self._templates.get(template_index)
        body = prototype(template, STATUSES[status])
        del body["resourceType"]
        body["subject"] = _SLOTS["patient"][0]
        if variant & _HAS_TIME:
            written = f"{_SLOTS['day'][0]}T{_SLOTS['time'][0]}:00+00:00"
            later = f"{_SLOTS['day2'][0]}T{_SLOTS['time2'][0]}:00+00:00"
            body[DATE_ELEMENTS[template.kind]] = written
            if template.kind == "Condition":
                body["recordedDate"] = later
            elif template.issued:
                body["issued"] = later
        if variant & _HAS_VALUE and template.value == "quantity":
            units = {"unit": template.unit, "system": "http://unitsofmeasure.org", "code": template.unit}
            body["valueQuantity"] = {"value": _SLOTS["value"][0], **(units if template.unit else {})}
        elif variant & _HAS_VALUE and template.value == "pair":
            unit = f" {template.unit}" if template.unit else ""
            body["valueString"] = f"{_SLOTS['value'][0]}/{_SLOTS['second_value'][0]}{unit}"
        if variant & 3 != 1:
            body["interpretation"] = interpretation((variant & 3) - 1)
        stamp = f"{LOADED}T{_SLOTS['minute'][0]}:{_SLOTS['second'][0]}+00:00"
        head = {"resourceType": template.kind, "id": _SLOTS["id"][0], "meta": {"versionId": "1", "lastUpdated": stamp}}
        text = orjson.dumps({**head, **in_order(template.kind, body)}).decode().replace("%", "%%")
        filled = _fill_slots(text, template.value, template.decimals)
        if not mode:
            return "%.0s" + filled
        return f'{{"fullUrl":"{base_url.replace("%", "%%")}/{template.kind}/%s","resource":{filled},{_mode(mode)}}}'


def _mode(mode: str) -> str:
    return f'"search":{{"mode":"{mode}"}}'


def _fill_slots(text: str, value: str, decimals: int) -> str:
    """Replace the slots by conversions, in the fixed field order; swallow the fields that the text lacks."""
    done, swallow = "", ""
    for name in FIELDS:
        mark, pattern = _SLOTS[name]
        if name == "value":
            pattern = f"%.{decimals}f" if value == "quantity" else "%d"
        quoted = f'"{mark}"'
        if name == "patient" or (name == "value" and quoted in text):
            mark = quoted
        before, found, after = text.partition(mark)
        if found:
            done, text, swallow = done + swallow + before + pattern, after, ""
        else:
            swallow += "%.0s"
    return done + swallow + text


def _subject(mrn: str) -> str:
    identifier = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "value": mrn}
    return orjson.dumps({"reference": f"Patient/{mrn}", "identifier": identifier}).decode()
