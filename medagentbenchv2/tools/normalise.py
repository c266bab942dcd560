"""Short forms of R4 elements, spelled out before the server parses them.

A server as lenient as HAPI drops text where an object belongs (`route: "IV"`) and members of a coding that stands where
a CodeableConcept belongs. Here each becomes what R4 means by it, so that nothing the agent said is lost. Values are
moved, never changed; what R4 does not know stays as it is.
"""

from __future__ import annotations

from typing import Any

from medagentbenchv2.fhir import r4
from medagentbenchv2.tools.arguments import depth_exceeds

_TEXT_BECOMES = {
    "CodeableConcept": "text",
    "Annotation": "text",
    "Dosage": "text",
    "HumanName": "text",
    "Address": "text",
    "Narrative": "div",
    "Reference": "reference",
    "Coding": "code",
    "Identifier": "value",
    "ContactPoint": "value",
    "Quantity": "unit",
    "Period": "start",
}
"""Where plain text goes in an object of this type."""

_MAX_DEPTH = 100
_CODING = frozenset(("system", "version", "code", "display", "userSelected"))
_AMOUNTS = ("doseQuantity", "doseRange", "rateQuantity", "rateRange", "rateRatio")


def normalise(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource with short forms spelled out; the argument is not changed.

    Text becomes a CodeableConcept's text, a Reference's reference, an Annotation's text and so on; a number becomes a
    Quantity's value; one thing becomes a list of one where the element repeats, and a list of one becomes the thing
    where it does not (several stay as they are); a bare coding becomes a CodeableConcept; doses and rates directly on
    a dosage move into doseAndRate. A resource without a known resourceType, or nested deeper than any server accepts,
    comes back as it is.
    """
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not r4.is_resource(kind) or depth_exceeds(resource, _MAX_DEPTH):
        return dict(resource)
    return _members(kind, resource)


def _members(type_name: str, value: dict[str, Any]) -> dict[str, Any]:
    elements = r4.elements(type_name)
    return {
        name: _element(elements[name], inner) if name in elements and inner is not None else inner
        for name, inner in value.items()
    }


def _element(element: r4.Element, value: Any) -> Any:
    if element.many:
        items = value if isinstance(value, list) else [value]
        return [_value(element.type, item) for item in items]
    if not isinstance(value, list):
        return _value(element.type, value)
    if element.type == "CodeableConcept" and value and all(_is_coding(item) for item in value):
        return _value(element.type, {"coding": value})
    return _value(element.type, value[0]) if len(value) == 1 else value


def _value(type_name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _object(type_name, value)
    if isinstance(value, str) and type_name in _TEXT_BECOMES:
        return {_TEXT_BECOMES[type_name]: value}
    if isinstance(value, str) and type_name == "Timing":
        return {"code": {"text": value}}
    if isinstance(value, int | float) and not isinstance(value, bool) and type_name == "Quantity":
        return {"value": value}
    return value


def _object(type_name: str, value: dict[str, Any]) -> dict[str, Any]:
    if type_name == "Resource":
        return normalise(value)
    if type_name == "CodeableConcept" and _is_coding(value):
        return {"coding": [value]}
    members = _members(type_name, value) if not r4.is_primitive(type_name) else value
    return _with_dose_and_rate(members) if type_name == "Dosage" else members


def _is_coding(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and value.keys() <= _CODING


def _with_dose_and_rate(dosage: dict[str, Any]) -> dict[str, Any]:
    """Amounts directly on a dosage join its one doseAndRate where that has none of them, else they are another one."""
    amounts = {name: dosage[name] for name in _AMOUNTS if name in dosage}
    if not amounts:
        return dosage
    rest = {name: value for name, value in dosage.items() if name not in amounts}
    moved = _members("Dosage.doseAndRate", amounts)
    there = rest.get("doseAndRate") or []
    if len(there) == 1 and isinstance(there[0], dict) and not there[0].keys() & moved.keys():
        return rest | {"doseAndRate": [there[0] | moved]}
    return rest | {"doseAndRate": [*there, moved]}
