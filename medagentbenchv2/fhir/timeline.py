"""One patient's record as a clinician reads it: who, problems, medications, procedures, laboratory, vital signs.

It reads resources and knows nothing of tasks. Everything is newest first; repeated entries of one problem, drug or
procedure are one line with the first time, the last time and how often.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import orjson

from medagentbenchv2.errors import not_among
from medagentbenchv2.fhir import export
from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.moment import is_moment, parse_moment

_EVERYTHING = ("_count", "10000000")


@dataclass(frozen=True)
class Person:
    """Demographics."""

    mrn: str
    name: str
    gender: str
    birth_date: str
    age: int | None
    """Completed years at the clock; None without clock or full birth date."""
    address: str
    phone: str


@dataclass(frozen=True)
class Entry:
    """A problem, a drug or a procedure, however often it is in the record."""

    what: str
    code: str
    status: str
    """Of the newest entry; active where any prescription of the drug is."""
    first: str
    """When it was first in the record; FHIR date or dateTime, empty when unknown."""
    last: str
    times: int
    detail: str = ""
    """Of the same entry: dose, route and frequency of a drug, onset of a problem."""


@dataclass(frozen=True)
class Trend:
    """The readings of one test or vital sign."""

    code: str
    what: str
    unit: str
    readings: tuple[tuple[str, float | str, str], ...]
    """(time, value, flag such as HIGH), newest first."""

    @property
    def numbers(self) -> list[float]:
        """Numeric values, oldest first."""
        return [value for _, value, _ in reversed(self.readings) if not isinstance(value, str)]


@dataclass(frozen=True)
class Timeline:
    """The whole record."""

    person: Person
    now: str | None
    problems: tuple[Entry, ...]
    medications: tuple[Entry, ...]
    """Active ones first."""
    procedures: tuple[Entry, ...]
    orders: tuple[Entry, ...]
    laboratory: tuple[Trend, ...]
    vitals: tuple[Trend, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON-able data."""
        return asdict(self)


def timeline(snapshot: Snapshot, mrn: str, now: datetime | None = None) -> Timeline:
    """A patient's record as of now (None: all of it). Raises ArgumentError for an unknown MRN."""
    session = Session(snapshot, now)
    # an empty value searches for everybody
    named = (("identifier", mrn), ("_id", mrn)) if mrn.strip() else ()
    patients = next((found for one in named if (found := _search(session, "Patient", one))), ())
    if not patients:
        raise not_among("mrn", mrn, [orjson.loads(line)["id"] for line in export.lines(snapshot, "Patient")])
    patient = patients[0]

    def of(kind: str) -> list[Resource]:
        return _search(session, kind, ("patient", patient["id"]))

    vitals: list[Resource] = []
    laboratory: list[Resource] = []
    for observation in of("Observation"):
        is_vital = any(code == "vital-signs" for one in observation.get("category", ()) for code in _codes(one))
        (vitals if is_vital else laboratory).append(observation)
    return Timeline(
        _person(patient, now),
        None if now is None else now.isoformat(),
        _entries(of("Condition"), _condition_detail),
        tuple(sorted(_entries(of("MedicationRequest"), _dose), key=lambda one: one.status != "active")),
        _entries(of("Procedure")),
        _entries(of("ServiceRequest")),
        _trends(laboratory),
        _trends(vitals),
    )


def _search(session: Session, kind: str, param: tuple[str, str]) -> list[Resource]:
    bundle = orjson.loads(session.search_now(kind, (param, _EVERYTHING)).body)
    return [entry["resource"] for entry in bundle.get("entry", ())]


def _person(patient: Resource, now: datetime | None) -> Person:
    name: Resource = next(iter(patient.get("name", ())), {})
    address: Resource = next(iter(patient.get("address", ())), {})
    place = [*address.get("line", ()), address.get("city", ""), address.get("state", ""), address.get("postalCode", "")]
    phones = [one.get("value", "") for one in patient.get("telecom", ()) if one.get("system") == "phone"]
    born = patient.get("birthDate", "")
    return Person(
        mrn=patient["id"],
        name=" ".join([*name.get("given", ()), name.get("family", "")]).strip() or name.get("text", ""),
        gender=patient.get("gender", ""),
        birth_date=born,
        age=_age(born, now),
        address=", ".join(part for part in place if part),
        phone=next(iter(phones), ""),
    )


