"""Rows to JSON text: columns of texts between the fixed pieces of each kind of row, joined in one go."""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from medagentbenchv2.fhir.columns import SHAPE_STRIDE, Columns
from medagentbenchv2.fhir.layouts import MARKS, Layout, Pieces, cut, layout
from medagentbenchv2.fhir.prototypes import DATE_ELEMENTS, in_order, interpretation, prototype
from medagentbenchv2.fhir.rows import MISSING, STATUSES
from medagentbenchv2.fhir.templates import Templates

LOADED = "2024-12-30"
LOADED_MS = 1_735_516_800_000
"""2024-12-30T00:00Z: the day that the base was loaded; patients in its first hour, rows from 01:00, 10 ms apart."""
ROW_STAMP = 360_000
"""Update stamp of the first row, in hundredths of a second of that day."""
_DAY_STAMPS = 8_640_000

_HAS_TIME, _HAS_VALUE = 4, 8
"""Variant bits above the interpretation level (0 low, 1 normal, 2 high)."""
_MOST_KINDS = 4096
"""Kinds of rows whose pieces are kept."""
_LAYOUTS, _FEW = 256, 8
"""Layouts that are kept, and the most kinds in one of them: a page of one code has few."""
_WIDE = 50_000
"""Days that the table of days may span: some 137 years."""

Texts = NDArray[np.object_]


class _Days:
    """Days since 1970 as `2023-06-27T`, from a table that grows to the range of days that were asked for."""

    def __init__(self) -> None:
        self._first, self._table = 0, _texts([])

    def of(self, day: NDArray[np.integer[Any]]) -> list[bytes]:
        """The text of each day."""
        at = day - self._first
        # a day before the first is a huge number without sign: one comparison for both ends
        if int(at.view(f"u{at.itemsize}").max()) >= len(self._table):
            if not self._grow(int(day.min()), int(day.max())):
                return _day_texts(day)
            at = day - self._first
        found: list[bytes] = self._table[at].tolist()
        return found

    def _grow(self, low: int, high: int) -> bool:
        """Make the table reach from low to high; False where that is too far."""
        if len(self._table):
            low, high = min(low, self._first), max(high, self._first + len(self._table) - 1)
        if high - low > _WIDE:
            return False
        self._first, self._table = low, _texts(_day_texts(np.arange(low, high + 1)))
        return True


def _day_texts(day: NDArray[np.integer[Any]]) -> list[bytes]:
    return [f"{text}T".encode() for text in np.datetime_as_string(day.astype("M8[D]")).tolist()]


