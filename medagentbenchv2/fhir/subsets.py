"""`_summary` and `_elements`: resources cut down to some of their elements, tagged SUBSETTED."""

from __future__ import annotations

from typing import Any

from medagentbenchv2.fhir.ehr import Resource

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "Resource encoded in summary mode",
}
_ALWAYS = frozenset(("resourceType", "id", "meta"))
_MANDATORY: dict[str, frozenset[str]] = {
    "Observation": frozenset(("status", "code")),
    "Condition": frozenset(("subject",)),
    "Procedure": frozenset(("status", "subject")),
    "MedicationRequest": frozenset(("status", "intent", "subject", "medicationCodeableConcept", "medicationReference")),
    "ServiceRequest": frozenset(("status", "intent", "subject")),
}
"""Elements with a minimum of one in R4, which a subset keeps."""

_OUTSIDE_SUMMARY: dict[str, frozenset[str]] = {
    kind: frozenset(("text", "contained", "extension", *names.split()))
    for kind, names in {
        "Patient": "maritalStatus multipleBirthBoolean multipleBirthInteger photo contact communication"
        " generalPractitioner",
        "Observation": "category performer dataAbsentReason interpretation note bodySite method specimen device"
        " referenceRange",
        "Condition": "severity abatementDateTime abatementAge abatementPeriod abatementRange abatementString note",
        "Procedure": "outcome report complication complicationDetail followUp note focalDevice usedReference usedCode",
        "MedicationRequest": "statusReason category supportingInformation reasonCode reasonReference insurance note"
        " dosageInstruction dispenseRequest substitution priorPrescription detectedIssue eventHistory encounter"
        " performer courseOfTherapyType groupIdentifier",
        "ServiceRequest": "category locationCode locationReference reasonCode reasonReference insurance supportingInfo"
        " note relevantHistory",
    }.items()
}
"""Elements that R4 marks as not part of the summary."""


def cut(resource: Resource, summary: str, elements: frozenset[str]) -> Resource:
    """The subset that a request asks for; the resource itself when it asks for all."""
    kind = resource["resourceType"]
    keep = _ALWAYS | _MANDATORY.get(kind, frozenset())
    if elements:
        chosen = {name: value for name, value in resource.items() if name in keep or name.lstrip("_") in elements}
    elif summary == "text":
        chosen = {name: value for name, value in resource.items() if name in keep or name == "text"}
    elif summary == "data":
        chosen = {name: value for name, value in resource.items() if name != "text"}
    elif summary == "true":
        outside = _OUTSIDE_SUMMARY.get(kind, frozenset(("text", "contained", "extension")))
        chosen = {name: value for name, value in resource.items() if name not in outside}
    else:
        return resource
    return _tagged(chosen)


def _tagged(resource: Resource) -> Resource:
    meta: dict[str, Any] = dict(resource.get("meta", {}))
    meta["tag"] = [*meta.get("tag", []), SUBSETTED]
    head: Resource = {name: resource[name] for name in ("resourceType", "id") if name in resource}
    return {**head, "meta": meta, **{name: value for name, value in resource.items() if name not in _ALWAYS}}
