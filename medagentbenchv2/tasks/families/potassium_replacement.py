"""Potassium replacement with a morning check (MedAgentBench v1, task 9).

Rule: the newest K is below 3.5 -> 10 mEq of oral potassium for each 0.1 below 3.5, and a stat potassium level for
08:00 of the next day. Source: MedAgentBench v1 task 9, whose ladder follows the usual inpatient replacement
protocols.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer, Number, none_found
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.grading.fields import Amount, Coded, Says, Timed
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.laboratory import NOT_COUNTED, Planned, plant_newest
from medagentbenchv2.tasks.orders import STAT, authored_now, empty_answer_too, medication, published_v1, service
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import (
    LOINC,
    NDC,
    finish,
    order_medication,
    order_service,
    search_observations,
    seen,
)
from medagentbenchv2.tools.call import Steps

PRODUCT, CHECK = "40032-917-01", "2823-3"
LABELS = ("oral potassium", "potassium level tomorrow morning")
GOAL = 3.5


def milliequivalents(level: float) -> float:
    """The dose: 10 mEq for each 0.1 below the goal; 0 at the goal and above."""
    return max(0.0, round((GOAL - level) / 0.1 * 10, 6))


def tomorrow_at_8(now: datetime) -> datetime:
    """08:00 of the next day in the clock's own offset."""
    return (now + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)


class PotassiumReplacement(Family[PatientSlots]):
    """Does the potassium need replacing?"""

    slug, edition, number, kind = "potassium_replacement", "v1", 9, "action"
    title = "Oral potassium replacement with a morning level"
    rule = (
        "If the newest potassium (K) is below 3.5 mmol/L, order 10 mEq of oral potassium for each 0.1 below 3.5, and a "
        "stat potassium level for 08:00 of the next day."
    )
    source = "MedAgentBench v1 task 9, a usual inpatient replacement ladder"
    topics = frozenset({"K"})
    branches = (
        Branch("low", acts=True, about="The newest potassium is below 3.5 mmol/L."),
        Branch("normal", acts=False, about="The newest potassium is 3.5 mmol/L or more."),
        Branch("never_measured", acts=False, about="Potassium was never measured.", empty=True),
    )
    asks = (
        "Check the newest potassium of patient {mrn}. If it is low, order oral replacement and a potassium level "
        "for 8 in the morning.",
        "Potassium protocol for patient {mrn}: replace by mouth if the last level is below 3.5, and have it "
        "measured again tomorrow at 08:00.",
        "Does patient {mrn} need oral potassium? If the latest level says so, order it, together with tomorrow's "
        "morning level.",
    )
    facts = (
        f"Potassium is the observation code K, in mmol/L, which is the same number in mEq/L. {NOT_COUNTED} The "
        "newest reading decides, however old. Below 3.5, order 10 mEq for each 0.1 below 3.5 (3.2 needs 30 mEq): "
        "one medication request, status active, intent order, authored at the present time, medication coding "
        "40032-917-01 (system http://hl7.org/fhir/sid/ndc), route oral, the whole amount in one doseQuantity with "
        "unit mEq. With it goes one service request for a serum potassium, LOINC 2823-3 (system http://loinc.org), "
        "status active, intent order, priority stat, authored at the present time, occurrenceDateTime 08:00 of the "
        "next day in the offset of the present time. At 3.5 or above, or with no reading at all, order neither. "
        "Finish with a list of one number: the newest potassium, or -1 if there is none."
    )
    theirs = re.compile(r"Check patient (?P<mrn>S\d{7})['\u2019]s most recent potassium level")
    answer_graded = True

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("Observation", (("patient", slots.mrn), ("code", "K"))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest, morning = chart.latest("K"), tomorrow_at_8(chart.now)
        answer = Answer(items=(Number(value=newest.value) if newest else none_found(),))
        dose = milliequivalents(newest.value) if newest else 0
        if not dose:
            return Expectation(answer=answer)
        oral = r"(?<![a-z])(?:oral|orally|po|by mouth)(?![a-z])"
        replacement = medication(
            slots.mrn,
            LABELS[0],
            Coded(element="medicationCodeableConcept", codes=(PRODUCT,)),
            Says(category="wrong_route", places=("route",), pattern=oral, label="oral or PO"),
            Amount(value=dose, units=("mEq",), tolerance=0.1),
            authored_now(chart.now),
        )
        at = Timed(element="occurrenceDateTime", earliest=morning, latest=morning)
        check = service(slots.mrn, LABELS[1], STAT, authored_now(chart.now), at, code=CHECK)
        return Expectation(answer=answer, orders=(replacement, check))

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        strict = empty_answer_too(self.expect(chart, slots))
        newest, morning = chart.latest("K"), tomorrow_at_8(chart.now)
        if newest is None or not strict.orders:
            return strict
        amount = Amount(value=milliequivalents(newest.value), units=("mEq",), tolerance=0.1)
        route = Says(category="wrong_route", places=("route",), pattern=r"\s*oral\s*", label="oral", whole=True)
        at = Timed(element="occurrenceDateTime", earliest=morning, latest=morning.replace(minute=59, second=59))
        mrn, now = slots.mrn, chart.now
        replacement = published_v1("MedicationRequest", mrn, LABELS[0], NDC, PRODUCT, now, route, amount)
        check = published_v1("ServiceRequest", mrn, LABELS[1], LOINC, CHECK, now, STAT, at)
        return strict.model_copy(update={"orders": (replacement, check)})

    def foreign(self, expectation: Expectation, chart: Chart) -> Expectation:
        return empty_answer_too(expectation)

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        tenths = 34 - scene.index * 3 % 10 if branch == "low" else 35 + scene.index * 7 % 15
        others = range(36, 48) if branch == "low" else range(27, 35)
        newest = None if branch == "never_measured" else Planned(tenths / 10)
        plant_newest(scene, "K", newest, [other / 10 for other in others])
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        newest = seen(now, (yield search_observations(slots.mrn, "K"))).latest("K")
        dose = milliequivalents(newest.value) if newest else 0
        if dose:
            coding = {"system": NDC, "code": PRODUCT, "display": "Potassium chloride"}
            text = "Potassium chloride oral"
            yield order_medication(slots.mrn, now, text, coding=coding, route="oral", dose=(round(dose, 1), "mEq"))
            at = tomorrow_at_8(now)
            yield order_service(slots.mrn, now, CHECK, LOINC, "Serum potassium", at=at, priority="stat")
        yield finish(newest.value if newest else -1)
