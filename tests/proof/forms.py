"""The argument forms of a call that mean the same: the published one, a flat one, and R4 proper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medagentbenchv2.tools.call import Call

WRAPPED = ("fhir_observation_search", "fhir_procedure_search", "fhir_condition_search")
"""Searches whose published form has `search_params` and `explanation`."""
OURS = ("requested", "count", "page")
"""Arguments that the published form does not have."""


def published(call: Call) -> Call:
    """Searches wrapped and explained, a full reference for the patient; creates are published as the oracle sends."""
    if call.tool not in WRAPPED or set(OURS) & call.arguments.keys():
        return call
    wrapped = call.arguments | {"patient": f"Patient/{call.arguments['patient']}"}
    return Call(call.tool, {"search_params": wrapped, "explanation": "to know the patient"})


def flat(call: Call) -> Call:
    """No nesting where a text will do."""
    new = dict(call.arguments)
    if "subject" in new:
        new["subject"] = new["subject"]["reference"]
    if "note" in new:
        new["note"] = new["note"]["text"]
    if "category" in new and call.tool == "fhir_vitals_create":
        new["category"] = "vital-signs"
        new["code"] = new["code"]["text"]
    if "priorPrescription" in new:
        new["priorPrescription"] = new["priorPrescription"]["reference"]
    if "dosageInstruction" in new:
        dosage = dict(new["dosageInstruction"][0])
        amounts = (dosage.pop("doseAndRate", None) or [{}])[0]
        new["dosageInstruction"] = dosage | amounts
    concept = new.get("medicationCodeableConcept")
    if concept and "coding" not in concept:
        new["medicationCodeableConcept"] = concept["text"]
    return Call(call.tool, new)


def r4(call: Call) -> Call:
    """As R4 spells a resource: lists and concepts where they belong."""
    new = dict(call.arguments)
    if "note" in new:
        new["note"] = [new["note"]]
    if "dosageInstruction" in new:
        new["dosageInstruction"] = [_r4_dosage(dosage) for dosage in new["dosageInstruction"]]
    return Call(call.tool, new)


def padded(call: Call) -> Call:
    """Optional arguments filled with nothing, as models do that fill in every field."""
    nothing: dict[str, dict[str, Any]] = {
        "fhir_service_request_create": {"priority": None, "note": {}, "occurrenceDateTime": "", "reasonCode": []},
        "fhir_medication_request_create": {"priorPrescription": None, "dosageInstruction": []},
        "fhir_patient_search": {"given": "", "identifier": None},
        "fhir_observation_search": {"date": None},
        "fhir_medication_request_search": {"category": None, "date": ""},
    }
    return Call(call.tool, nothing.get(call.tool, {}) | call.arguments)


def _r4_dosage(dosage: dict[str, Any]) -> dict[str, Any]:
    if "route" not in dosage:
        return dosage
    return dosage | {"route": {"text": dosage["route"]}}


FORMS: dict[str, Callable[[Call], Call]] = {
    "published form": published,
    "flat form": flat,
    "R4 form": r4,
    "empty options": padded,
}
