"""Hand-made charts, a paper hospital to plant in, and the judge's word on what was done: for the tests of families.

The paper hospital answers the searches that oracles make from a plain list of resources, so that a family is tested on
its own; the same laws are tested over the real hospital, engine and tools where those are tested.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from medagentbenchv2.chart import Chart, clinical_date, codings
from medagentbenchv2.fhir.ehr import Resource, Write
from medagentbenchv2.grading.expectation import Expectation, Profile
from medagentbenchv2.grading.judge import judge
from medagentbenchv2.grading.verdict import Verdict
from medagentbenchv2.hospital.people import Person
from medagentbenchv2.tasks.family import Family, Slots
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tools.call import Call, Result

V2_CLOCK = datetime(2023, 11, 7, 22, 47, tzinfo=UTC)
V1_CLOCK = datetime(2023, 11, 13, 10, 15, tzinfo=UTC)
MRN = "S1234567"
OTHER = "S7654321"
_ids = itertools.count(1)


def _stamp(at: datetime | date | str | None) -> str | None:
    return at if at is None or isinstance(at, str) else at.isoformat()


def _resource(kind: str, mrn: str, extra: dict[str, Any], **elements: Any) -> Resource:
    """Elements that are None are left out; `extra` overrides, and removes an element by giving None."""
    whole = {
        "resourceType": kind,
        "id": str(next(_ids)),
        "subject": {"reference": f"Patient/{mrn}"},
        **elements,
        **extra,
    }
    return {name: value for name, value in whole.items() if value is not None}


def observation(
    code: str, at: datetime | str | None, value: Any, *, status: str | None = "final", unit: str = "", mrn: str = MRN,
    **extra: Any,
) -> Resource:  # fmt: skip
    """One numeric Observation; `valueQuantity=...` and other elements in `extra` replace what stands here."""
    concept = {"coding": [{"system": "http://loinc.org", "code": code}], "text": code}
    quantity = {"value": value, "unit": unit}
    return _resource(
        "Observation", mrn, extra, code=concept, effectiveDateTime=_stamp(at), status=status, valueQuantity=quantity
    )


def procedure(
    code: str, at: datetime | date | str | None, *, status: str | None = None, mrn: str = MRN, **extra: Any
) -> Resource:
    """One Procedure; like the published ones it has no status unless one is given."""
    concept = {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": code}]}
    return _resource("Procedure", mrn, extra, code=concept, performedDateTime=_stamp(at), status=status)


def condition(code: str, onset: datetime | str | None = None, *, mrn: str = MRN, **extra: Any) -> Resource:
    """One Condition; like the published ones it has no verification status unless one is given."""
    concept = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]}
    return _resource("Condition", mrn, extra, code=concept, onsetDateTime=_stamp(onset))


def medication(
    text: str, at: datetime | str | None, *, status: str | None = "active", mrn: str = MRN, **extra: Any
) -> Resource:
    """One MedicationRequest that names its drug in free text."""
    concept = {"text": text}
    return _resource(
        "MedicationRequest", mrn, extra, medicationCodeableConcept=concept, authoredOn=_stamp(at), status=status,
        intent="order",
    )  # fmt: skip


def service(
    code: str, at: datetime | date | str | None, *, status: str | None = "active", mrn: str = MRN, **extra: Any
) -> Resource:
    """One ServiceRequest."""
    concept = {"coding": [{"code": code}]}
    return _resource("ServiceRequest", mrn, extra, code=concept, authoredOn=_stamp(at), status=status, intent="order")


def patient(mrn: str, family: str, given: str, born: date | str) -> Resource:
    """One Patient."""
    marker = {"identifier": [{"value": mrn}], "name": [{"family": family, "given": given.split()}]}
    return {"resourceType": "Patient", "id": mrn, **marker, "birthDate": _stamp(born)}


def expectation_of(
    family: Family[Any], slots: Slots, resources: Iterable[Resource], now: datetime, *,
    profile: Profile = "strict", ours: bool = True,
) -> Expectation:  # fmt: skip
    """What is right over a hand-made chart; `ours=False` for a task in somebody else's words."""
    chart = Chart(resources, now)
    if profile == "published":
        return family.published(chart, slots)
    strict = family.expect(chart, slots)
    return strict if ours else family.foreign(strict, chart)


def verdict_of(
    family: Family[Any], slots: Slots, resources: Iterable[Resource], now: datetime,
    calls: Sequence[Call | Resource], *, profile: Profile = "strict", ours: bool = True,
) -> Verdict:  # fmt: skip
    """Judge what an agent did: calls as `tasks.steps` makes them, or whole resources as a server accepted them.

    Without a `finish` among the calls, the rollout ended without one.
    """
    expected = expectation_of(family, slots, resources, now, profile=profile, ours=ours)
    return verdict_on(expected, calls, profile=profile)


