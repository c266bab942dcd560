"""Rows to JSON text: the fixed pieces of each kind of row, and columns of texts between them, joined in one go.

The order of the fields is the same in every resource type (id, update stamp, subject, dates, value), so that rows of
different kinds lie in one rectangle of texts; a field that a row lacks is an empty text between two empty pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from medagentbenchv2.fhir.columns import SHAPE_STRIDE, Columns
from medagentbenchv2.fhir.prototypes import DATE_ELEMENTS, in_order, interpretation, prototype
from medagentbenchv2.fhir.rows import MISSING, STATUSES
from medagentbenchv2.fhir.templates import Templates

LOADED = "2024-12-30"
LOADED_MS = 1_735_516_800_000
"""2024-12-30T00:00Z: the day that the base was loaded; patients in its first hour, rows from 01:00, 10 ms apart."""
ROW_STAMP = 360_000
"""Update stamp of the first row, in hundredths of a second of that day."""
_DAY_STAMPS = 8_640_000

FIELDS = ("url", "id", "minute", "second", "patient", "day", "time", "day2", "time2", "value", "second_value")
_MARKS = {name: f"\ue000{name}\ue001" for name in FIELDS}
"""Placeholders in private-use characters, which no text of a record holds."""
_HAS_TIME, _HAS_VALUE = 4, 8
"""Variant bits above the interpretation level (0 low, 1 normal, 2 high)."""
_MOST_FORMATS = 4096
_WIDE = 50_000
"""Days that the table of days may span: some 137 years."""

Texts = NDArray[np.object_]
Format = tuple[list[bytes], list[bool]]
"""The fixed pieces around the fields, and which fields the row has."""


class _Days:
    """Days since 1970 as `2023-06-27`, from a table that grows to the range of days that were asked for."""

    def __init__(self) -> None:
        self._first, self._table = 0, _texts([])

    def of(self, day: NDArray[np.integer[Any]]) -> Texts:
        """The text of each day."""
        low, high = int(day.min()), int(day.max())
        if high - low > _WIDE:
            return _day_texts(day)
        if low < self._first or high >= self._first + len(self._table):
            known = (self._first, self._first + len(self._table) - 1) if len(self._table) else (low, high)
            low, high = min(low, known[0]), max(high, known[1])
            if high - low > _WIDE:
                return _day_texts(day)
            self._first, self._table = low, _day_texts(np.arange(low, high + 1))
        found: Texts = self._table[day - self._first]
        return found


def _day_texts(day: NDArray[np.integer[Any]]) -> Texts:
    return _texts([text.encode() for text in np.datetime_as_string(day.astype("M8[D]")).tolist()])


class Renderer:
    """Renders rows of one snapshot."""

    def __init__(self, columns: Columns, templates: Templates, mrns: list[str], base_id: int) -> None:
        self._columns, self._templates, self._base_id = columns, templates, base_id
        self._patients = _texts([_subject(mrn) for mrn in mrns])
        self._formats: dict[tuple[int, str, str], Format] = {}
        self._scale = 10.0**templates.decimals
        self._days = _Days()
        self._minutes = _texts([b"%02d:%02d" % divmod(minute, 60) for minute in range(1440)])
        self._seconds = _texts([b"%02d.%02d0" % divmod(stamp, 100) for stamp in range(6000)])

    def resources(self, rows: NDArray[np.int64]) -> list[bytes]:
        """Each row as a resource, JSON text."""
        return [b"".join(row) for row in self._rectangle(rows, "", "").tolist()]

    def entries(self, rows: NDArray[np.int64], base_url: str, mode: str) -> list[bytes]:
        """Each row as a searchset entry with fullUrl under base_url, JSON text."""
        return [b"".join(row)[:-1] for row in self._rectangle(rows, base_url, mode).tolist()]

    def page(self, rows: NDArray[np.int64], base_url: str, mode: str) -> list[bytes]:
        """All rows as searchset entries with commas between them, in pieces that are to be joined."""
        pieces: list[bytes] = self._rectangle(rows, base_url, mode).ravel().tolist()
        if pieces:
            pieces[-1] = pieces[-1][:-1]
        return pieces

    def _rectangle(self, rows: NDArray[np.int64], base_url: str, mode: str) -> Texts:
        """One line of texts a row; joined they are its JSON, with a comma behind an entry."""
        if not len(rows):
            return _texts([])
        columns = self._columns
        run = np.searchsorted(columns.run_start, rows.astype(np.int32), side="right") - 1
        template, patient = columns.run_template[run], columns.run_patient[run]
        minute, value = columns.minute[rows], columns.value[rows]
        timed, valued = minute != MISSING, value != MISSING
        high, low = value > self._templates.high[template], value < self._templates.low[template]
        key = (template.astype(np.int64) * SHAPE_STRIDE + columns.status[rows]) * 16
        key += np.where(valued, 1 + high - low.astype(np.int64), 1) + timed * _HAS_TIME + valued * _HAS_VALUE
        distinct, at = np.unique(key, return_inverse=True)
        formats = [self._format(one, base_url, mode) for one in distinct.tolist()]
        used = np.array([flags for _, flags in formats], dtype=bool)
        kept = np.flatnonzero(used.any(axis=0))
        fields = np.empty((len(rows), len(kept)), dtype=object)
        columns_of = self._fields(rows, template, patient, np.where(timed, minute, max(minute.max(), 0)), valued)
        for column, field in enumerate(kept.tolist()):
            fields[:, column] = columns_of(FIELDS[field])
        if not used[:, kept].all():
            fields[~used[:, kept][at]] = b""
        pieces = np.array([one for one, _ in formats], dtype=object)
        lines = np.empty((len(rows), 2 * len(kept) + 1), dtype=object)
        # pieces in front of a field that no row has are empty
        lines[:, 0::2] = pieces[:, [*kept.tolist(), len(FIELDS)]][at]
        lines[:, 1::2] = fields
        return lines

    def _fields(
        self,
        rows: NDArray[np.int64],
        template: NDArray[np.int32],
        patient: NDArray[np.int32],
        minute: NDArray[np.int32],
        valued: NDArray[np.bool_],
    ) -> Callable[[str], Any]:
        """Field name -> its text in every row; fields are computed when asked for."""
        columns, days, minutes = self._columns, self._days, self._minutes
        order = columns.order[rows].astype(np.int64)
        ids = _numerals(order + self._base_id)
        stamp_minute, stamp_second = np.divmod((ROW_STAMP + order) % _DAY_STAMPS, 6000)
        later = minute + columns.delay[rows]
        value = np.where(valued, columns.value[rows], 0)
        texts: dict[str, Callable[[], Any]] = {
            "url": lambda: ids,
            "id": lambda: ids,
            "minute": lambda: minutes[stamp_minute],
            "second": lambda: self._seconds[stamp_second],
            "patient": lambda: self._patients[patient],
            "day": lambda: days.of(minute // 1440),
            "time": lambda: minutes[minute % 1440],
            "day2": lambda: days.of(later // 1440),
            "time2": lambda: minutes[later % 1440],
            "value": lambda: self._values(template, value),
            "second_value": lambda: _numerals(value % 1000),
        }
        return lambda name: texts[name]()

    def _values(self, template: NDArray[np.int32], value: NDArray[np.int32]) -> list[bytes]:
        """Values as text: the decimal number, or the first half of a pair."""
        numbers = _numerals(value / self._scale[template])
        whole = self._templates.decimals[template] == 0
        if not whole.any():
            return numbers
        integers = _numerals(np.where(self._templates.is_pair[template], value // 1000, value))
        choices = zip(whole.tolist(), integers, numbers, strict=True)
        return [integer if is_whole else number for is_whole, integer, number in choices]

    def _format(self, key: int, base_url: str, mode: str) -> Format:
        found = self._formats.get((key, base_url, mode))
        if found is None:
            if len(self._formats) >= _MOST_FORMATS:
                self._formats.clear()
            found = self._formats[key, base_url, mode] = _cut(self._text(key, base_url, mode))
        return found

    def _text(self, key: int, base_url: str, mode: str) -> str:
        """The JSON of a kind of row, with marks where its fields go."""
        shape, variant = divmod(key, 16)
        template_index, status = divmod(shape, SHAPE_STRIDE)
        template = self._templates.get(template_index)
        body = prototype(template, STATUSES[status])
        body["subject"] = _MARKS["patient"]
        if variant & _HAS_TIME:
            written = f"{_MARKS['day']}T{_MARKS['time']}:00+00:00"
            later = f"{_MARKS['day2']}T{_MARKS['time2']}:00+00:00"
            body[DATE_ELEMENTS[template.kind]] = written
            if template.kind == "Condition":
                body["recordedDate"] = later
            elif template.issued:
                body["issued"] = later
        if variant & _HAS_VALUE and template.value == "quantity":
            units = {"unit": template.unit, "system": "http://unitsofmeasure.org", "code": template.unit}
            body["valueQuantity"] = {"value": _MARKS["value"], **(units if template.unit else {})}
        elif variant & _HAS_VALUE and template.value == "pair":
            unit = f" {template.unit}" if template.unit else ""
            body["valueString"] = f"{_MARKS['value']}/{_MARKS['second_value']}{unit}"
        if variant & 3 != 1:
            body["interpretation"] = interpretation((variant & 3) - 1)
        stamp = f"{LOADED}T{_MARKS['minute']}:{_MARKS['second']}+00:00"
        head = {"resourceType": template.kind, "id": _MARKS["id"], "meta": {"versionId": "1", "lastUpdated": stamp}}
        text = orjson.dumps({**head, **in_order(template.kind, body)}).decode()
        if not mode:
            return text
        url = f"{base_url}/{template.kind}/{_MARKS['url']}"
        return f'{{"fullUrl":"{url}","resource":{text},"search":{{"mode":"{mode}"}}}},'


def _cut(text: str) -> Format:
    """Cut a text at its marks, in the fixed order of the fields."""
    pieces: list[bytes] = []
    used: list[bool] = []
    for name in FIELDS:
        mark, quoted = _MARKS[name], f'"{_MARKS[name]}"'
        # a subject is an object and a quantity a number: their quotes go with the mark
        if name == "patient" or (name == "value" and quoted in text):
            mark = quoted
        before, found, after = text.partition(mark)
        used.append(bool(found))
        pieces.append(before.encode() if found else b"")
        text = after if found else text
    return [*pieces, text.encode()], used


def _texts(items: list[bytes]) -> Texts:
    return np.array(items, dtype=object)


def _numerals(numbers: NDArray[Any]) -> list[bytes]:
    """Numbers as JSON writes them, made by one serialisation."""
    return orjson.dumps(numbers.tolist())[1:-1].split(b",") if len(numbers) else []


def _subject(mrn: str) -> bytes:
    identifier = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "value": mrn}
    return orjson.dumps({"reference": f"Patient/{mrn}", "identifier": identifier})
