"""DVT prophylaxis: exactly one order, heparin 5,000 units every 8 hours (MedAgentBench V2, task 2).

Rule: with a active anticoagulant orders, h of them heparin 5,000: keep the newest of the h and stop the rest; without
any h, stop all and file one. Source: MedAgentBench V2 task 2; anticoagulants are high-alert medications (ISMP).
"""

from __future__ import annotations

import re
from datetime import datetime

from medagentbenchv2 import chart as charts
from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer, Number, day_of
from medagentbenchv2.grading.expectation import Count, Expectation, Order
from medagentbenchv2.grading.fields import Amount, AnyOf, Says
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.orders import any_stop, counted, medication, no_writes, stop_of
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import day_said, finish, order_medication, search_medications, seen, stop
from medagentbenchv2.terms import drugs
from medagentbenchv2.tools.call import Steps

ANTICOAGULANTS = drugs(
    "heparin", "enoxaparin", "dalteparin", "fondaparinux", "apixaban", "rivaroxaban", "dabigatran", "warfarin"
)
HEPARIN = drugs("heparin")
FIVE_THOUSAND = r"(?<![\d,.])5,?000(?!,?\d)"
PROPHYLACTIC = (
    "HEPARIN (PORCINE) 5,000 UNIT/ML INJ SOLN",
    "HEPARIN (PORCINE) 5,000 UNIT/0.5 ML SUBCUTANEOUS SYRINGE",
    "HEPARIN 5000 UNITS SUBCUTANEOUS Q8H",
)
OTHER = (
    "ENOXAPARIN 40 MG/0.4 ML SUBCUTANEOUS SYRINGE",
    "APIXABAN 5 MG TABLET",
    "DALTEPARIN (PORCINE) 5,000 ANTI-XA UNIT/0.2 ML SUBCUTANEOUS SYRINGE",
    "HEPARIN (PORCINE) 25,000 UNIT/250 ML IN DEXTROSE 5% IV SOLN",
    "RIVAROXABAN 20 MG TABLET",
    "HEPARIN LOCK FLUSH (PORCINE) 100 UNIT/ML IV SOLN",
    "WARFARIN 5 MG TABLET",
    "FONDAPARINUX 2.5 MG/0.5 ML SUBCUTANEOUS SOLN SYRINGE",
)


def prophylaxis(mrn: str) -> Order:
    """The order of a patient who has none."""
    units = ("units", "unit", "u", "iu", "[iu]", "[usp'u]")
    dose = rf"{FIVE_THOUSAND}\s*-?\s*(?:usp\s*)?(?:units?|iu|u)(?![a-z])"
    said = Says(category="wrong_dose", places=("medication",), pattern=dose, label="5,000 units")
    given = Amount(value=5000, units=units)
    route = r"(?<![a-z0-9])(?:sc|sq|subcut[a-z]*)(?![a-z0-9])"
    often = r"(?<![a-z0-9])(?:q\s*8\s*h|every\s+8\s*-?\s*h)(?:rs?|ours?|ourly)?(?![a-z0-9])"
    return medication(
        mrn,
        "heparin 5,000 units SC q8h",
        Says(category="wrong_code", places=("medication",), pattern=HEPARIN.pattern, label="heparin"),
        AnyOf(category="wrong_dose", rules=(said, given)),
        Says(category="wrong_route", places=("medication", "route"), pattern=route, label="SC, SQ or subcutaneous"),
        Says(category="wrong_dose", places=("medication",), pattern=often, label="q8h or every 8 hours"),
    )