def verdict_on(expected: Expectation, calls: Sequence[Call | Resource], *, profile: Profile = "strict") -> Verdict:
    """Judge what an agent did against an expectation; a call that only reads does not count."""
    answers = [call.arguments["value"] for call in calls if isinstance(call, Call) and call.tool == "finish"]
    bodies = [call if isinstance(call, dict) else call.arguments for call in calls]
    filed = [
        body
        for call, body in zip(calls, bodies, strict=True)
        if isinstance(call, dict) or call.tool.endswith("_create")
    ]
    writes = [Write("POST", body["resourceType"], f"9{i}", {"id": f"9{i}", **body}) for i, body in enumerate(filed)]
    answer = answers[0] if answers else None
    return judge(expected, writes, answer, "completed" if answers else "no_finish", profile)


@dataclass
class PaperWard:
    """A hospital on paper: what families plant, as a list of resources."""

    resources: list[Resource] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)

    def admit(
        self, mrn: str = MRN, family: str = "Okafor", given: str = "Ruth", born: date = date(1961, 3, 9)
    ) -> Person:
        """A new patient."""
        person = Person(len(self.people), mrn, family, given, "female", born, charted=True)
        self.people.append(person)
        self.resources.append(patient(mrn, family, given, born))
        return person

    def clear(self, person: Person, *codes: str) -> None:
        """Drop the person's records with one of the codes."""
        self.resources = [
            r for r in self.resources if not (_is_of(r, person.mrn) and set(codes) & set(codings(r.get("code"))))
        ]

    def clear_orders(self, person: Person, *words: str) -> None:
        """Drop the person's medication orders whose text holds one of the words."""
        self.resources = [
            r for r in self.resources
            if not (_is_of(r, person.mrn) and any(word.lower() in _drug(r).lower() for word in words))
        ]  # fmt: skip

    def observe(
        self, person: Person, code: str, when: datetime, value: float, *, status: str = "final", unit: str | None = None
    ) -> None:
        """Write an Observation down."""
        self.resources.append(observation(code, when, value, status=status, unit=unit or "", mrn=person.mrn))

    def observe_text(self, person: Person, code: str, when: datetime, text: str, *, status: str = "final") -> None:
        """Write an Observation without a number down."""
        said = observation(code, when, None, status=status, mrn=person.mrn, valueQuantity=None, valueString=text)
        self.resources.append(said)

    def set_birth_date(self, person: Person, birth_date: date) -> Person:
        """Write another birth date down."""
        next(r for r in self.resources if r["id"] == person.mrn)["birthDate"] = birth_date.isoformat()
        self.people[person.index] = replace(self.people[person.index], birth_date=birth_date)
        return self.people[person.index]

    def procedure(self, person: Person, code: str, when: datetime | None, *, status: str = "completed") -> None:
        """Write a Procedure down."""
        self.resources.append(procedure(code, when, status=status, mrn=person.mrn))

    def diagnose(self, person: Person, code: str, onset: datetime, *, status: str = "active") -> None:
        """Write a Condition down."""
        untrue = status in ("refuted", "entered-in-error")
        states = {"verificationStatus": {"coding": [{"code": status if untrue else "confirmed"}]}}
        self.resources.append(condition(code, onset, mrn=person.mrn, **states))

    def order(self, person: Person, text: str, authored: datetime | None, *, status: str = "active") -> None:
        """Write a MedicationRequest down."""
        self.resources.append(medication(text, authored, status=status, mrn=person.mrn))

    def service(
        self, person: Person, code: str, authored: datetime | None, *, status: str = "active", note: str | None = None
    ) -> None:
        """Write a ServiceRequest down."""
        notes = [{"text": note}] if note else None
        self.resources.append(service(code, authored, status=status, mrn=person.mrn, note=notes))

    def rename(self, person: Person, *, given: str) -> Person:
        """Change a given name."""
        next(r for r in self.resources if r["id"] == person.mrn)["name"][0]["given"] = given.split()
        self.people[person.index] = replace(self.people[person.index], given=given)
        return self.people[person.index]

    def look_alike(self, person: Person, *, days: int = 3) -> Person:
        """Somebody with the same family name, another given name and a birth date nearby."""
        born = person.birth_date + timedelta(days=days)
        return self.admit(f"S{int(person.mrn[1:]) + len(self.people):07d}", person.family, f"{person.given}anne", born)

    def answer(self, call: Call, now: datetime) -> Result:
        """What a search would find, newest first, as a compact result; a create is accepted."""
        if not call.tool.endswith("_search"):
            return Result(orjson.dumps({"created": True}).decode())
        kind = "".join(word.capitalize() for word in call.tool.split("_")[1:-1])
        kind = {"Vitals": "Observation"}.get(kind, kind)
        kind = "ServiceRequest" if call.arguments.get("requested") else kind
        found = [r for r in self.resources if r["resourceType"] == kind and _fits(r, call.arguments, now)]
        found.sort(key=lambda r: _when(r) or datetime.min.replace(tzinfo=UTC), reverse=True)
        return Result(orjson.dumps({"total": len(found), "page": 1, "next": False, "resources": found}).decode())


