"""Prototypes: what all rows of one template and status look like before patient, time and value are filled in.

Searching reads a prototype with the same extractor as any resource; rendering turns it into a format string.
"""

from __future__ import annotations

from typing import Any

from medagentbenchv2.fhir.columns import SHAPE_STRIDE
from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.fhir.rows import Template

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_ORDER = {
    "Observation": ("status", "category", "code", "subject", "encounter", "effectiveDateTime", "issued", "performer",
                    "valueQuantity", "valueString", "interpretation", "note", "method", "referenceRange"),
    "Condition": ("clinicalStatus", "verificationStatus", "category", "severity", "code", "bodySite", "subject",
                  "encounter", "onsetDateTime", "recordedDate", "note"),
    "Procedure": ("status", "category", "code", "subject", "encounter", "performedDateTime", "bodySite", "note"),
    "MedicationRequest": ("status", "intent", "category", "priority", "medicationCodeableConcept", "subject",
                          "encounter", "authoredOn", "requester", "note", "dosageInstruction", "dispenseRequest"),
    "ServiceRequest": ("status", "intent", "category", "priority", "code", "subject", "encounter",
                       "occurrenceDateTime", "authoredOn", "reasonCode", "note"),
}  # fmt: skip
"""Element order of R4, so that rendered JSON reads as a server writes it."""

DATE_ELEMENTS = {
    "Observation": "effectiveDateTime",
    "Condition": "onsetDateTime",
    "Procedure": "performedDateTime",
    "MedicationRequest": "authoredOn",
    "ServiceRequest": "authoredOn",
}
"""The element that a row's time is written to."""

_CLINICAL = {"active": "Active", "resolved": "Resolved", "inactive": "Inactive"}
_VERIFICATION = {"confirmed": "Confirmed", "refuted": "Refuted", "entered-in-error": "Entered in Error"}
_LEVELS = {-1: ("LOW", "Low"), 1: ("HIGH", "High")}
"""Interpretation below and above the reference range; inside it none is written."""


def prototype(template: Template, status: str) -> Resource:
    """The resource of a template and status without id, meta, subject, dates and value, elements in R4 order."""
    body: dict[str, Any] = {**template.body, **_status(template.kind, status)}
    return {"resourceType": template.kind, **in_order(template.kind, body)}


def _status(kind: str, status: str) -> dict[str, Any]:
    if kind != "Condition":
        return {"status": status}
    verification = status if status in _VERIFICATION else "confirmed"
    written = {"verificationStatus": _concept("condition-ver-status", verification, _VERIFICATION[verification])}
    if verification == "confirmed":
        display = _CLINICAL.get(status, status.replace("-", " ").title())
        written["clinicalStatus"] = _concept("condition-clinical", status, display)
    return written


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": _TERMINOLOGY + system, "code": code, "display": display}]}


def in_order(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Elements in R4 order; those that the table does not name come last, as given."""
    known = _ORDER[kind]
    ordered = {name: body[name] for name in known if name in body}
    return {**ordered, **{name: value for name, value in body.items() if name not in ordered}}


def interpretation(level: int) -> list[dict[str, Any]]:
    """Observation.interpretation of level -1 or 1, in the published server's codes."""
    return [_concept("v3-ObservationInterpretation", *_LEVELS[level])]


def split_shape(shape: int) -> tuple[int, int]:
    """(template, status) of a shape number."""
    return divmod(int(shape), SHAPE_STRIDE)
