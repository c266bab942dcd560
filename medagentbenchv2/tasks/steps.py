"""The calls that oracles make, one short function each, and what they make of the results."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from medagentbenchv2.chart import Chart, Order
from medagentbenchv2.moment import Moment
from medagentbenchv2.tools.call import Call, Result

CPT = "http://www.ama-assn.org/go/cpt"
LOINC = "http://loinc.org"
NDC = "http://hl7.org/fhir/sid/ndc"
SNOMED = "http://snomed.info/sct"
OBSERVATION_CATEGORY = "http://hl7.org/fhir/observation-category"


def seen(now: datetime, *results: Result) -> Chart:
    """The chart as far as search results show it."""
    return Chart((resource for result in results for resource in result.resources), now)


def search_observations(mrn: str, code: str) -> Call:
    """All observations of a code."""
    return Call("fhir_observation_search", {"patient": mrn, "code": code})


def search_procedures(mrn: str, *codes: str) -> Call:
    """All procedures of some codes."""
    return Call("fhir_procedure_search", {"patient": mrn, "code": ",".join(codes)})


def search_conditions(mrn: str, code: str) -> Call:
    """All conditions of a code."""
    return Call("fhir_condition_search", {"patient": mrn, "code": code})


def search_medications(mrn: str, *, text: str | None = None, status: str | None = "active") -> Call:
    """Medication orders, by default the active ones."""
    arguments = {"patient": mrn, "status": status, "text": text}
    return Call("fhir_medication_request_search", {k: v for k, v in arguments.items() if v is not None})


def search_services(mrn: str, *codes: str) -> Call:
    """All service requests of some codes."""
    return Call("fhir_procedure_search", {"patient": mrn, "code": ",".join(codes), "requested": True})


def search_patients(**arguments: str) -> Call:
    """Patients by identifier, family, given, birthdate, name or gender."""
    return Call("fhir_patient_search", dict(arguments))


def order_service(
    mrn: str,
    now: datetime,
    code: str,
    system: str,
    text: str,
    *,
    at: datetime | None = None,
    note: str | None = None,
    priority: str | None = None,
) -> Call:
    """File a ServiceRequest, to be done `at` a time where one is given."""
    arguments: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "code": {"coding": [{"system": system, "code": code, "display": text}], "text": text},
        "authoredOn": now.isoformat(),
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{mrn}"},
    }
    optional = {
        "occurrenceDateTime": at.isoformat() if at else None,
        "note": {"text": note} if note else None,
        "priority": priority,
    }
    return Call("fhir_service_request_create", arguments | {k: v for k, v in optional.items() if v is not None})


def order_medication(
    mrn: str, now: datetime, text: str, *, status: str = "active", prior: str | None = None, **dosage: Any
) -> Call:
    """File a MedicationRequest. `dosage`: route (str), dose and rate as (value, unit); coding as a dict."""
    concept: dict[str, Any] = {"text": text}
    if "coding" in dosage:
        concept["coding"] = [dosage["coding"]]
    arguments: dict[str, Any] = {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": concept,
        "authoredOn": now.isoformat(),
        "status": status,
        "intent": "order",
        "subject": {"reference": f"Patient/{mrn}"},
    }
    amounts = {
        f"{name}Quantity": {"value": dosage[name][0], "unit": dosage[name][1]}
        for name in ("dose", "rate")
        if name in dosage
    }
    instruction = ({"route": dosage["route"]} if "route" in dosage else {}) | (
        {"doseAndRate": [amounts]} if amounts else {}
    )
    if instruction:
        arguments["dosageInstruction"] = [instruction]
    if prior:
        arguments["priorPrescription"] = {"reference": f"MedicationRequest/{prior}"}
    return Call("fhir_medication_request_create", arguments)


def record_vital(mrn: str, now: datetime, flowsheet: str, value: str) -> Call:
    """Record a vital sign, measured now, under its flowsheet id."""
    coding = {"system": OBSERVATION_CATEGORY, "code": "vital-signs", "display": "Vital Signs"}
    arguments: dict[str, Any] = {
        "resourceType": "Observation",
        "category": [{"coding": [coding]}],
        "code": {"text": flowsheet},
        "effectiveDateTime": now.isoformat(),
        "status": "final",
        "valueString": value,
        "subject": {"reference": f"Patient/{mrn}"},
    }
    return Call("fhir_vitals_create", arguments)


def stop(mrn: str, now: datetime, order: Order) -> Call:
    """Discontinue an order: the same medication with status stopped, naming the order."""
    return order_medication(mrn, now, order.text, status="stopped", prior=order.id)


def day_said(at: Moment | None) -> str | int:
    """The answer for the day of a record: YYYY-MM-DD as written there, or -1 for no such record."""
    return at.day.isoformat() if at else -1


def finish(*values: str | float | None) -> Call:
    """End the task with the answer."""
    return Call("finish", {"value": list(values)})
