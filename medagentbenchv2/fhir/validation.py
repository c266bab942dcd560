"""`validation="r4"`: a resource as it was sent, against the R4 definitions; every issue at once.

Checked: unknown elements, cardinality, JSON types, formats, required elements and choices, codes of required value
sets, empty objects, extensions, and UCUM units where a quantity claims to have one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from medagentbenchv2.fhir import formats, r4, ucum
from medagentbenchv2.fhir.bodies import MAX_DEPTH
from medagentbenchv2.fhir.outcomes import Issue

UCUM = "http://unitsofmeasure.org"
_QUANTITIES = ("Quantity", "Age", "Count", "Distance", "Duration")


def validate(resource: Mapping[str, Any]) -> list[Issue]:
    """Every issue of a resource, in the order of its elements; empty where it is valid R4.

    Each issue is an error, its `expression` one FHIRPath such as Observation.component[1].valueQuantity.
    """
    return list(_resource(resource, "", 0))


def _issue(path: str, words: str, code: str) -> Issue:
    return Issue(f"{path}: {words}", "error", code, (path,))


def _resource(resource: Mapping[str, Any], path: str, depth: int) -> Iterator[Issue]:
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not r4.is_resource(kind):
        yield _issue(path or "Resource", f"{kind!r} is not an R4 resource type", "structure")
        return
    yield from _object(resource, kind, path or kind, depth)


def _object(value: Mapping[str, Any], type_name: str, path: str, depth: int) -> Iterator[Issue]:
    if depth > MAX_DEPTH:
        yield _issue(path, f"nested deeper than {MAX_DEPTH} levels", "too-long")
        return
    known = r4.elements(type_name)
    names = [name for name in value if name != "resourceType" or "resourceType" in known]
    if not names and depth:
        yield _issue(path, "an object must not be empty", "invariant")
    for name in names:
        element = known.get(name) or known.get(name.removeprefix("_"))
        if element is None or (name[:1] == "_" and not r4.is_primitive(element.type)):
            yield _issue(f"{path}.{name}", f"unknown element of {type_name}", "structure")
        elif name[:1] == "_":
            yield from _siblings(value[name], element, f"{path}.{element.name}", depth)
        else:
            yield from _element(value[name], element, f"{path}.{name}", depth)
    yield from _missing(value, known, type_name, path)
    if type_name in _QUANTITIES:
        yield from _unit(value, path)


def _missing(value: Mapping[str, Any], known: Mapping[str, r4.Element], type_name: str, path: str) -> Iterator[Issue]:
    """Required elements that are absent, and choices of which there are two."""
    present: dict[str, set[str]] = {}
    for name in value:
        element = known.get(name.removeprefix("_"))
        if element is not None:
            present.setdefault(element.base, set()).add(element.name)
    for base in dict.fromkeys(element.base for element in known.values() if element.required):
        if base not in present:
            yield _issue(f"{path}.{base}", "minimum required = 1, but only found 0", "required")
    for base, names in present.items():
        if len(names) > 1:
            yield _issue(f"{path}.{base}", f"one type at most, but found {', '.join(sorted(names))}", "structure")
    if type_name == "Extension" and "extension" in value and "value[x]" in present:
        yield _issue(path, "an extension has a value or extensions, not both", "invariant")


def _element(value: Any, element: r4.Element, path: str, depth: int) -> Iterator[Issue]:
    if element.many and not isinstance(value, list):
        yield _issue(path, "this element repeats and must be an array", "structure")
    elif not element.many and isinstance(value, list):
        yield _issue(path, "max allowed = 1, but found an array", "structure")
    elif not element.many:
        yield from _single(value, element, path, depth)
    elif not value:
        yield _issue(path, "an array must not be empty", "structure")
    else:
        for index, item in enumerate(value):
            if item is not None or not r4.is_primitive(element.type):
                yield from _single(item, element, f"{path}[{index}]", depth)


def _single(value: Any, element: r4.Element, path: str, depth: int) -> Iterator[Issue]:
    if r4.is_primitive(element.type):
        words = formats.fault(element.type, value)
        if words is not None:
            yield _issue(path, f"{_short(value)} {words}", "value")
        elif element.codes is not None and value not in r4.codes(element.codes):
            allowed = " ".join(sorted(r4.codes(element.codes)))
            shown = allowed if len(allowed) <= 300 else allowed[:300] + " ..."
            yield _issue(path, f"{value!r} is not a code of {element.codes}: {shown}", "code-invalid")
    elif not isinstance(value, Mapping):
        yield _issue(path, f"{_short(value)} must be an object ({element.type})", "structure")
    elif element.type == "Resource":
        yield from _resource(value, path, depth + 1)
    else:
        yield from _object(value, element.type, path, depth + 1)


def _siblings(value: Any, element: r4.Element, path: str, depth: int) -> Iterator[Issue]:
    """The id and extensions of a primitive, beside it under its underscored name."""
    if element.many != isinstance(value, list):
        yield _issue(path, f"_{element.name} must be {'an array' if element.many else 'an object'}", "structure")
        return
    for item in value if element.many else [value]:
        if isinstance(item, Mapping):
            yield from _object(item, "Element", path, depth + 1)
        elif item is not None:
            yield _issue(path, f"_{element.name} holds objects with id and extension", "structure")


def _unit(value: Mapping[str, Any], path: str) -> Iterator[Issue]:
    code = value.get("code")
    if code is not None and "system" not in value:
        yield _issue(path, "if a code for the unit is present, the system shall also be present", "invariant")
    if value.get("system") == UCUM and isinstance(code, str) and not ucum.is_unit(code):
        yield _issue(f"{path}.code", f"{_short(code)} is not a UCUM unit", "code-invalid")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
