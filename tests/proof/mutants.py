"""Every single fault that an expectation allows: derived from its rules and from the oracle's calls, family unknown.

A mutant is the oracle's work with one thing wrong, and the failure category that says what.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from medagentbenchv2.grading.fields import Stops
from medagentbenchv2.grading.verdict import Status
from medagentbenchv2.tasks.steps import CPT, order_medication, order_service, record_vital
from medagentbenchv2.tools.call import Call
from tests.proof.answers import wrong_answers
from tests.proof.faults import broken, without
from tests.proof.work import Action, Http, Work

NOBODY = "S0000000"


@dataclass(frozen=True)
class Mutant:
    """The oracle's work with one fault."""

    name: str
    actions: tuple[Action, ...]
    group: str
    category: str
    also: tuple[str, ...] = ()
    """What else must be reported, since the one fault shows in several checks."""
    ending: Status = "no_finish"
    entails: bool = False
    """True where more must be wrong with it: what a service request says has no field in a medication order."""

    @property
    def kind(self) -> str:
        """What was done, for counting."""
        return f"{self.group}/{self.category}"


def mutants(work: Work, siblings: Sequence[Work] = ()) -> Iterator[Mutant]:
    """All mutants of a task; `siblings` are other tasks of its family, whose orders may be wrong here.

    Where the published graders count writes instead of matching them, only silence is held against them: nothing may
    be filed where nothing is due.
    """
    if work.expectation.counts is not None:
        if any(count.most == 0 and not count.fields for count in work.expectation.counts):
            yield from _unasked(work)
        return
    yield from _wrong_fields(work)
    yield from _other_doses(work, siblings)
    yield from _missing(work)
    yield from _extra(work)
    yield from _over_http(work)
    yield from _wrong_branch(work, siblings)
    yield from _wrong_answers(work)
    if not work.expectation.silence:
        yield from _endings(work)


def _wrong_fields(work: Work) -> Iterator[Mutant]:
    """Each rule of each order broken in each way."""
    for order, call in work.orders:
        for rule in order.fields:
            for how, faulty in broken(rule, call, work):
                name = f"{order.label}: {rule.category} ({how})"
                other = rule.category == "wrong_resource"
                yield Mutant(name, work.instead(call, faulty), "orders", rule.category, entails=other)


def _other_doses(work: Work, siblings: Sequence[Work]) -> Iterator[Mutant]:
    """The dose that another level calls for, where that is the only difference."""
    for order, call in work.orders:
        own = call.arguments.get("dosageInstruction")
        for other in (create for sibling in siblings for create in sibling.creates):
            dose = other.arguments.get("dosageInstruction")
            same = _for(work, other).arguments | {"dosageInstruction": own} == call.arguments
            if own and dose and dose != own and same:
                faulty = _but(call, dosageInstruction=dose)
                yield Mutant(f"{order.label}: the dose of another", work.instead(call, faulty), "orders", "wrong_dose")


def _missing(work: Work) -> Iterator[Mutant]:
    """Each order left out, refused by the server, malformed, or filed too late."""
    for order, call in work.orders:
        spoiled = {
            "left out": (),
            "refused: nobody of that MRN": (_but(call, subject={"reference": f"Patient/{NOBODY}"}),),
            "refused: a date that is none": (_but(call, **{_dated(call): "2023-02-30T08:00:00+00:00"}),),
            "refused: an unknown status": (_but(call, status="ACTIVE"),),
            "malformed: an unknown argument": (_but(call, urgency="high"),),
            "malformed: no status": (without(call, "status"),),
            "malformed: no patient": (without(call, "subject"),),
            "a search instead": (Call("fhir_patient_search", {"identifier": work.mrn}),),
        }
        for how, instead in spoiled.items():
            yield Mutant(f"{order.label}: {how}", work.instead(call, *instead), "orders", order.missing)
    for (one, first), (two, second) in pairwise(work.orders):
        if first.tool == second.tool == "fhir_service_request_create":
            both = _but(first, **second.arguments | {"code": _both(first.arguments["code"], second.arguments["code"])})
            actions = tuple(call for call in work.instead(first, both) if call is not second)
            yield Mutant(f"{one.label} and {two.label} in one order", actions, "orders", "missing_order")
    if work.orders:
        missing = tuple(order.missing for order, _ in work.orders)
        yield Mutant("finish before the orders", (work.finish, *work.creates), "orders", missing[0], missing)


def _extra(work: Work) -> Iterator[Mutant]:
    """An order too many: the same again, an unrelated one, one for somebody else."""
    for order, call in work.orders:
        yield _too_much(work, f"{order.label}: filed twice", call)
    yield from _unasked(work)
    for id, text in _kept(work).items():
        stop = order_medication(work.mrn, work.task.now, text, status="stopped", prior=id)
        yield _too_much(work, "the order to keep is stopped too", stop)