@dataclass(frozen=True)
class Planted:
    """One planted task on paper."""

    family: Family[Any]
    slots: Slots
    ward: PaperWard
    now: datetime

    @property
    def chart(self) -> list[Resource]:
        """What the family's reads would bring: everything of the patient, and every Patient."""
        mrn = getattr(self.slots, "mrn", None)
        return [r for r in self.ward.resources if r["resourceType"] == "Patient" or mrn is None or _is_of(r, mrn)]

    def expectation(self, profile: Profile = "strict") -> Expectation:
        """What is right."""
        return expectation_of(self.family, self.slots, self.chart, self.now, profile=profile)

    def solve(self) -> list[Call]:
        """All calls of the oracle, each answered from the paper chart."""
        steps = self.family.solve(self.slots, self.now)
        calls = [next(steps)]
        while True:
            try:
                calls.append(steps.send(self.ward.answer(calls[-1], self.now)))
            except StopIteration:
                return calls

    def verdict(self, calls: Sequence[Call | Resource], profile: Profile = "strict") -> Verdict:
        """The judge's word on some calls."""
        return verdict_on(self.expectation(profile), calls, profile=profile)


def planted(
    family: Family[Any], branch: str, index: int, *, now: datetime = V2_CLOCK, difficulty: int = 1, seed: int = 0
) -> Planted:
    """Plant one task of a branch in a fresh paper hospital."""
    ward = PaperWard()
    rng = random.Random(f"{family.slug}/{branch}/{index}/{seed}")
    person = ward.admit(f"S{1_000_000 + 7 * index}", born=date(1930 + 4 * index % 64, 3, 9))
    scene = Scene(ward, person, now, rng, index, difficulty)  # type: ignore[arg-type]  # paper for a Ward
    return Planted(family, family.plant(scene, branch), ward, now)


def with_person(planted_task: Planted, **slots: Any) -> Planted:
    """The same planted chart, asked with other slots."""
    return replace(planted_task, slots=planted_task.slots.model_copy(update=slots))


def _is_of(resource: Resource, mrn: str) -> bool:
    return bool(resource.get("subject", {}).get("reference") == f"Patient/{mrn}")


def _drug(resource: Resource) -> str:
    return str(resource.get("medicationCodeableConcept", {}).get("text", ""))


def _when(resource: Resource) -> datetime | None:
    moment = clinical_date(resource) if resource["resourceType"] != "Patient" else None
    return moment.instant if moment else None


def _fits(resource: Resource, arguments: dict[str, Any], now: datetime) -> bool:
    """True when a resource is what a search with these arguments finds as of now."""
    if resource["resourceType"] == "Patient":
        return _is_named(resource, arguments)
    when = _when(resource)
    codes = arguments["code"].split(",") if "code" in arguments else None
    return (
        _is_of(resource, arguments["patient"])
        and (when is None or when <= now)
        and (codes is None or not set(codes).isdisjoint(codings(resource.get("code"))))
        and arguments.get("status") in (None, resource.get("status"))
        and arguments.get("text", "").lower() in _drug(resource).lower()
    )


def _is_named(resource: Resource, arguments: dict[str, Any]) -> bool:
    """String parameters match the beginning of a name part, ignoring case."""
    name = resource["name"][0]
    given = [part.lower() for part in name["given"]]
    family = name["family"].lower()
    tests = {
        "identifier": lambda value: value == resource["id"],
        "birthdate": lambda value: value == resource["birthDate"],
        "family": lambda value: family.startswith(value.lower()),
        "given": lambda value: any(part.startswith(value.lower()) for part in given),
        "name": lambda value: any(part.startswith(value.lower()) for part in [family, *given]),
    }
    return all(tests[key](value) for key, value in arguments.items())


def before(*, clock: datetime = V2_CLOCK, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
    """That long before the clock."""
    return clock - timedelta(days=days, hours=hours, minutes=minutes)


def changed(call: Call, **elements: Any) -> Resource:
    """The order of a create, as a server would store it, with elements replaced; None removes one."""
    return {name: value for name, value in {**call.arguments, **elements}.items() if value is not None}