class Renderer:
    """Renders rows of one snapshot."""

    def __init__(self, columns: Columns, templates: Templates, mrns: list[str], base_id: int) -> None:
        self._columns, self._templates, self._base_id = columns, templates, base_id
        self._patients = _texts([_subject(mrn) for mrn in mrns])
        self._layout = lru_cache(maxsize=_LAYOUTS)(self._laid_out)
        self._pieces = lru_cache(maxsize=_MOST_KINDS)(self._cut)
        self._scale = 10.0**templates.decimals
        self._days = _Days()
        self._minutes = _texts([b"%02d:%02d" % divmod(minute, 60) for minute in range(1440)])
        self._seconds = _texts([b":%02d.%02d0" % divmod(stamp, 100) for stamp in range(6000)])

    def resources(self, rows: NDArray[np.int64]) -> list[bytes]:
        """Each row as a resource, JSON text."""
        return self._joined(rows, "", "")

    def entries(self, rows: NDArray[np.int64], base_url: str, mode: str) -> list[bytes]:
        """Each row as a searchset entry with fullUrl under base_url, JSON text."""
        return self._joined(rows, base_url, mode)

    def page(self, rows: NDArray[np.int64], base_url: str, mode: str) -> list[bytes]:
        """All rows as searchset entries with commas between them, in texts that are to be joined."""
        texts, _ = self._texts(rows, base_url, mode, b",")
        if texts:
            texts[-1] = texts[-1][:-1]
        return texts

    def _joined(self, rows: NDArray[np.int64], base_url: str, mode: str) -> list[bytes]:
        texts, width = self._texts(rows, base_url, mode, b"")
        return [b"".join(texts[at : at + width]) for at in range(0, len(texts), width)]

    def _texts(self, rows: NDArray[np.int64], base_url: str, mode: str, behind: bytes) -> tuple[list[bytes], int]:
        """Texts that joined are the rows' JSON, each row with `behind` behind it; and how many texts a row has."""
        if not len(rows):
            return [], 1
        columns = self._columns
        # equal types, or numpy would convert the whole column
        run = np.searchsorted(columns.run_start, rows.astype(np.int32), side="right") - 1
        template, minute, value = columns.run_template[run], columns.minute[rows], columns.value[rows]
        kinds = self._kinds(rows, template, minute, value)
        distinct = frozenset(kinds)
        laid_out = self._layout if len(distinct) <= _FEW else self._laid_out
        line, places, varying, lacking = laid_out(distinct, base_url, mode, behind)
        texts, width = line * len(rows), len(line)
        for name, column in self._fields(places, rows, run, minute, value):
            texts[places[name] :: width] = column
        for place, pieces in varying.items():
            texts[place::width] = [pieces[kind] for kind in kinds]
        for place, without in lacking.items():
            column = texts[place::width]
            texts[place::width] = [b"" if kind in without else text for kind, text in zip(kinds, column, strict=True)]
        return texts, width

    def _kinds(
        self,
        rows: NDArray[np.int64],
        template: NDArray[np.int32],
        minute: NDArray[np.int32],
        value: NDArray[np.int32],
    ) -> list[int]:
        """The kind of each row: template, status, whether it has a time and a value, and the value's level."""
        timed, valued = minute != MISSING, value != MISSING
        high, low = value > self._templates.high[template], value < self._templates.low[template]
        kind = (template.astype(np.int64) * SHAPE_STRIDE + self._columns.status[rows]) * 16
        kind += np.where(valued, 1 + high - low.astype(np.int64), 1) + timed * _HAS_TIME + valued * _HAS_VALUE
        found: list[int] = kind.tolist()
        return found

    def _fields(
        self,
        names: Container[str],
        rows: NDArray[np.int64],
        run: NDArray[np.int64],
        minute: NDArray[np.int32],
        value: NDArray[np.int32],
    ) -> Iterator[tuple[str, list[bytes]]]:
        """The texts of each named field in every row; any text where a row lacks the field."""
        columns = self._columns
        order = columns.order[rows].astype(np.int64)
        ids = _numerals(order + self._base_id)
        if "url" in names:
            yield "url", ids
        yield "id", ids
        stamp_minute, stamp_second = np.divmod((ROW_STAMP + order) % _DAY_STAMPS, 6000)
        yield "minute", self._minutes[stamp_minute].tolist()
        yield "second", self._seconds[stamp_second].tolist()
        yield "patient", self._patients[columns.run_patient[run]].tolist()
        if "day" in names:
            minute = _filled(minute, int(minute.max()))
            yield "day", self._days.of(minute // 1440)
            yield "time", self._minutes[minute % 1440].tolist()
        if "day2" in names:
            minute = minute + columns.delay[rows]
            yield "day2", self._days.of(minute // 1440)
            yield "time2", self._minutes[minute % 1440].tolist()
        if "value" in names:
            value = _filled(value, 0)
            yield "value", self._values(columns.run_template[run], value)
        if "second_value" in names:
            yield "second_value", _numerals(value % 1000)

    def _values(self, template: NDArray[np.int32], value: NDArray[np.int32]) -> list[bytes]:
        """Values as text: the decimal number, or the first half of a pair."""
        scale = self._scale[template]
        numbers, whole = _numerals(value / scale), scale == 1.0
        if not whole.any():
            return numbers
        integers = _numerals(np.where(self._templates.is_pair[template], value // 1000, value))
        choices = zip(whole.tolist(), integers, numbers, strict=True)
        return [integer if is_whole else number for is_whole, integer, number in choices]

    def _laid_out(self, kinds: frozenset[int], base_url: str, mode: str, behind: bytes) -> Layout:
        return layout({kind: self._pieces(kind, base_url, mode) for kind in kinds}, behind)

    def _cut(self, kind: int, base_url: str, mode: str) -> Pieces:
        return cut(self._text(kind, base_url, mode))

    def _text(self, key: int, base_url: str, mode: str) -> str:
        """The JSON of a kind of row, with marks where its fields go."""
        shape, variant = divmod(key, 16)
        template_index, status = divmod(shape, SHAPE_STRIDE)
        template = self._templates.get(template_index)
        body = prototype(template, STATUSES[status])
        body["subject"] = MARKS["patient"]
        if variant & _HAS_TIME:
            written = f"{MARKS['day']}{MARKS['time']}:00+00:00"
            later = f"{MARKS['day2']}{MARKS['time2']}:00+00:00"
            body[DATE_ELEMENTS[template.kind]] = written
            if template.kind == "Condition":
                body["recordedDate"] = later
            elif template.issued:
                body["issued"] = later
        if variant & _HAS_VALUE and template.value == "quantity":
            units = {"unit": template.unit, "system": "http://unitsofmeasure.org", "code": template.unit}
            body["valueQuantity"] = {"value": MARKS["value"], **(units if template.unit else {})}
        elif variant & _HAS_VALUE and template.value == "pair":
            unit = f" {template.unit}" if template.unit else ""
            body["valueString"] = f"{MARKS['value']}/{MARKS['second_value']}{unit}"
        if variant & 3 != 1:
            body["interpretation"] = interpretation((variant & 3) - 1)
        stamp = f"{LOADED}T{MARKS['minute']}{MARKS['second']}+00:00"
        head = {"resourceType": template.kind, "id": MARKS["id"], "meta": {"versionId": "1", "lastUpdated": stamp}}
        text = orjson.dumps({**head, **in_order(template.kind, body)}).decode()
        if not mode:
            return text
        url = f"{base_url}/{template.kind}/{MARKS['url']}"
        return f'{{"fullUrl":"{url}","resource":{text},"search":{{"mode":"{mode}"}}}}'


def _filled(column: NDArray[np.int32], text: int) -> NDArray[np.int32]:
    missing = column == MISSING
    return np.where(missing, np.int32(text), column) if missing.any() else column


def _texts(items: list[bytes]) -> Texts:
    return np.array(items, dtype=object)


def _numerals(numbers: NDArray[Any]) -> list[bytes]:
    """Numbers as JSON writes them, made by one serialisation; at least one."""
    return orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")


def _subject(mrn: str) -> bytes:
    identifier = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "value": mrn}
    return orjson.dumps({"reference": f"Patient/{mrn}", "identifier": identifier})
