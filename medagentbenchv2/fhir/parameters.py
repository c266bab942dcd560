"""Which search parameters each resource type has, and the elements each one reads (R4 search parameter registry)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medagentbenchv2.fhir.kinds import RESOURCE_TYPES

Type = Literal["token", "string", "date", "quantity", "reference", "id", "instant"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter of one resource type."""

    name: str
    type: Type
    """id and instant are `_id` (a token) and `_lastUpdated` (a date)."""
    paths: tuple[str, ...]
    """Elements, dotted, arrays flattened."""
    system: str = ""
    """For an element of type code: the system that its codes are in."""
    target: str = ""
    """For a reference: the type that an untyped value means; empty for any."""


def _token(name: str, *paths: str, system: str = "") -> Parameter:
    return Parameter(name, "token", paths or (name,), system)


def _date(name: str, *paths: str) -> Parameter:
    return Parameter(name, "date", paths)


def _string(name: str, *paths: str) -> Parameter:
    return Parameter(name, "string", paths)


def _patient(path: str = "subject") -> tuple[Parameter, Parameter]:
    subject = Parameter("subject" if path == "subject" else path, "reference", (path,))
    return Parameter("patient", "reference", (path,), target="Patient"), subject


_REQUEST_STATUS = "http://hl7.org/fhir/request-status"
_MEDICATION_STATUS = "http://hl7.org/fhir/CodeSystem/medicationrequest-status"
_MEDICATION_INTENT = "http://hl7.org/fhir/CodeSystem/medicationrequest-intent"
_TELECOM = Parameter("telecom", "token", ("telecom",))
_NAME = ("name.family", "name.given", "name.prefix", "name.suffix", "name.text")
_ADDRESS = tuple(f"address.{part}" for part in ("line", "city", "district", "state", "country", "postalCode", "text"))
_PERSON = (
    _token("identifier"), _string("name", *_NAME), _string("family", "name.family"), _string("given", "name.given"),
    _token("gender", system="http://hl7.org/fhir/administrative-gender"), _string("address", *_ADDRESS),
    _string("address-city", "address.city"), _string("address-state", "address.state"),
    _string("address-country", "address.country"), _string("address-postalcode", "address.postalCode"),
    _token("address-use", "address.use", system="http://hl7.org/fhir/address-use"), _TELECOM,
    _token("phone", "telecom[phone]"), _token("email", "telecom[email]"),
)  # fmt: skip

_BY_TYPE: dict[str, tuple[Parameter, ...]] = {
    "Patient": (*_PERSON, _date("birthdate", "birthDate")),
    "Practitioner": _PERSON,
    "Observation": (
        _token("code"), _token("category"), _token("status", system="http://hl7.org/fhir/observation-status"),
        _date("date", "effectiveDateTime", "effectivePeriod", "effectiveTiming", "effectiveInstant"),
        Parameter("value-quantity", "quantity", ("valueQuantity",)), *_patient(),
    ),
    "Condition": (
        _token("code"), _token("category"), _token("clinical-status", "clinicalStatus"),
        _date("onset-date", "onsetDateTime", "onsetPeriod"), _date("recorded-date", "recordedDate"), *_patient(),
    ),
    "Procedure": (
        _token("code"), _token("category"), _token("status", system="http://hl7.org/fhir/event-status"),
        _date("date", "performedDateTime", "performedPeriod"), *_patient(),
    ),
    "MedicationRequest": (
        _token("code", "medicationCodeableConcept"), _token("status", system=_MEDICATION_STATUS),
        _token("intent", system=_MEDICATION_INTENT), _date("authoredon", "authoredOn"),
        _date("date", "dosageInstruction.timing.event"),
        Parameter("medication", "reference", ("medicationReference",), target="Medication"), *_patient(),
    ),
    "ServiceRequest": (
        _token("code"), _token("status", system=_REQUEST_STATUS),
        _token("intent", system="http://hl7.org/fhir/request-intent"), _date("authored", "authoredOn"),
        _date("occurrence", "occurrenceDateTime", "occurrencePeriod", "occurrenceTiming"),
        _token("priority", system="http://hl7.org/fhir/request-priority"), *_patient(),
    ),
    "AllergyIntolerance": (
        _token("code"), _token("category"), _token("clinical-status", "clinicalStatus"),
        _date("date", "recordedDate"), *_patient("patient")[:1],
    ),
    "Immunization": (
        _token("vaccine-code", "vaccineCode"), _token("status"), _date("date", "occurrenceDateTime"),
        *_patient("patient")[:1],
    ),
    "DiagnosticReport": (
        _token("code"), _token("category"), _token("status"), _date("date", "effectiveDateTime", "effectivePeriod"),
        *_patient(),
    ),
    "DocumentReference": (
        _token("type"), _token("category"), _token("status"), _date("date", "date"), *_patient(),
    ),
    "Encounter": (_token("class"), _token("type"), _token("status"), _date("date", "period"), *_patient()),
    "MedicationAdministration": (
        _token("code", "medicationCodeableConcept"), _token("status"),
        _date("effective-time", "effectiveDateTime", "effectivePeriod"), *_patient(),
    ),
    "MedicationStatement": (
        _token("code", "medicationCodeableConcept"), _token("status"), _token("category"),
        _date("effective", "effectiveDateTime", "effectivePeriod"), *_patient(),
    ),
    "Organization": (_token("identifier"), _string("name", "name", "alias")),
    "Location": (_token("identifier"), _string("name", "name", "alias")),
    "Medication": (_token("code"), _token("status")),
}  # fmt: skip

ID = Parameter("_id", "id", ("id",))
LAST_UPDATED = Parameter("_lastUpdated", "instant", ("meta.lastUpdated",))
_META = tuple(_token(f"_{name}", f"meta.{name}") for name in ("profile", "security", "source", "tag"))

PARAMETERS: dict[str, dict[str, Parameter]] = {
    kind: {parameter.name: parameter for parameter in (ID, LAST_UPDATED, *_META, *_BY_TYPE.get(kind, ()))}
    for kind in RESOURCE_TYPES
}
"""Resource type -> parameter name -> parameter. Types without an entry above are found by what all types have."""

CONTROLS = frozenset(
    ("_sort", "_count", "_summary", "_elements", "_total", "_format", "_pretty", "_include", "_revinclude")
)
"""Parameters that shape the answer instead of choosing records."""

HAS = "_has"
"""Reverse chaining: `Patient?_has:Observation:patient:code=K`."""

REFUSED = {
    "_text": "HAPI-1192: Fulltext search is not enabled on this service, can not process parameter: _text",
    "_content": "HAPI-1192: Fulltext search is not enabled on this service, can not process parameter: _content",
    "_filter": "HAPI-1222: _filter parameter is disabled on this server",
    "_query": "Named queries (_query) are not supported on this server",
    "_list": "The _list parameter is not supported on this server",
    "_language": "The _language parameter is not supported on this server",
    "_offset": "The _offset parameter is not supported on this server; follow the next links of a page",
}
"""Parameters that choose records in HAPI but cannot here; ignoring them would answer another question.

Every other name that begins with an underscore is ignored, as HAPI's server does (its RawParamsParameter).
"""


def valid_names(kind: str) -> str:
    """The names as HAPI lists them in its error messages: `[_id, _lastUpdated, category, ...]`."""
    return f"[{', '.join(sorted(PARAMETERS[kind]))}]"
