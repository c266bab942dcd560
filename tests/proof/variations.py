"""Every harmless variation: the oracle's work done or said otherwise, which must score as the oracle's does.

A few are right under the strict profile alone, where the published graders want one spelling (`strict_only`).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from medagentbenchv2.fhir.session import BASE_URL
from medagentbenchv2.grading.fields import STOPPED, Coded, Kind, Says, Stops, Subject, Timed
from medagentbenchv2.tasks.steps import CPT, order_service, record_vital
from medagentbenchv2.tools.call import Call
from tests.proof.answers import other_answers
from tests.proof.faults import as_other_kind, changed, without
from tests.proof.forms import FORMS
from tests.proof.mutants import NOBODY
from tests.proof.work import Action, Http, Together, Work

ZONES = (-8, -5, -3.5, 1, 5.5, 9)
"""Offsets in hours in which instants are said."""
WORDINGS = (
    (r"subcutaneous", "SC", False),
    (r"subcutaneous", "SQ", False),
    (r"q8h", "every 8 hours", False),
    (r"5,000", "5000", False),
    (r"mcg", "\u00b5g", False),
    (r"25 mcg", "25mcg", False),
    (r"\bPO\b", "oral", False),
    (r"\bnaloxone\b", "Narcan", False),
    (r"\bnasal\b", "intranasal", False),
    (r"\bfollow-up\b", "follow up", False),
    (r"\bIV\b", "intravenous", True),
    (r"^oral$", "PO", True),
    (r"Free T4 \(FT4\)", "FT4", False),
)
"""What a text may say instead, and whether the published graders want the first spelling."""


@dataclass(frozen=True)
class Variation:
    """Other work that is as right."""

    name: str
    actions: tuple[Action, ...]
    strict_only: bool = False
    """True where the published graders are narrower than the rules."""

    @property
    def kind(self) -> str:
        """What was varied, for counting."""
        return self.name.partition(":")[0].partition(" [")[0]


def variations(work: Work) -> Iterator[Variation]:
    """All harmless variations of a task."""
    yield from _order_of_work(work)
    yield from _bystanders(work)
    yield from _forms(work)
    yield from _elements(work)
    yield from _times(work)
    yield from _texts(work)
    yield from _stops(work)
    yield from _answers(work)


def _order_of_work(work: Work) -> Iterator[Variation]:
    yield Variation("as the oracle", work.calls)
    yield Variation("without looking", (*work.creates, work.finish))
    if len(work.creates) > 1:
        yield Variation("orders the other way round", (*work.creates[::-1], work.finish))
        shuffled = random.Random(work.task.id).sample(work.creates, len(work.creates))
        yield Variation("orders shuffled", (*shuffled, work.finish))
    yield Variation("orders before the searches", (*work.creates, *work.reads, work.finish))
    yield Variation("in parallel", (Together(work.calls[:-1]), work.finish))
    yield Variation("in one turn, finish last", (Together(work.calls),))


def _bystanders(work: Work) -> Iterator[Variation]:
    """What may happen besides: reading, failing, and going on after the end."""
    mrn = work.mrn
    looks = (
        Call("fhir_patient_search", {"identifier": mrn}),
        Call("fhir_observation_search", {"patient": mrn, "code": "K"}),
        Call("fhir_vitals_search", {"patient": f"Patient/{mrn}", "category": "vital-signs"}),
        Call("fhir_procedure_search", {"patient": work.stranger}),
        Call("fhir_condition_search", {"patient": mrn, "code": "C64.2"}),
        Call("fhir_medication_request_search", {"patient": mrn, "status": "active"}),
        Call("calculator", {"expression": "(7.2 + 8.1) / 2"}),
    )
    yield Variation("extra reads", (*looks, *work.calls))
    yield Variation("extra reads at the end", work.before_finish(*looks))
    stray = order_service(mrn, work.task.now, "85025", CPT, "CBC")
    vital = record_vital(mrn, work.task.now, "TEMP", "37.1 C")
    for how, call in (
        ("refused: nobody", changed(stray, subject={"reference": f"Patient/{NOBODY}"})),
        ("refused: a date that is none", changed(stray, authoredOn="2023-02-30")),
        ("refused: a status in capitals", changed(stray, status="ACTIVE")),
        ("malformed: unknown argument", changed(stray, urgency="high")),
        ("malformed: no code", without(stray, "code")),
        ("malformed: a vital sign without a value", without(vital, "valueString")),
        ("unknown tool", Call("fhir_order_create", stray.arguments)),
    ):
        yield Variation(f"{how} before", (call, *work.calls))
    for call in work.creates:
        refused = changed(call, subject={"reference": f"Patient/{NOBODY}"})
        yield Variation("refused at first", work.instead(call, refused, call))
    malformed = Call("finish", {"value": "done"})
    yield Variation("a malformed finish before", work.before_finish(malformed))
    yield Variation("an order after the end", (*work.creates, work.finish, stray, *work.creates))
    yield Variation("finished twice", (*work.creates, work.finish, Call("finish", {"value": ["no"]})))


def _forms(work: Work) -> Iterator[Variation]:
    """The other argument forms of every call: flat, published, R4."""
    for name, form in FORMS.items():
        actions = tuple(form(call) for call in work.calls)
        if actions != work.calls:
            yield Variation(name, actions)


def _elements(work: Work) -> Iterator[Variation]:
    """What no rule asks for, one order at a time."""
    for order, call in work.orders:

        def vary(name: str, new: Call, strict_only: bool = False, old: Call = call) -> Variation:
            return Variation(name, work.instead(old, new), strict_only)

        exact = _published_is_exact(work)
        reference = call.arguments["subject"]["reference"]
        yield vary("bare MRN", changed(call, subject={"reference": reference.removeprefix("Patient/")}))
        absolute = {"reference": f"{BASE_URL}/{reference}"}
        yield vary("absolute reference", changed(call, subject=absolute), strict_only=exact)
        named = {"reference": reference, "display": "The patient"}
        yield vary("a display in subject", changed(call, subject=named), strict_only=exact)
        asked = {rule.element for rule in order.fields if rule.type == "word"}
        if "priority" not in asked and call.tool == "fhir_service_request_create":
            for word in ("routine", "stat", "asap"):
                yield vary(f"priority {word}", changed(call, priority=word))
            if "note" not in call.arguments:
                yield vary("a note", changed(call, note={"text": "Discussed with the patient."}))
        timed = {rule.element for rule in order.fields if isinstance(rule, Timed)}
        if "authoredOn" not in timed and work.task.family.edition != "v1":
            yield vary("authored another day", changed(call, authoredOn="2023-01-05T09:00:00+00:00"))
        if "occurrenceDateTime" not in timed and call.tool == "fhir_service_request_create":
            yield vary("a time that nobody asked for", changed(call, occurrenceDateTime="2023-12-24"))
        if "dosageInstruction" in call.arguments:
            yield vary(
                "amounts as decimals", changed(call, dosageInstruction=_decimal(call.arguments["dosageInstruction"]))
            )
        for rule in order.fields:
            yield from (Variation(n, work.instead(call, c), s) for n, c, s in _codings(rule, call, exact))
            if isinstance(rule, Timed) and rule.optional:
                yield vary("no time given", without(call, rule.element))
            if isinstance(rule, Kind) and len(rule.kinds) > 1:
                yield vary("filed with the other tool", as_other_kind(call))


def _codings(rule: Any, call: Call, exact: bool) -> Iterator[tuple[str, Call, bool]]:
    """Codings that say more or less than they must."""
    if not isinstance(rule, Coded) or rule.only or rule.element not in call.arguments:
        return
    concept = call.arguments[rule.element]
    coding = concept["coding"][0]
    other = {"system": "http://example.org/local", "code": "LOCAL-1", "display": coding.get("display", "local")}
    for how, codings, narrower in (
        ("another coding after", [coding, other], False),
        ("another coding before", [other, coding], True),
        ("no system", [{name: value for name, value in coding.items() if name != "system"}], True),
        ("another system", [coding | {"system": "http://example.org/local"}], True),
    ):
        new = changed(call, **{rule.element: concept | {"coding": codings}})
        yield how, new, narrower and exact


def _times(work: Work) -> Iterator[Variation]:
    """The same instants in other zones, and the edges of windows."""
    for order, call in work.orders:
        days = {rule.element for rule in order.fields if isinstance(rule, Timed) and rule.by_day}
        for hours in ZONES:
            moved = {
                name: _in_zone(text, hours)
                for name, text in call.arguments.items()
                if name in ("authoredOn", "occurrenceDateTime", "effectiveDateTime")
            }
            if any(moved[name][:10] != call.arguments[name][:10] for name in days & moved.keys()):
                continue  # the day as written would be another
            yield Variation(f"times in zone {hours:+}", work.instead(call, changed(call, **moved)))
        for rule in order.fields:
            if isinstance(rule, Timed):
                yield from _edges(work, call, rule)


def _edges(work: Work, call: Call, rule: Timed) -> Iterator[Variation]:
    exact = _published_is_exact(work)
    for how, at in (("earliest", rule.earliest), ("latest", rule.latest.replace(microsecond=0))):
        moved = changed(call, **{rule.element: at.isoformat()})
        yield Variation(f"{rule.element} at the {how}", work.instead(call, moved), strict_only=exact)
        if rule.by_day:
            day = changed(call, **{rule.element: at.date().isoformat()})
            yield Variation(f"{rule.element} at the {how}, date only", work.instead(call, day))


def _texts(work: Work) -> Iterator[Variation]:
    """Other wordings that still hold what is asked."""
    for order, call in work.orders:
        told = [rule for rule in order.fields if isinstance(rule, Says) and "note" in rule.places]
        for rule in told:
            text = call.arguments["note"]["text"]
            for how, said in (
                ("in a longer text", f"Per protocol. {text} Thank you."),
                ("in lines", text.replace(" ", "\n  ")),
                *((("in capitals", text.upper()),) if "(?-i:" not in rule.pattern else ()),
                *((("without its hyphens", text.replace("-", " ").rstrip(".")),) if rule.free else ()),
            ):
                if how != "in lines" or rule.free or r"\s+" in rule.pattern:
                    yield Variation(f"note {how}", work.instead(call, changed(call, note={"text": said})))
            reason = without(changed(call, reasonCode=[{"text": text}]), "note")
            yield Variation("note as the reason", work.instead(call, reason))
        for pattern, words, narrower in WORDINGS:
            worded = Call(call.tool, _worded(call.arguments, pattern, words))
            if worded != call:
                narrow = narrower and _published_is_exact(work)
                yield Variation(f"{words!r} for {pattern!r}", work.instead(call, worded), narrow)
        if "medicationCodeableConcept" in call.arguments:
            text = call.arguments["medicationCodeableConcept"]["text"]
            for how, said in (("in capitals", text.upper()), ("in small letters", text.lower())):
                concept = call.arguments["medicationCodeableConcept"] | {"text": said}
                yield Variation(f"text {how}", work.instead(call, changed(call, medicationCodeableConcept=concept)))


def _stops(work: Work) -> Iterator[Variation]:
    """An order is discontinued by each of four statuses, with or without naming it, or by a PUT."""
    for order, call in work.orders:
        rule = next((rule for rule in order.fields if isinstance(rule, Stops)), None)
        if rule is None:
            continue
        for status in STOPPED:
            yield Variation(f"stop: {status}", work.instead(call, changed(call, status=status)))
            put = Http("PUT", f"MedicationRequest/{rule.target.id}", {"status": status})
            yield Variation(f"stop: PUT {status}", work.instead(call, put))
        yield Variation("stop: by its text alone", work.instead(call, without(call, "priorPrescription")))
        bare = {"reference": rule.target.id}
        yield Variation("stop: a bare id", work.instead(call, changed(call, priorPrescription=bare)))
        absolute = {"reference": f"{BASE_URL}/MedicationRequest/{rule.target.id}"}
        yield Variation("stop: an absolute reference", work.instead(call, changed(call, priorPrescription=absolute)))
        short = {"text": rule.keyword}
        yield Variation("stop: the drug alone", work.instead(call, changed(call, medicationCodeableConcept=short)))


def _answers(work: Work) -> Iterator[Variation]:
    right = work.finish.arguments["value"]
    if work.expectation.answer is None:
        for value in ([], [-1], ["done"], [None]):
            yield Variation(f"any answer: {value}", work.answered(*value))
        return
    for how, value in other_answers(work.expectation.answer, right):
        yield Variation(f"answer {how}", work.answered(*value))


def _published_is_exact(work: Work) -> bool:
    """True where the published rules want the first coding with its system and nothing else in subject (v1)."""
    rules = [rule for order in work.expectations["published"].orders for rule in order.fields]
    return any(isinstance(rule, Subject) and rule.exact for rule in rules)


def _in_zone(text: str, hours: float) -> str:
    return datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=hours))).isoformat()


def _worded(value: Any, pattern: str, words: str) -> Any:
    """The arguments with a wording changed, in texts alone."""
    if isinstance(value, str):
        return re.sub(pattern, words, value)
    if isinstance(value, dict):
        kept = ("reference", "system", "code", "unit", "resourceType")
        return {
            n: inner if n in kept and isinstance(inner, str) else _worded(inner, pattern, words)
            for n, inner in value.items()
        }
    return [_worded(inner, pattern, words) for inner in value] if isinstance(value, list) else value


def _decimal(value: Any) -> Any:
    """Whole numbers as floats."""
    if isinstance(value, dict):
        return {name: _decimal(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_decimal(inner) for inner in value]
    return float(value) if isinstance(value, int) else value