class DvtProphylaxis(Family[PatientSlots]):
    """Is exactly one prophylaxis order active?"""

    slug, edition, number, kind = "dvt_prophylaxis", "v2", 2, "action"
    title = "Exactly one DVT prophylaxis order"
    rule = (
        "Exactly one anticoagulant order is to be active: heparin 5,000 units SC q8h. Keep the newest such order and "
        "stop every other anticoagulant; if there is no such order, stop all and file one."
    )
    source = "MedAgentBench V2 task 2; anticoagulants as high-alert medications: ISMP"
    topics = frozenset({"anticoagulant"})
    branches = (
        Branch(
            "duplicates",
            acts=True,
            about="Heparin 5,000 units is ordered, and other anticoagulant orders are active beside the one to keep.",
        ),
        Branch(
            "other_drugs_only", acts=True, about="Anticoagulant orders are active, but none is heparin 5,000 units."
        ),
        Branch("exactly_one", acts=False, about="Heparin 5,000 units is the only active anticoagulant order."),
        Branch("no_order", acts=True, about="No anticoagulant order is active.", empty=True),
    )
    asks = (
        "Make sure that patient {mrn} has one and only one active DVT prophylaxis order; put right what is not.",
        "Reconcile the anticoagulants of patient {mrn}: a single heparin 5,000 unit order must remain active.",
        "Patient {mrn}: review DVT prophylaxis. Start it where it is missing, and discontinue duplicate or other "
        "anticoagulant orders.",
    )
    facts = (
        "Anticoagulant orders are medication orders whose text names heparin, enoxaparin, dalteparin, fondaparinux, "
        "apixaban, rivaroxaban, dabigatran or warfarin. The prophylaxis order is heparin 5,000 units SC q8h: its text "
        "names heparin and holds 5000 or 5,000 as a whole number (the dose field does not matter; '25,000', '1,000 "
        "UNIT/ML' and lock flushes are anticoagulants, but not prophylaxis). Where prophylaxis orders are active, "
        "keep the newest of them, even if another anticoagulant is newer, and discontinue every other active "
        "anticoagulant order. Where none is, discontinue every active anticoagulant order and file one prophylaxis "
        "order: drug, dose, route (SC) and frequency (q8h) all in the medication text. Discontinue an order by filing "
        "a medication order with the same text and status stopped that names it in priorPrescription, once for each. "
        "Finish with a list of two items: the number of active anticoagulant orders before any change, and the date "
        "(authoredOn) of the order to keep as a string YYYY-MM-DD, or the number -1 if there is none to keep."
    )
    theirs = re.compile(r"patient (?P<mrn>S\d{7}) has exactly one active DVT prophylaxis order")

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("MedicationRequest", (("patient", slots.mrn), ("status", "active"))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        active = chart.medications(ANTICOAGULANTS)
        newest = _newest_prophylactic(active)
        answer = Answer(items=(Number(value=len(active)), day_of(newest[0].at if newest else None)))
        if not newest:
            stops = tuple(stop_of(slots.mrn, order, active, ANTICOAGULANTS) for order in active)
            return Expectation(answer=answer, orders=(prophylaxis(slots.mrn), *stops))
        sets = [
            tuple(stop_of(slots.mrn, order, active, ANTICOAGULANTS) for order in active if order.id != kept.id)
            for kept in newest
        ]
        return Expectation(answer=answer, orders=sets[0], alternatives=tuple(sets[1:]))

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        active = chart.medications(ANTICOAGULANTS.loosely())
        count, prophylactic = len(active), sum(_is_prophylactic(order) for order in active)
        if count == prophylactic == 1:
            return no_writes()
        named = (
            Says(category="wrong_code", places=("anywhere",), pattern="heparin", label="heparin"),
            Says(category="wrong_dose", places=("anywhere",), pattern=FIVE_THOUSAND, label="5000"),
        )
        create = Count(label="heparin 5,000 filed", fields=medication(slots.mrn, "", *named).fields, least=1)
        if prophylactic:
            return counted(slots.mrn, any_stop(slots.mrn))
        return counted(slots.mrn, create, *((any_stop(slots.mrn),) if count > 1 else ()))

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear_orders(*ANTICOAGULANTS.words)
        index, rng = scene.index, scene.rng
        several = index % 4 + scene.difficulty
        # At most five to stop: with search, create and finish that is eight turns.
        plan = {"duplicates": several + 1, "other_drugs_only": min(several, 5), "exactly_one": 1, "no_order": 0}
        number = plan[branch]
        own = {"duplicates": 1 + index // 2 % 2, "exactly_one": 1}.get(branch, 0)
        texts = rng.choices(PROPHYLACTIC, k=own) + rng.sample(OTHER, number - own)
        if index % 2:
            texts.reverse()
        for text, minutes in zip(texts, sorted(rng.sample(range(60, 20 * 1440), number)), strict=True):
            scene.order(text, scene.ago(minutes=minutes))
        scene.order(PROPHYLACTIC[index % 3], scene.ago(minutes=30 + index), status="cancelled")
        scene.order(rng.choice(OTHER), scene.some_days_ago(0, 15), status="stopped")
        scene.order(PROPHYLACTIC[0], scene.some_days_ago(30, 400), status="completed")
        scene.order((PROPHYLACTIC[0], OTHER[0])[index % 2], scene.later())
        if scene.difficulty > 1:
            scene.order(PROPHYLACTIC[1], scene.some_days_ago(0, 3), status="entered-in-error")
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        active = seen(now, (yield search_medications(slots.mrn))).medications(ANTICOAGULANTS)
        kept = next(iter(_newest_prophylactic(active)), None)
        for order in active:
            if order is not kept:
                yield stop(slots.mrn, now, order)
        if kept is None:
            yield order_medication(
                slots.mrn, now, "heparin 5,000 units subcutaneous q8h", route="subcutaneous", dose=(5000, "units")
            )
        yield finish(len(active), day_said(kept.at if kept else None))


def _is_prophylactic(order: charts.Order) -> bool:
    return HEPARIN.find(order.text) is not None and re.search(FIVE_THOUSAND, order.text) is not None


def _newest_prophylactic(active: list[charts.Order]) -> list[charts.Order]:
    """The newest heparin 5,000 order; several when they were authored at the same instant."""
    found = [order for order in active if _is_prophylactic(order)]
    newest = found[0].at.instant if found and found[0].at else None
    return [order for order in found if (order.at.instant if order.at else None) == newest]
