"""References of a resource that the server checks before it stores it: each must lead to a known record.

HAPI checks the references that R4 has a search parameter for; others (such as priorPrescription) are stored as sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from medagentbenchv2.fhir import kinds
from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.fhir.extract import walk
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.references import target
from medagentbenchv2.fhir.search import View, exists

LINKS: dict[str, tuple[str, ...]] = {
    "Patient": ("generalPractitioner", "link.other", "managingOrganization"),
    "Observation": ("basedOn", "derivedFrom", "device", "encounter", "focus", "hasMember", "partOf", "performer",
                    "specimen", "subject"),
    "Condition": ("asserter", "encounter", "evidence.detail", "subject"),
    "Procedure": ("basedOn", "encounter", "location", "partOf", "performer.actor", "reasonReference", "subject"),
    "MedicationRequest": ("dispenseRequest.performer", "encounter", "medicationReference", "performer", "requester",
                          "subject"),
    "ServiceRequest": ("basedOn", "encounter", "performer", "replaces", "requester", "specimen", "subject"),
}  # fmt: skip
"""Reference elements with a search parameter, by type; of other types `subject`, `patient` and `encounter`."""


def check(resource: Resource, view: View, base_url: str) -> None:
    """Refuse a resource with a reference that leads nowhere, in HAPI's words."""
    kind = resource["resourceType"]
    for path, reference in _references(resource, kind):
        type, id = target(reference)
        if not type:
            words = f"Invalid resource reference found at path[{path}] - Does not contain resource type - {reference}"
            raise Problem(400, f"HAPI-0505: {words}")
        if not kinds.is_kind(type):
            words = f"path[{path}] - Resource type is unknown or not supported on this server - {reference}"
            raise Problem(400, f"HAPI-0506: Invalid resource reference found at {words}")
        server = reference[: reference.rfind(f"/{type}/")] if f"/{type}/" in reference else ""
        if server and server != base_url:
            words = "but this server is not configured to allow external references"
            raise Problem(400, f'HAPI-0507: Resource contains external reference to URL "{reference}" {words}')
        if not exists(view, type, id):
            raise Problem(400, f"HAPI-1094: Resource {type}/{id} not found, specified in path: {path}")


def _references(resource: Resource, kind: str) -> Iterator[tuple[str, str]]:
    for path in LINKS.get(kind, ("subject", "patient", "encounter")):
        if path.partition(".")[0] not in resource:
            continue
        for item in walk(resource, path.split(".")):
            reference = item.get("reference") if isinstance(item, dict) else None
            if isinstance(reference, str) and reference and not reference.startswith("#"):
                yield f"{kind}.{path}", reference