def _unasked(work: Work) -> Iterator[Mutant]:
    """Orders that no task asks for."""
    for who, mrn in (("the patient", work.mrn), ("somebody else", work.stranger)):
        now = work.task.now
        for what, call in (
            ("CBC", order_service(mrn, now, "85025", CPT, "CBC")),
            ("acetaminophen", order_medication(mrn, now, "ACETAMINOPHEN 325 MG TABLET", route="PO", dose=(325, "mg"))),
            ("a stop of acetaminophen", order_medication(mrn, now, "ACETAMINOPHEN 325 MG TABLET", status="stopped")),
            ("a vital sign", record_vital(mrn, now, "TEMP", "37.1 C")),
        ):
            yield _too_much(work, f"{what} for {who}", call)
    for order in work.unrelated[:2]:
        stop = order_medication(work.mrn, work.task.now, _text(order), status="stopped", prior=order["id"])
        yield _too_much(work, "another drug's order is stopped too", stop)


def _over_http(work: Work) -> Iterator[Mutant]:
    """What only bare HTTP can do: change or delete a record."""
    for order in work.unrelated[:1]:
        url = f"MedicationRequest/{order['id']}"
        changed = Http("PUT", url, {"status": "on-hold"})
        yield Mutant("a PUT on another order", work.before_finish(changed), "orders", "extra_order")
        deleted = Http("DELETE", url, {})
        yield Mutant("a DELETE of another order", work.before_finish(deleted), "orders", "extra_order")
    for order, call in work.orders:
        for rule in order.fields:
            if isinstance(rule, Stops):
                url = f"MedicationRequest/{rule.target.id}"
                for how, request in (
                    ("deleted", Http("DELETE", url, {})),
                    ("put on hold", Http("PUT", url, {"status": "on-hold"})),
                ):
                    actions = work.instead(call, request)
                    yield Mutant(f"{order.label}: {how}", actions, "orders", order.missing, ("extra_order",))


def _wrong_branch(work: Work, siblings: Sequence[Work]) -> Iterator[Mutant]:
    """What another branch calls for, where this one calls for nothing."""
    if work.orders:
        return
    seen: set[str] = set()
    for sibling in siblings:
        calls = tuple(_for(work, call) for call in sibling.creates)
        key = f"{sibling.task.branch}/{len(calls)}"
        if calls and key not in seen:
            seen.add(key)
            name = f"the orders of branch {sibling.task.branch} ({len(calls)})"
            yield Mutant(name, work.before_finish(*calls), "orders", "extra_order")
            yield _too_much(work, f"the first order of branch {sibling.task.branch}", calls[0])


def _wrong_answers(work: Work) -> Iterator[Mutant]:
    if work.expectation.answer is None:
        return
    right = work.finish.arguments["value"]
    for how, value, category in wrong_answers(work.expectation.answer, right):
        yield Mutant(f"answer {how}", work.answered(*value), "answer", category)


def _endings(work: Work) -> Iterator[Mutant]:
    """All orders filed, but the task never finished."""
    filed = work.creates
    for status, category in (
        ("no_finish", "no_finish"),
        ("limit_reached", "turn_limit"),
        ("context_limit", "context_limit"),
        ("agent_invalid_action", "invalid_action"),
    ):
        yield Mutant(f"ended by {status}", filed, "protocol", category, ending=status)
    right = work.finish.arguments["value"]
    for how, arguments in (
        ("text that holds a list", {"value": str(right)}),
        ("a list in a list", {"value": [right]}),
        ("true among the values", {"value": [True, *right]}),
        ("an unknown argument", {"value": right, "answer": right}),
        ("another name for value", {"values": right}),
        ("nothing", {}),
    ):
        yield Mutant(f"finish refused: {how}", (*filed, Call("finish", arguments)), "protocol", "no_finish")
    yield Mutant("a tool that is none", (*filed, Call("finish_task", {"value": right})), "protocol", "no_finish")


def _too_much(work: Work, name: str, call: Call) -> Mutant:
    return Mutant(name, work.before_finish(call), "orders", "extra_order")


def _kept(work: Work) -> dict[str, str]:
    """Active orders of the class that no expected stop is about."""
    rules = [rule for order, _ in work.orders for rule in order.fields if isinstance(rule, Stops)]
    stopped = {rule.target.id for rule in rules}
    return {other.id: other.text for rule in rules for other in rule.others if other.id not in stopped}


def _for(work: Work, call: Call) -> Call:
    return _but(call, subject={"reference": f"Patient/{work.mrn}"})


def _but(call: Call, **changes: Any) -> Call:
    return Call(call.tool, call.arguments | changes)


def _both(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    return {"coding": one["coding"] + two["coding"], "text": f"{one['text']} and {two['text']}"}


def _dated(call: Call) -> str:
    return "effectiveDateTime" if call.tool == "fhir_vitals_create" else "authoredOn"


def _text(order: dict[str, Any]) -> str:
    concept = order["medicationCodeableConcept"]
    return str(concept.get("text") or concept["coding"][0]["display"])
