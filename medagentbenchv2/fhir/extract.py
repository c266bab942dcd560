"""What a resource holds under a search parameter: the one place that reads resources for searching.

Overlay rows, NDJSON rows and, through their templates, columnar rows are all indexed by this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from medagentbenchv2.fhir.dates import FIRST, LAST, Span, indexed, milliseconds, parse
from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.fhir.parameters import Parameter
from medagentbenchv2.fhir.quantities import Quantity
from medagentbenchv2.fhir.tokens import Tokens

Values = Tokens | tuple[str, ...] | tuple[Span, ...] | tuple[Quantity, ...]

__all__ = ["Values", "clinical_instant", "is_missing", "milliseconds", "values", "walk"]


def values(resource: Resource, parameter: Parameter) -> Values:
    """The indexed values of one parameter in one resource."""
    found = [item for path in parameter.paths for item in walk(resource, path.split("."))]
    match parameter.type:
        case "token" | "id":
            return _tokens(found, parameter.system)
        case "string":
            return tuple(item for item in found if isinstance(item, str))
        case "date" | "instant":
            return tuple(span for item in found for span in _spans(item))
        case "quantity":
            return tuple(quantity for item in found for quantity in _quantities(item))
        case _:
            references = (item.get("reference") for item in found if isinstance(item, dict))
            return tuple(text for text in references if isinstance(text, str))


def is_missing(found: Values) -> bool:
    """Whether a record has nothing under the parameter (`:missing=true`)."""
    return not (found.codes if isinstance(found, Tokens) else found)


def walk(node: Any, path: list[str]) -> Iterator[Any]:
    """Every value at a dotted path, arrays flattened; `telecom[phone]` picks items by their system."""
    if isinstance(node, list):
        for item in node:
            yield from walk(item, path)
    elif not path:
        if node is not None:
            yield node
    elif isinstance(node, dict):
        name, bracket, wanted = path[0].partition("[")
        below = node.get(name)
        if bracket and isinstance(below, list):
            below = [item for item in below if isinstance(item, dict) and item.get("system") == wanted[:-1]]
        if below is not None:
            yield from walk(below, path[1:])


def _tokens(found: list[Any], system: str) -> Tokens:
    codes: list[tuple[str, str]] = []
    texts: list[str] = []
    for item in found:
        if isinstance(item, bool):
            codes.append((system, "true" if item else "false"))
        elif isinstance(item, str):
            codes.append((system, item))
        elif isinstance(item, dict):
            for coding in item["coding"] if isinstance(item.get("coding"), list) else [item]:
                code = coding.get("code") or coding.get("value")
                if isinstance(code, str):
                    codes.append((coding.get("system") or "", code))
                if isinstance(coding.get("display"), str):
                    texts.append(coding["display"])
            if isinstance(item.get("text"), str):
                texts.append(item["text"])
    return Tokens(tuple(codes), tuple(texts))


def _spans(item: Any) -> Iterator[Span]:
    if isinstance(item, str):
        span = indexed(item)
        if span is not None:
            yield span
    elif isinstance(item, dict) and ("start" in item or "end" in item):
        start, end = indexed(str(item.get("start", ""))), parse(str(item.get("end", "")))
        low, low_day = (start.low, start.low_day) if start else (FIRST, FIRST)
        high, high_day = (end.span.high, end.span.high_day) if end else (LAST, LAST)
        if start or end:
            yield Span(low, high, low_day, high_day)
    elif isinstance(item, dict) and isinstance(item.get("event"), list):
        events = [span for text in item["event"] for span in _spans(text)]
        if events:
            first, last = min(events), max(events, key=lambda span: span.high)
            yield Span(first.low, last.high, first.low_day, last.high_day)


def _quantities(item: Any) -> Iterator[Quantity]:
    if isinstance(item, dict) and isinstance(item.get("value"), int | float):
        parts = (str(item.get(part) or "") for part in ("system", "code", "unit"))
        yield Quantity(float(item["value"]), *parts)


_CLINICAL = {
    "Observation": ("effectiveDateTime", "effectiveInstant", "effectivePeriod.end", "effectivePeriod.start"),
    "Procedure": ("performedDateTime", "performedPeriod.end", "performedPeriod.start"),
    "Condition": ("recordedDate", "onsetDateTime"),
    "MedicationRequest": ("authoredOn",),
    "ServiceRequest": ("authoredOn",),
}


def clinical_instant(resource: Resource) -> int | None:
    """The record's clinical date in ms since 1970, a date-only value at its earliest instant; None for none."""
    for path in _CLINICAL.get(resource["resourceType"], ()):
        for item in walk(resource, path.split(".")):
            span = indexed(item) if isinstance(item, str) else None
            if span is not None:
                return span.low
    return None
