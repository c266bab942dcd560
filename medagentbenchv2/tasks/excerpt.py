"""What an expectation rests on: every question that a family put to the chart, with the records that answer it.

A witness stands in for the chart while `expect` reads it. Records that concern a question but do not count (entered in
error, after the clock, stopped, outside the window) are shown with the reason, so that a reader can check that, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from typing_extensions import override

from medagentbenchv2.chart import (
    Chart,
    Event,
    Order,
    Person,
    Read,
    Reading,
    clinical_date,
    codings,
    is_untrue,
    order_text,
    person_of,
)
from medagentbenchv2.fhir.ehr import Ehr, Resource
from medagentbenchv2.moment import Moment
from medagentbenchv2.tasks.in_words import clock_in_words
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.terms import Terms

COUNTED, NOT_COUNTED = 40, 8
"""Records of a question that are listed; of the rest, how many there are."""


@dataclass
class Question:
    """One thing that was asked of the chart, however often."""

    title: str
    kind: str
    """Resource type."""
    concerns: Callable[[Resource], bool]
    why_not: Callable[[Resource], str | None]
    """Why a record that exists and is true does not count; None where it does."""
    since: datetime | None = None
    """The widest window that was asked for; None for the whole chart."""
    windows: set[float] = field(default_factory=set)
    """Hours."""


class Witness(Chart):
    """A chart that remembers what it was asked."""

    def __init__(self, resources: Iterable[Resource], now: datetime) -> None:
        super().__init__(resources, now)
        self.questions: dict[tuple[object, ...], Question] = {}

    @override
    def people(self) -> list[Person]:
        self._ask(("people",), Question("Patients", "Patient", lambda _: True, lambda _: None))
        return super().people()

    @override
    def readings(self, code: str, *, hours: float | None = None) -> list[Reading]:
        question = self._ask(
            ("readings", code),
            Question(f"Observations with the code {code}", "Observation", _coded(code), _why_no_number),
        )
        if hours is not None:
            since = self.now - timedelta(hours=hours)
            question.since = since if not question.windows else min(since, question.since or since)
            question.windows.add(hours)
        return super().readings(code, hours=hours)

    @override
    def procedures(self, *codes: str) -> list[Event]:
        title = f"Procedures with the code {_either(codes)}"
        self._ask(("procedures", codes), Question(title, "Procedure", _coded(*codes), _why_undated))
        return super().procedures(*codes)

    @override
    def medications(self, terms: Terms, *, status: frozenset[str] = frozenset({"active"})) -> list[Order]:
        named = terms.loosely()
        title = f"{_words(status)} medication orders that name {_either(terms.words)}"

        def why_not(resource: Resource) -> str | None:
            return _why_status(resource, status) or (None if terms.find(order_text(resource)) else "another drug")

        def concerns(resource: Resource) -> bool:
            return named.find(order_text(resource)) is not None

        self._ask(("medications", terms, status), Question(title, "MedicationRequest", concerns, why_not))
        return super().medications(terms, status=status)

    @override
    def services(self, *codes: str, status: frozenset[str] = frozenset({"active", "completed"})) -> list[Order]:
        title = f"{_words(status)} service requests with the code {_either(codes)}"
        question = Question(title, "ServiceRequest", _coded(*codes), lambda one: _why_status(one, status))
        self._ask(("services", codes, status), question)
        return super().services(*codes, status=status)

    @override
    def has_condition(self, code: str) -> bool:
        title = f"Problems with the code {code}"
        self._ask(("condition", code), Question(title, "Condition", _coded(code), lambda _: None))
        return super().has_condition(code)

    def _ask(self, key: tuple[object, ...], question: Question) -> Question:
        return self.questions.setdefault(key, question)


async def excerpt(task: Task, ehr: Ehr) -> str:
    """The excerpt as text. `ehr` is a fresh view: what an agent wrote does not belong here.

    Raises InfrastructureError when the EHR cannot be read.
    """
    reads = task.family.reads(task.slots)
    witness = await Witness.load(ehr, reads, task.now)
    task.family.expect(witness, task.slots)
    if not witness.questions:
        return "The chart is not read: the instruction says it all."
    if ("people",) in witness.questions:
        given = [f"{name} {value}" for read in reads if read.kind == "Patient" for name, value in read.params]
        witness.questions["people",].title = f"Patients with {' and '.join(given)}"
    # A status in a search hides what was stopped or completed; a reader is to see that it is there.
    whole = [Read(read.kind, tuple(p for p in read.params if p[0] != "status")) for read in reads]
    resources = list((await Witness.load(ehr, whole, task.now)).resources())
    answers = chain.from_iterable(_answer(one, resources, task.now) for one in witness.questions.values())
    return "\n".join((*await _patient(task, ehr), *answers))


async def _patient(task: Task, ehr: Ehr) -> list[str]:
    """Sex and age, which a clinician wants to know; nothing where the patient is named and to be found."""
    mrn = getattr(task.slots, "mrn", None)
    if mrn is None:
        return []
    found = await Chart.load(ehr, (Read("Patient", (("identifier", mrn),)),), task.now)
    return [_patient_line(resource, task.now) for resource in found.resources()]


def _patient_line(patient: Resource, now: datetime) -> str:
    born = person_of(patient).birth_date
    years = "age unknown"
    if born is not None:
        years = f"{now.year - born.year - ((now.month, now.day) < (born.month, born.day))} years"
    return f"Patient {patient['id']}: {patient.get('gender', 'sex unknown')}, {years}"


def _answer(question: Question, resources: list[Resource], now: datetime) -> Iterator[str]:
    """A question, the records that count and those that do not, newest first."""
    counted, apart = [], []
    for resource in sorted(resources, key=_instant, reverse=True):
        if resource["resourceType"] != question.kind or not question.concerns(resource):
            continue
        reason = _why_not(question, resource, now)
        line = f"{_when(clinical_date(resource), now)}{_what(resource)}"
        counted.append(line) if reason is None else apart.append(f"{line} (not counted: {reason})")
    windows = " and ".join(f"{hours:g}" for hours in sorted(question.windows))
    yield f"{question.title}{f', last {windows} hours' if windows else ''}: {_some(len(counted))}"
    yield from _listed(counted, COUNTED)
    yield from _listed(apart, NOT_COUNTED)


def _listed(lines: list[str], most: int) -> Iterator[str]:
    yield from (f"- {line}" for line in lines[:most])
    if len(lines) > most:
        yield f"- ... and {len(lines) - most} older"


def _why_not(question: Question, resource: Resource, now: datetime) -> str | None:
    at = clinical_date(resource)
    if at is not None and at.instant > now:
        return "after the clock"
    if is_untrue(resource):
        return _state(resource)
    if question.since is not None and at is not None and at.instant < question.since:
        return "before the window"
    return question.why_not(resource)


def _why_no_number(observation: Resource) -> str | None:
    quantity = observation.get("valueQuantity") or {}
    return "no plain number" if "value" not in quantity or "comparator" in quantity else _why_undated(observation)


def _why_undated(resource: Resource) -> str | None:
    return "no date" if clinical_date(resource) is None else None


def _why_status(order: Resource, status: frozenset[str]) -> str | None:
    return None if order.get("status") in status else _state(order)


def _state(resource: Resource) -> str:
    if resource["resourceType"] == "Condition":
        return " ".join(codings(resource.get("verificationStatus")))
    return str(resource.get("status") or "no status")


def _what(resource: Resource) -> str:
    """A record in words."""
    match resource["resourceType"]:
        case "Patient":
            person = person_of(resource)
            return f"{person.mrn}: {' '.join(person.given)} {person.family}, born {person.birth_date or 'unknown'}"
        case "Observation":
            return _value(resource)
        case "MedicationRequest":
            return f"{order_text(resource)}, {resource.get('status', 'no status')}"
    concept: dict[str, Any] = resource.get("code") or {}
    shown = concept.get("text") or next((c["display"] for c in concept.get("coding", ()) if c.get("display")), "")
    notes = (note["text"] for note in resource.get("note", ()) if note.get("text"))
    said = [" ".join(filter(None, [*codings(concept), shown])), resource.get("status"), *(f"note: {n}" for n in notes)]
    return ", ".join(filter(None, said))


def _value(observation: Resource) -> str:
    quantity = observation.get("valueQuantity")
    if quantity:
        value = f"{quantity.get('value', ''):g}" if isinstance(quantity.get("value"), float) else quantity.get("value")
        return f"{quantity.get('comparator', '')}{value} {quantity.get('unit', '')}".strip()
    return str(observation.get("valueString") or (observation.get("valueCodeableConcept") or {}).get("text") or "")


def _when(at: Moment | None, now: datetime) -> str:
    if at is None:
        return ""
    return f"{_moment_in_words(at)} ({_ago(now - at.instant)}): "


def _moment_in_words(at: Moment) -> str:
    """A date as it is; a time as `2023-11-07 22:47 UTC`, or as written where it was written in another offset."""
    if not at.has_time:
        return at.text
    if at.day != at.instant.date() or not at.text.endswith(("Z", "+00:00")):
        return at.text
    return clock_in_words(at.instant)


def _ago(age: timedelta) -> str:
    """How long before the clock, to the minute."""
    minutes = abs(age) // timedelta(minutes=1)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (rest, "min")) if n]
    if not parts:
        return "at the clock"
    return f"{' '.join(parts)} {'before' if age > timedelta(0) else 'after'} the clock"


def _instant(resource: Resource) -> float:
    at = clinical_date(resource)
    return at.instant.timestamp() if at else float("-inf")


def _coded(*codes: str) -> Callable[[Resource], bool]:
    return lambda resource: any(code in codings(resource.get("code")) for code in codes)


def _either(words: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(words))


def _words(status: frozenset[str]) -> str:
    return _either(sorted(status)).capitalize()


def _some(count: int) -> str:
    return "none" if count == 0 else "one" if count == 1 else str(count)
