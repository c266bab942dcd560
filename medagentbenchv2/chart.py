"""A patient's record as of a clock, over any EHR: how families read.

A chart holds exactly what its `Read`s asked for. Records whose clinical date is after the clock, and records that say
of themselves that they are not true (entered in error, cancelled, refuted, not done), do not exist in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

import orjson

from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.fhir.ehr import Ehr, Resource
from medagentbenchv2.moment import Moment, parse_moment
from medagentbenchv2.terms import Terms

PAGE = "1000"
"""Rows asked for at a time; further pages are followed."""

UNTRUE: dict[str, frozenset[str]] = {
    "Observation": frozenset({"entered-in-error", "cancelled"}),
    "Procedure": frozenset({"not-done", "entered-in-error"}),
    "MedicationRequest": frozenset({"entered-in-error"}),
    "ServiceRequest": frozenset({"entered-in-error"}),
}


@dataclass(frozen=True, slots=True)
class Read:
    """One search that a family needs; `params` are FHIR search parameters without paging."""

    kind: str
    params: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A patient's demographics."""

    mrn: str
    family: str
    given: tuple[str, ...]
    birth_date: date | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One numeric Observation without a comparator."""

    code: str
    at: Moment
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Event:
    """One dated Procedure."""

    codes: tuple[str, ...]
    at: Moment


@dataclass(frozen=True, slots=True)
class Order:
    """One MedicationRequest or ServiceRequest."""

    id: str
    kind: str
    text: str
    codes: tuple[str, ...]
    status: str
    at: Moment | None


class Chart:
    """What the reads found, as of `now`. Lists are newest first; ties keep insertion order."""

    def __init__(self, resources: Iterable[Resource], now: datetime) -> None:
        self.now = now
        self._by_kind: dict[str, dict[str, Resource]] = {}
        for resource in resources:
            self._by_kind.setdefault(resource["resourceType"], {}).setdefault(resource.get("id", ""), resource)

    @classmethod
    async def load(cls, ehr: Ehr, reads: Sequence[Read], now: datetime) -> Self:
        """Run the reads, all pages of each. Raises InfrastructureError when the EHR refuses one."""
        found: list[Resource] = []
        for read in reads:
            found.extend(await _all_pages(ehr, read))
        return cls(found, now)

    def resources(self) -> Iterator[Resource]:
        """Everything that was read, whether it exists in the chart or not."""
        for held in self._by_kind.values():
            yield from held.values()

    def people(self) -> list[Person]:
        """Every patient that was read."""
        return [person_of(resource) for resource in self._by_kind.get("Patient", {}).values()]

    def readings(self, code: str, *, hours: float | None = None) -> list[Reading]:
        """Numeric readings of a code, newest first; with `hours`, those of [now - hours, now], both ends included."""
        since = None if hours is None else self.now - timedelta(hours=hours)
        rows = [r for r in self._readings() if r.code == code and (since is None or r.at.instant >= since)]
        return sorted(rows, key=lambda r: r.at.instant, reverse=True)

    def latest(self, code: str, *, hours: float | None = None) -> Reading | None:
        """The newest reading of a code, or None."""
        return next(iter(self.readings(code, hours=hours)), None)

    def mean(self, code: str, *, hours: float) -> float | None:
        """The arithmetic mean of the readings of a window, or None for an empty window."""
        values = [r.value for r in self.readings(code, hours=hours)]
        return math.fsum(values) / len(values) if values else None

    def procedures(self, *codes: str) -> list[Event]:
        """Dated procedures that carry one of the codes, newest first."""
        events = []
        for resource, at in self._existing("Procedure"):
            held = codings(resource.get("code"))
            if at is not None and any(code in held for code in codes):
                events.append(Event(held, at))
        return sorted(events, key=lambda e: e.at.instant, reverse=True)

    def medications(self, terms: Terms, *, status: frozenset[str] = frozenset({"active"})) -> list[Order]:
        """MedicationRequests whose text names one of the terms, newest first, undated ones last."""
        orders = (_order(resource, at) for resource, at in self._existing("MedicationRequest"))
        return _newest_first(o for o in orders if o.status in status and terms.find(o.text))

    def services(self, *codes: str, status: frozenset[str] = frozenset({"active", "completed"})) -> list[Order]:
        """ServiceRequests that carry one of the codes, newest first, undated ones last."""
        orders = (_order(resource, at) for resource, at in self._existing("ServiceRequest"))
        return _newest_first(o for o in orders if o.status in status and any(code in o.codes for code in codes))

    def has_condition(self, code: str) -> bool:
        """True when a Condition with the code exists, whatever its clinical status."""
        return any(code in codings(resource.get("code")) for resource, _ in self._existing("Condition"))

    def is_older(self, at: Moment, *, days: float = 0, hours: float = 0) -> bool:
        """True when `at` lies strictly more than that long before the clock; exactly that long is not older."""
        return self.now - at.instant > timedelta(days=days, hours=hours)

    def _readings(self) -> Iterator[Reading]:
        for resource, at in self._existing("Observation"):
            quantity = resource.get("valueQuantity") or {}
            value = quantity.get("value")
            if at is None or isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if not math.isfinite(value) or "comparator" in quantity:
                continue
            for code in codings(resource.get("code")):
                yield Reading(code, at, float(value), quantity.get("unit", ""))

    def _existing(self, kind: str) -> Iterator[tuple[Resource, Moment | None]]:
        for resource in self._by_kind.get(kind, {}).values():
            at = clinical_date(resource)
            if (at is None or at.instant <= self.now) and not is_untrue(resource):
                yield resource, at


def clinical_date(resource: Resource) -> Moment | None:
    """When the record happened: effectiveDateTime, performed[x] (a period's end, else start), authoredOn, recordedDate
    else onsetDateTime. None for a record without one.
    """
    kind = resource["resourceType"]
    if kind == "Procedure":
        period = resource.get("performedPeriod") or {}
        text = resource.get("performedDateTime") or period.get("end") or period.get("start")
    elif kind == "Condition":
        text = resource.get("recordedDate") or resource.get("onsetDateTime")
    else:
        text = resource.get("effectiveDateTime" if kind == "Observation" else "authoredOn")
    return parse_moment(text) if text else None


def codings(concept: Any) -> tuple[str, ...]:
    """The codes of a CodeableConcept, in order."""
    return tuple(c["code"] for c in (concept or {}).get("coding", ()) if c.get("code"))


def is_untrue(resource: Resource) -> bool:
    """True where a record says of itself that it does not hold: entered in error, cancelled, refuted, not done."""
    if resource["resourceType"] == "Condition":
        return not {"refuted", "entered-in-error"}.isdisjoint(codings(resource.get("verificationStatus")))
    return resource.get("status") in UNTRUE.get(resource["resourceType"], ())


def person_of(resource: Resource) -> Person:
    """A Patient's demographics, by the first name given."""
    name: dict[str, Any] = next(iter(resource.get("name", ())), {})
    born = parse_moment(resource["birthDate"]).day if resource.get("birthDate") else None
    return Person(resource["id"], name.get("family", ""), tuple(name.get("given", ())), born)


def _order(resource: Resource, at: Moment | None) -> Order:
    codes = codings(_ordered(resource))
    return Order(resource["id"], resource["resourceType"], order_text(resource), codes, resource.get("status", ""), at)


def order_text(resource: Resource) -> str:
    """What an order names: the concept's text, else its displays."""
    concept = _ordered(resource)
    return concept.get("text") or " ".join(c.get("display", "") for c in concept.get("coding", ()))


def _ordered(resource: Resource) -> dict[str, Any]:
    name = "medicationCodeableConcept" if resource["resourceType"] == "MedicationRequest" else "code"
    return resource.get(name) or {}


def _newest_first(orders: Iterable[Order]) -> list[Order]:
    return sorted(orders, key=lambda o: o.at.instant.timestamp() if o.at else -math.inf, reverse=True)


async def _all_pages(ehr: Ehr, read: Read) -> list[Resource]:
    response = await ehr.search(read.kind, [*read.params, ("_count", PAGE)])
    found: list[Resource] = []
    while True:
        if not response.ok:
            raise InfrastructureError(f"{read.kind} search answered {response.status}: {response.body[:200]!r}")
        bundle = orjson.loads(response.body)
        found.extend(entry["resource"] for entry in bundle.get("entry", ()))
        following = [link["url"] for link in bundle.get("link", ()) if link["relation"] == "next"]
        if not following:
            return [resource for resource in found if resource["resourceType"] == read.kind]
        response = await ehr.request("GET", following[0])
