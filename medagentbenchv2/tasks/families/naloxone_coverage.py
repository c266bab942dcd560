"""Naloxone coverage: a patient on an opioid needs a rescue order (MedAgentBench V2, task 8).

Rule: an opioid order is active as of now and no naloxone order is -> file one 4 mg nasal naloxone order. One order
covers every opioid. Source: MedAgentBench V2 task 8; CDC Clinical Practice Guideline for Prescribing Opioids (2022),
recommendation 8, on offering naloxone.
"""

from __future__ import annotations

import re
from datetime import datetime

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer, Number
from medagentbenchv2.grading.expectation import Count, Expectation, Order
from medagentbenchv2.grading.fields import Says
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.orders import counted, either, medication, no_writes
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import finish, order_medication, search_medications, seen
from medagentbenchv2.terms import drugs
from medagentbenchv2.tools.call import Steps

OPIOIDS = drugs("hydromorphone", "oxycodone", "fentanyl", "hydrocodone", "morphine")
RESCUE = drugs("naloxone", "narcan", but=("buprenorphine",))
OPIOID_ORDERS = (
    "HYDROMORPHONE 2 MG TABLET",
    "OXYCODONE 5 MG TABLET",
    "MORPHINE ER 15 MG TABLET,EXTENDED RELEASE",
    "HYDROCODONE 5 MG-ACETAMINOPHEN 325 MG TABLET",
    "FENTANYL 25 MCG/HR TRANSDERMAL PATCH",
    "OXYCODONE-ACETAMINOPHEN 5 MG-325 MG TABLET",
)
RESCUE_ORDER = "NALOXONE 4 MG/ACTUATION NASAL SPRAY"
NO_RESCUE = "BUPRENORPHINE-NALOXONE 8 MG-2 MG SUBLINGUAL FILM"


def rescue(mrn: str) -> Order:
    """The order that an uncovered patient needs."""
    return medication(
        mrn,
        "naloxone nasal spray 4 mg",
        Says(category="wrong_code", places=("medication",), pattern=RESCUE.pattern, label="naloxone or narcan"),
        Says(category="wrong_dose", places=("medication",), pattern=r"(?<![\d.,])4 ?mg(?![a-z])", label="4 mg"),
        Says(category="wrong_route", places=("medication", "route"), pattern=r"nasal", label="nasal or intranasal"),
    )


class NaloxoneCoverage(Family[PatientSlots]):
    """Is a patient on opioids covered by naloxone?"""

    slug, edition, number, kind = "naloxone_coverage", "v2", 8, "action"
    title = "Naloxone coverage of opioid orders"
    rule = "If an opioid order is active and no naloxone order is, order naloxone nasal spray 4 mg, once."
    source = "MedAgentBench V2 task 8; offering naloxone: CDC guideline for prescribing opioids (2022), rec. 8"
    topics = frozenset({"opioid", "naloxone"})
    branches = (
        Branch("uncovered", acts=True, about="An opioid order is active, and no naloxone order is."),
        Branch("covered", acts=False, about="An opioid order is active, and so is a naloxone order."),
        Branch("no_opioid", acts=False, about="No opioid order is active.", empty=True),
    )
    asks = (
        "Check that patient {mrn} has a rescue naloxone order on file if any opioid order is active; file one if it is "
        "missing.",
        "Patient {mrn}: every active opioid must be accompanied by naloxone. Review the orders and close the gap if "
        "there is one.",
        "Review opioid safety for patient {mrn}. Where opioids are active without naloxone, order the rescue spray.",
    )
    facts = (
        "Opioids are medication orders whose text names hydromorphone, oxycodone, fentanyl, hydrocodone or morphine. "
        "An active order naming naloxone or Narcan covers all of them; buprenorphine-naloxone and naltrexone do not. "
        "The order to file, once and only if it is needed, is naloxone nasal spray 4 mg (give drug, strength and route "
        "in the text). Finish with a list of one number: how many active opioid orders the patient has (0 if none)."
    )
    theirs = re.compile(r"opioid analgesic order for patient (?P<mrn>S\d{7}).*naloxone", re.DOTALL)

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("MedicationRequest", (("patient", slots.mrn), ("status", "active"))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        opioids = chart.medications(OPIOIDS)
        uncovered = opioids and not chart.medications(RESCUE)
        return Expectation(
            answer=Answer(items=(Number(value=len(opioids)),)), orders=(rescue(slots.mrn),) if uncovered else ()
        )

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        if not chart.medications(OPIOIDS.loosely()) or chart.medications(RESCUE):
            return no_writes()
        named = Says(
            category="wrong_code", places=("medication", "code"), pattern=RESCUE.loosely().pattern, label="naloxone"
        )
        fields = either(slots.mrn, "", named).fields
        return counted(slots.mrn, Count(label="one naloxone order", fields=fields, least=1, most=1))

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear_orders(*OPIOIDS.words, *RESCUE.words)
        count = 0 if branch == "no_opioid" else scene.index % 4 + scene.difficulty
        texts = scene.rng.sample(OPIOID_ORDERS, count)
        if scene.difficulty > 1 and scene.index % 2 and texts:
            texts.append(texts[0])
        for text in texts:
            scene.order(text, scene.some_days_ago(0, 30))
        scene.order(scene.rng.choice(OPIOID_ORDERS), scene.some_days_ago(40, 400), status="completed")
        if branch == "covered":
            scene.order(RESCUE_ORDER, scene.some_days_ago(0, 60))
        elif branch == "uncovered":
            scene.order(RESCUE_ORDER, scene.some_days_ago(60, 300), status="stopped")
            if scene.index % 8 >= 4:
                scene.order(NO_RESCUE, scene.some_days_ago(0, 60))
            scene.order(RESCUE_ORDER, scene.later())
        if scene.index % 3 == 1:
            scene.order(scene.rng.choice(OPIOID_ORDERS), scene.later())
            scene.order(scene.rng.choice(OPIOID_ORDERS), scene.some_days_ago(0, 30), status="cancelled")
        if scene.difficulty > 1:
            scene.order(scene.rng.choice(OPIOID_ORDERS), scene.some_days_ago(0, 30), status="entered-in-error")
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        chart = seen(now, (yield search_medications(slots.mrn)))
        opioids = chart.medications(OPIOIDS)
        if opioids and not chart.medications(RESCUE):
            yield order_medication(slots.mrn, now, "naloxone 4 mg nasal spray", route="nasal", dose=(4, "mg"))
        yield finish(len(opioids))
