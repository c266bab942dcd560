"""The strict JSON formats of R4's primitive datatypes (https://hl7.org/fhir/R4/datatypes.html), for validation."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from medagentbenchv2.fhir.bodies import Number

_DATE = r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
_TEXT = {
    "base64Binary": r"[\s0-9a-zA-Z+/=]+",
    "code": r"\S+(?: \S+)*",
    "date": _DATE,
    "dateTime": rf"{_DATE[:-4]}(?:T{_CLOCK}{_ZONE})?)?)?",
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "instant": rf"\d{{4}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T{_CLOCK}{_ZONE}",
    "oid": r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+",
    "time": _CLOCK,
    "uuid": r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
_WITHOUT_SPACE = dict.fromkeys(("uri", "url", "canonical"), r"\S+")
_PATTERNS = {name: re.compile(pattern, re.ASCII) for name, pattern in (_TEXT | _WITHOUT_SPACE).items()}
_LOWEST = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}


def fault(type_name: str, value: Any) -> str | None:
    """What is wrong with a JSON value as a primitive of a type, or None."""
    if isinstance(value, Number):
        value = float(value) if set(value) & set(".eE") else int(value[:20])
    if type_name == "boolean":
        return None if isinstance(value, bool) else "must be true or false"
    if type_name == "decimal":
        return None if isinstance(value, int | float) and not isinstance(value, bool) else "must be a JSON number"
    if type_name in _LOWEST:
        whole = isinstance(value, int) and not isinstance(value, bool)
        ok = whole and _LOWEST[type_name] <= value < 2**31
        return None if ok else f"must be a whole number of at least {_LOWEST[type_name]}"
    if not isinstance(value, str):
        return "must be a string"
    if not value.strip():
        return "must not be empty"
    pattern = _PATTERNS.get(type_name)
    if pattern is not None and not pattern.fullmatch(value):
        return f"is not a valid {type_name}"
    return _calendar_fault(value) if type_name in ("date", "dateTime", "instant") else None


def _calendar_fault(value: str) -> str | None:
    if len(value) < 10:
        return None
    try:
        date.fromisoformat(value[:10])
    except ValueError:
        return "is not a day of the calendar"
    return None
