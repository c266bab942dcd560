"""The formats of R4's primitive datatypes, exactly as lenient as the Java model that HAPI's parser fills.

A reader takes the text of a JSON scalar and gives the value to store, or raises ValueError with the words that the
Java model uses. Text kinds keep what was sent: dates and codes are checked, never rewritten.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

from medagentbenchv2.fhir import r4

JAVA_SPACE = " \t\n\x0b\f\r\x1c\x1d\x1e\x1f\u1680\u2028\u2029\u205f\u3000" + "".join(
    map(chr, (*range(0x2000, 0x2007), *range(0x2008, 0x200B)))
)
"""What Java's Character.isWhitespace accepts: no no-break spaces, unlike str.isspace."""

_TRIM = "".join(map(chr, range(0x21)))
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_INTEGER = re.compile(r"[+-]?\d+")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_BASE64 = re.compile(r"[A-Za-z0-9+/\-_=\s]*", re.ASCII)
_COMMON_DATE = re.compile(
    r"(?!0000)\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|1\d|2[0-8])"
    r"(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?)?)?",
    re.ASCII,
)

Reader = Callable[[str], Any]


def blank(text: str) -> bool:
    """True for text that Java's StringUtils.isBlank calls blank."""
    return not text.strip(JAVA_SPACE)


def _text(text: str) -> str:
    return text


def _boolean(text: str) -> bool:
    value = text.strip(_TRIM)
    if value not in ("true", "false"):
        raise ValueError(f"Invalid boolean string: '{text}'")
    return value == "true"


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or len(text) > 64 or not -(2**31) <= int(text) < 2**31:
        raise ValueError(f'java.lang.NumberFormatException: For input string: "{text}"')
    return int(text)


def _decimal(text: str) -> int | float:
    if not _DECIMAL.fullmatch(text) or len(text) > 4096:
        raise ValueError(f"{text[:80]!r} is not a decimal number")
    if _INTEGER.fullmatch(text) and len(text) < 19:
        return int(text)
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:80]!r} is out of range")
    return value


def _base64(text: str) -> str:
    if not _BASE64.fullmatch(text):
        raise ValueError("")
    letters = re.sub(r"\s", "", text.partition("=")[0]).replace("-", "+").replace("_", "/")
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return base64.b64encode(base64.b64decode(letters + "=" * (-len(letters) % 4))).decode()


def _whole(text: str, low: int, high: int) -> int:
    """Java's Integer.parseInt on a slice of a date; ValueError when outside the bounds."""
    value = int(text) if _INTEGER.fullmatch(text) else low - 1
    if not low <= value <= high:
        raise ValueError
    return value


def _zone(offset: str) -> None:
    if offset[0] == "Z":
        return
    if len(offset) != 6 or offset[3] != ":" or offset[0] not in "+-":
        raise ValueError('Timezone offset must be in the form "Z", "-HH:mm", or "+HH:mm"')
    _whole(offset[1:3], 0, 23)
    _whole(offset[4:6], 0, 59)


def _expect(text: str, index: int, wanted: str) -> None:
    if text[index] != wanted:
        raise ValueError(f"Expected character '{wanted}' at index {index} but found {text[index]}")


def _at_least(text: str, length: int) -> None:
    if len(text) < length:
        raise ValueError


def _offset_index(text: str) -> int:
    found = [text.find(mark, 16) for mark in "+-Z"]
    if sum(index >= 0 for index in found) > 1:
        raise ValueError
    return max(found)


def _check_time(text: str) -> None:
    _at_least(text, 17)
    _expect(text, 10, "T")
    end = _offset_index(text)
    if end >= 0:
        _zone(text[end:])
    time = text[11:end] if end >= 0 else text[11:]
    _expect(text, 13, ":")
    _whole(text[11:13], 0, 23)
    _whole(text[14:16], 0, 59)
    if len(time) > 5:
        _at_least(text, 19)
        _expect(text, 16, ":")
        _whole(text[17:19], 0, 60)
        if len(time) > 8:
            _expect(text, 19, ".")
            _at_least(text, 20)
            _whole(text[20 : min(end if end >= 0 else len(text), 23)], 0, 999)


def _check_date(text: str) -> None:
    _at_least(text, 4)
    year = _whole(text[:4], 0, 9999)
    if len(text) == 4:
        return
    _expect(text, 4, "-")
    _at_least(text, 7)
    month = _whole(text[5:7], 1, 12)
    if len(text) == 7:
        return
    _expect(text, 7, "-")
    _at_least(text, 10)
    leap = year % 4 == 0 and (year < 1582 or year % 100 != 0 or year % 400 == 0)  # Java's calendar is Julian before
    _whole(text[8:10], 1, 29 if leap and month == 2 else _DAYS[month - 1])
    if len(text) > 10:
        _check_time(text)


def _date(text: str) -> str:
    if _COMMON_DATE.fullmatch(text):
        return text
    trimmed = text.strip(_TRIM) if text[0] == " " or text[-1] == " " else text
    if trimmed:
        try:
            _check_date(trimmed)
        except ValueError as error:
            detail = f": {error}" if str(error) else ""
            raise ValueError(f'Invalid date/time format: "{trimmed}"{detail}') from None
    return text


def _xhtml(text: str) -> str:
    trimmed = text.strip(_TRIM)
    return trimmed if trimmed[:1] in ("<", "") else f'<div xmlns="http://www.w3.org/1999/xhtml">{trimmed}</div>'


_READERS: dict[str, Reader] = {
    "boolean": _boolean,
    "integer": _integer,
    "positiveInt": _integer,
    "unsignedInt": _integer,
    "decimal": _decimal,
    "base64Binary": _base64,
    "date": _date,
    "dateTime": _date,
    "instant": _date,
    "xhtml": _xhtml,
}


def reader(type_name: str, codes: str | None = None) -> Reader:
    """The reader of a primitive datatype; `codes` names the required value set of a bound code."""
    if codes is None:
        return _READERS.get(type_name, _text)
    allowed = r4.codes(codes)

    def bound(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"Unknown {codes} code '{text}'")
        return text

    return bound
