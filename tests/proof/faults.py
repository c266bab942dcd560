"""One rule of an order, broken in every way that a tool can express: for each kind of rule its own faults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import singledispatch
from typing import Any

from medagentbenchv2.grading.fields import (
    STOPPED,
    Amount,
    AnyOf,
    Coded,
    Exactly,
    Kind,
    Says,
    Stops,
    Subject,
    Timed,
    Word,
)
from medagentbenchv2.grading.places import plain
from medagentbenchv2.tasks.steps import order_medication
from medagentbenchv2.tools.call import Call
from tests.proof.work import Work

Faults = Iterator[tuple[str, Call]]
PARTS = {
    "medication": ("medicationCodeableConcept",),
    "code": ("code",),
    "code.text": ("code",),
    "route": ("dosageInstruction",),
    "dosage": ("dosageInstruction",),
    "note": ("note", "reasonCode"),
    "value": ("valueString",),
}
"""Place of a text -> the arguments in which it stands."""
LOOK_ALIKES = {
    "naloxone": ("naltrexone", "buprenorphine-naloxone"),
    "heparin": ("enoxaparin", "heparinoid"),
    "levothyroxine": ("liothyronine",),
    "daily": ("weekly",),
    "iv": ("IM",),
    "oral": ("rectal",),
    "nasal": ("oral",),
}
"""Words that stand near a right one; any other word becomes something else altogether."""


@singledispatch
def broken(rule: Any, call: Call, work: Work) -> Faults:
    """How it is broken, and the call that breaks it; the other rules of the order still hold."""
    raise TypeError(f"{type(rule).__name__}: say here how it is broken")


@broken.register
def _(rule: Kind, call: Call, work: Work) -> Faults:
    if len(rule.kinds) == 1 and call.tool != "fhir_vitals_create":
        yield "filed with the other tool", as_other_kind(call)


@broken.register
def _(rule: Subject, call: Call, work: Work) -> Faults:
    yield "somebody else", changed(call, subject={"reference": f"Patient/{work.stranger}"})
    yield "somebody else, bare MRN", changed(call, subject={"reference": work.stranger})
    if rule.exact:
        yield "more than a reference", changed(call, subject=call.arguments["subject"] | {"display": "The patient"})


@broken.register
def _(rule: Word, call: Call, work: Work) -> Faults:
    others = {
        "status": ("preliminary", "registered") if "final" in rule.words else ("draft", "on-hold", "unknown"),
        "intent": ("plan", "proposal", "filler-order"),
        "priority": ("routine", "urgent", "asap"),
    }[rule.element]
    if rule.words == STOPPED:
        others = ("active", "on-hold", "draft")
    for word in others:
        yield word, changed(call, **{rule.element: word})
    if rule.element == "priority":
        yield "not given", without(call, "priority")


@broken.register
def _(rule: Coded, call: Call, work: Work) -> Faults:
    concept = call.arguments.get(rule.element)
    if concept is None or not rule.holds(call.arguments):
        return
    many = isinstance(concept, list)
    coding = (concept[0] if many else concept)["coding"][0]

    def coded(*codings: dict[str, Any]) -> Call:
        new = {"coding": list(codings)}
        return changed(call, **{rule.element: [new] if many else (concept | new)})

    yield "another code", coded(coding | {"code": _other(coding["code"])})
    yield "the code cut short", coded(coding | {"code": coding["code"][:-1]})
    if not many:
        yield "the code as words alone", changed(call, **{rule.element: {"text": coding["code"]}})
    if rule.systems:
        yield "another system", coded(coding | {"system": "http://example.org/codes"})
        yield "no system", coded({"code": coding["code"]})
    if rule.first:
        yield "another coding before", coded({"system": "http://example.org", "code": "LOCAL-1"}, coding)
    if rule.only:
        yield "a second coding", coded(coding, coding | {"code": "laboratory"})
        yield "a second category", changed(call, **{rule.element: [*concept, {"text": "laboratory"}]})


@broken.register
def _(rule: Exactly, call: Call, work: Work) -> Faults:
    value = call.arguments[rule.element]
    if isinstance(value, dict):
        yield "another text", changed(call, **{rule.element: value | {"text": "Bp"}})
        yield "more than a text", changed(call, **{rule.element: value | {"coding": [{"code": "85354-9"}]}})
    else:
        coding = value[0]["coding"][0]
        for how, other in (("another display", {"display": "Vitals"}), ("another code", {"code": "vitals"})):
            yield how, changed(call, **{rule.element: [{"coding": [coding | other]}]})
        yield "more than a coding", changed(call, **{rule.element: [value[0] | {"text": "Vital Signs"}]})


@broken.register
def _(rule: Says, call: Call, work: Work) -> Faults:
    names = tuple(dict.fromkeys(name for place in rule.places for name in PARTS[place]))
    there = [name for name in names if name in call.arguments]
    for replacement in _replacements(rule, call, there):
        new = {name: _replaced(rule, call.arguments[name], replacement) for name in there}
        yield f"says {replacement!r}", changed(call, **new)
    if set(there) <= {"note", "reasonCode"}:
        yield "not given", without(call, *there)


@broken.register
def _(rule: Amount, call: Call, work: Work) -> Faults:
    if not rule.holds(call.arguments):
        return
    step = rule.tolerance + 0.01
    for how, quantity in (
        ("a little more", {"value": rule.value + step}),
        ("a little less", {"value": rule.value - step}),
        ("ten times as much", {"value": rule.value * 10}),
        ("another unit", {"unit": "mL"}),
        ("no unit", {"unit": None}),
    ):
        yield how, dosed(call, rule.element, quantity)
    yield "not given", dosed(call, rule.element, None)


@broken.register
def _(rule: Timed, call: Call, work: Work) -> Faults:
    given = rule.element in call.arguments
    if rule.by_day:
        yield "the day before", changed(call, **{rule.element: _day(rule.earliest.date(), -1)})
        yield "the day after", changed(call, **{rule.element: _day(rule.latest.date(), 1)})
        early, late = rule.earliest - timedelta(days=1), rule.latest + timedelta(days=1)
    else:
        early, late = rule.earliest - timedelta(seconds=1), rule.latest + timedelta(seconds=1)
        yield "date only", changed(call, **{rule.element: rule.earliest.date().isoformat()})
    yield "just before", changed(call, **{rule.element: early.isoformat(timespec="seconds")})
    yield "just after", changed(call, **{rule.element: late.isoformat(timespec="seconds")})
    if given and not rule.optional and rule.element == "occurrenceDateTime":
        yield "not given", without(call, rule.element)


@broken.register
def _(rule: Stops, call: Call, work: Work) -> Faults:
    now, mrn = work.task.now, work.mrn
    yield "another drug", order_medication(mrn, now, "ACETAMINOPHEN 325 MG TABLET", status="stopped")
    yield "an order that is none", changed(call, priorPrescription={"reference": "MedicationRequest/1"})
    for order in work.unrelated[:2]:
        prior = {"reference": f"MedicationRequest/{order['id']}"}
        yield "another order", changed(call, priorPrescription=prior)
    for other in rule.others:
        yield "another of the class", order_medication(mrn, now, other.text, status="stopped", prior=other.id)
        if other.text != rule.target.text:
            yield "another's text", order_medication(mrn, now, other.text, status="stopped")


@broken.register
def _(rule: AnyOf, call: Call, work: Work) -> Faults:
    faults: list[tuple[str, Call]] = [("", call)]
    for part in rule.rules:
        if part.holds(call.arguments):
            faults = [
                (f"{how}; {more}" if how else more, worse)
                for how, bad in faults
                for more, worse in broken(part, bad, work)
            ]
    yield from faults


def changed(call: Call, **arguments: Any) -> Call:
    """The call with some arguments replaced."""
    return Call(call.tool, call.arguments | arguments)


def without(call: Call, *names: str) -> Call:
    """The call with some arguments left out."""
    return Call(call.tool, {name: value for name, value in call.arguments.items() if name not in names})


def as_other_kind(call: Call) -> Call:
    """A service request as a medication order, or the other way round; what the other has no field for is lost."""
    arguments = dict(call.arguments)
    if call.tool == "fhir_service_request_create":
        kept = ("authoredOn", "status", "intent", "subject")
        new = {name: arguments[name] for name in kept}
        concept = {"medicationCodeableConcept": arguments["code"], "resourceType": "MedicationRequest"}
        return Call("fhir_medication_request_create", new | concept)
    kept = ("authoredOn", "status", "intent", "subject")
    new = {name: arguments[name] for name in kept}
    if new["status"] == "stopped":  # which a service request cannot be
        new["status"] = "completed"
    concept = {"code": arguments["medicationCodeableConcept"], "resourceType": "ServiceRequest"}
    return Call("fhir_service_request_create", new | concept)


def dosed(call: Call, element: str, quantity: dict[str, Any] | None) -> Call:
    """The call with another dose or rate; None leaves it out."""
    dosage = call.arguments["dosageInstruction"][0]
    rate = dict(dosage["doseAndRate"][0])
    if quantity is None:
        del rate[element]
    else:
        rate[element] = {name: value for name, value in (rate[element] | quantity).items() if value is not None}
    return changed(call, dosageInstruction=[dosage | {"doseAndRate": [rate] if rate else []}])


def _other(code: str) -> str:
    """The same code with another last character."""
    return code[:-1] + ("8" if code[-1] == "9" else str(int(code[-1]) + 1) if code[-1].isdigit() else "Z")


def _day(day: date, off: int) -> str:
    return (day + timedelta(days=off)).isoformat()


def _replacements(rule: Says, call: Call, names: list[str]) -> list[str]:
    """What could stand in place of the text that the rule looks for."""
    found = next((m for name in names for m in _matches(rule, call.arguments[name])), "")
    if rule.whole or rule.free or len(found) > 40:
        return list(_other_texts(found))
    if re.search(r"\d", found):
        fraction = [] if "-" in found else [re.sub(r"\d", lambda m: f"0.{m[0]}", found, count=1)]
        return [re.sub(r"\d", lambda m: f"1{m[0]}", found, count=1), re.sub(r"\d", "9", found, count=1), *fraction]
    return list(LOOK_ALIKES.get(found.lower(), ("unspecified",)))


def _other_texts(found: str) -> Iterator[str]:
    """Nothing of a text, half of it, one word of it missing, its first word alone, one digit of it changed."""
    yield "Unspecified."
    words = found.split()
    if len(words) > 1:
        yield found[: len(found) // 2]
        yield " ".join([*words[: len(words) // 2], *words[len(words) // 2 + 1 :]])
        yield words[0]
    if re.search(r"\d", found) and len(words) == 2:
        yield re.sub(r"\d(?=\D*$)", lambda m: str((int(m[0]) + 1) % 10), found)


def _matches(rule: Says, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        match = re.search(rule.pattern, plain(value) if rule.free else value, re.IGNORECASE)
        if match:
            yield value if rule.free or rule.whole else match[0]
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name != "system":
                yield from _matches(rule, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _matches(rule, inner)


def _replaced(rule: Says, value: Any, replacement: str) -> Any:
    if isinstance(value, str):
        if rule.free or rule.whole:
            return replacement if next(_matches(rule, value), None) is not None else value
        return re.sub(rule.pattern, lambda _: replacement, value, flags=re.IGNORECASE)
    if isinstance(value, dict):
        return {n: inner if n == "system" else _replaced(rule, inner, replacement) for n, inner in value.items()}
    return [_replaced(rule, inner, replacement) for inner in value] if isinstance(value, list) else value
