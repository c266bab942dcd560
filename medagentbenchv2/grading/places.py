"""Where in an order a text, a code or a time may stand; every shape that agents and servers use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from medagentbenchv2.fhir.ehr import Resource

Place = Literal["medication", "code", "code.text", "route", "dosage", "note", "value", "anywhere"]


def as_list(value: Any) -> list[Any]:
    """An element that may be single or repeated, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def concept_texts(concept: Any) -> Iterator[str]:
    """The text, displays and codes of a CodeableConcept; a bare string is its own text."""
    for one in as_list(concept):
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from _strings(one.get("text"))
            for coding in as_list(one.get("coding")):
                yield from _strings(coding.get("display"))
                yield from _strings(coding.get("code"))


def dosages(resource: Resource) -> list[dict[str, Any]]:
    """The dosage instructions that are objects."""
    return [d for d in as_list(resource.get("dosageInstruction")) if isinstance(d, dict)]


def texts(resource: Resource, place: Place) -> list[str]:
    """Every string that stands in a place of an order."""
    match place:
        case "medication":
            return list(concept_texts(resource.get("medicationCodeableConcept")))
        case "code":
            return list(concept_texts(resource.get("code")))
        case "code.text":
            concepts = [c for c in as_list(resource.get("code")) if isinstance(c, dict)]
            return [text for concept in concepts for text in _strings(concept.get("text"))]
        case "route":
            return [text for d in dosages(resource) for text in concept_texts(d.get("route"))]
        case "dosage":
            return [text for d in dosages(resource) for text in _leaves(d)]
        case "note":
            return list(_notes(resource))
        case "value":
            return list(_strings(resource.get("valueString")))
        case "anywhere":
            return list(_leaves(resource))


def named_in_text(resource: Resource) -> str:
    """The medication text of an order, white space normalised, lower case; codings' displays where there is no text."""
    concept = resource.get("medicationCodeableConcept") or {}
    text = concept.get("text") or " ".join(str(c.get("display", "")) for c in as_list(concept.get("coding")))
    return " ".join(str(text).lower().split())


def quantities(resource: Resource, element: Literal["doseQuantity", "rateQuantity"]) -> list[dict[str, Any]]:
    """All doses or rates of an order."""
    rates = [rate for d in dosages(resource) for rate in as_list(d.get("doseAndRate")) if isinstance(rate, dict)]
    return [rate[element] for rate in rates if isinstance(rate.get(element), dict)]


def plain(text: str) -> str:
    """Lower case, white space and hyphens normalised: for comparing free text."""
    return " ".join(re.sub(r"[-\u2010-\u2015]", " ", text.lower()).split())


def _notes(resource: Resource) -> Iterator[str]:
    for note in as_list(resource.get("note")):
        yield from _strings(note.get("text") if isinstance(note, dict) else note)
    for reason in as_list(resource.get("reasonCode")):
        yield from concept_texts(reason)
    for reference in as_list(resource.get("reasonReference")):
        if isinstance(reference, dict):
            yield from _strings(reference.get("display"))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