def _age(born: str, now: datetime | None) -> int | None:
    if now is None or len(born) != 10:
        return None
    day = date.fromisoformat(born)
    return now.year - day.year - ((now.month, now.day) < (day.month, day.day))


def _entries(resources: Iterable[Resource], detail: Callable[[Resource], str] | None = None) -> tuple[Entry, ...]:
    """One entry for each thing that resources say, newest first."""
    groups: dict[tuple[str, str], list[Resource]] = {}
    for resource in resources:
        concept = resource.get("medicationCodeableConcept") or resource.get("code") or {}
        code = next(iter(_codes(concept)), "")
        groups.setdefault((_text(concept) or code or "(no code)", code), []).append(resource)
    found = []
    for (what, code), group in groups.items():
        newest = max(group, key=_current)
        dates = sorted((when for one in group if (when := _when(one))), key=_instant) or [""]
        more = detail(newest) if detail else ""
        found.append(Entry(what, code, _status(newest), dates[0], dates[-1], len(group), more))
    return tuple(sorted(found, key=lambda one: _instant(one.last), reverse=True))


def _trends(observations: Iterable[Resource]) -> tuple[Trend, ...]:
    groups: dict[tuple[str, str], list[Resource]] = {}
    for one in observations:
        concept = one.get("code") or {}
        unit = (one.get("valueQuantity") or {}).get("unit", "")
        groups.setdefault((next(iter(_codes(concept)), "") or _text(concept), unit), []).append(one)
    found = []
    for (code, unit), group in groups.items():
        newest_first = sorted(group, key=lambda one: _instant(_when(one)), reverse=True)
        readings = tuple((_when(one), _value(one), _flag(one)) for one in newest_first)
        found.append(Trend(code, _text(newest_first[0].get("code") or {}) or code, unit, readings))
    return tuple(sorted(found, key=lambda trend: _instant(trend.readings[0][0]), reverse=True))


def _value(observation: Resource) -> float | str:
    quantity = observation.get("valueQuantity")
    if quantity and isinstance(quantity.get("value"), int | float) and "comparator" not in quantity:
        value: float = quantity["value"]
        return value
    if quantity:
        return f"{quantity.get('comparator', '')}{quantity.get('value', '')}"
    said = observation.get("valueString") or _text(observation.get("valueCodeableConcept") or {})
    return said or next((str(value) for name, value in observation.items() if name.startswith("value")), "")


def _flag(observation: Resource) -> str:
    return next((code for one in observation.get("interpretation", ()) for code in _codes(one)), "")


def _when(resource: Resource) -> str:
    """When it happened, as written; empty when nothing says."""
    period = resource.get("performedPeriod") or resource.get("effectivePeriod") or {}
    names = ("effectiveDateTime", "performedDateTime", "authoredOn", "recordedDate", "onsetDateTime")
    return next((resource[name] for name in names if name in resource), period.get("end") or period.get("start") or "")


def _instant(text: str) -> float:
    return parse_moment(text).instant.timestamp() if is_moment(text) else -math.inf


def _current(resource: Resource) -> tuple[bool, float]:
    """The entry that speaks for its group is the newest one; of prescriptions, the newest that is active."""
    active = resource["resourceType"] == "MedicationRequest" and resource.get("status") == "active"
    return active, _instant(_when(resource))


def _status(resource: Resource) -> str:
    return next(iter(_codes(resource.get("clinicalStatus") or {})), resource.get("status", ""))


def _condition_detail(condition: Resource) -> str:
    onset = condition.get("onsetDateTime", "")
    return f"onset {onset[:10]}" if onset else ""


def _dose(order: Resource) -> str:
    dosage: Resource = next(iter(order.get("dosageInstruction", ())), {})
    rate: Resource = next(iter(dosage.get("doseAndRate", ())), {})
    dose = rate.get("doseQuantity") or rate.get("rateQuantity") or {}
    amount = f"{dose.get('value', '')} {dose.get('unit', '')}".strip()
    timing = dosage.get("timing") or {}
    parts = [amount, _text(dosage.get("route") or {}), _text(timing.get("code") or {}), dosage.get("text", "")]
    return ", ".join(part for part in parts if part)


def _text(concept: dict[str, Any]) -> str:
    shown = (one.get("display", "") for one in concept.get("coding", ()))
    return concept.get("text") or next(shown, "")


def _codes(concept: dict[str, Any]) -> list[str]:
    return [one["code"] for one in concept.get("coding", ()) if one.get("code")]
