"""QTc management: a long QTc stops the drugs that lengthen it (MedAgentBench V2, task 7).

Rule: the newest QTc is above 500 ms -> discontinue each active QT-prolonging order and repeat the ECG in 24 hours.
Source: MedAgentBench V2 task 7; AHA/ACC statement on torsade de pointes in hospital settings (2010), QTc above 500 ms.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer, number_of
from medagentbenchv2.grading.expectation import Count, Expectation, Order
from medagentbenchv2.grading.fields import Kind, Says, Subject, Timed
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.orders import ORDERS, any_stop, counted, no_writes, service, stop_of
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import (
    SNOMED,
    finish,
    order_service,
    search_medications,
    search_observations,
    seen,
    stop,
)
from medagentbenchv2.terms import drugs
from medagentbenchv2.tools.call import Steps

CODE = "QTCINTERVAL"
LIMIT = 500
"""Milliseconds; at exactly this nothing is done."""
ECG = "445118002"
CULPRITS = drugs(
    "ondansetron", "prochlorperazine", "haloperidol", "quetiapine", "olanzapine", "risperidone", "ziprasidone",
    "clozapine", "chlorpromazine",
)  # fmt: skip
OTHER_ANTIPSYCHOTICS = drugs(
    "aripiprazole", "asenapine", "brexpiprazole", "cariprazine", "droperidol", "fluphenazine", "iloperidone",
    "loxapine", "lumateperone", "lurasidone", "molindone", "paliperidone", "perphenazine", "pimavanserin", "pimozide",
    "thioridazine", "thiothixene", "trifluoperazine",
)  # fmt: skip
CULPRIT_ORDERS = (
    "ONDANSETRON HCL (PF) 4 MG/2 ML INJ SOLN",
    "QUETIAPINE 25 MG TABLET",
    "HALOPERIDOL LACTATE 5 MG/ML INJ SOLN",
    "PROCHLORPERAZINE MALEATE 10 MG TABLET",
    "OLANZAPINE 10 MG TABLET",
    "RISPERIDONE 2 MG TABLET",
    "ZIPRASIDONE 40 MG CAPSULE",
    "CHLORPROMAZINE 25 MG TABLET",
)


def repeat_ecg(mrn: str, now: datetime) -> Order:
    """The ECG of a patient with a long QTc, 24 hours from now, an hour either way."""
    due, slack = now + timedelta(hours=24), timedelta(hours=1)
    when = Timed(element="occurrenceDateTime", earliest=due - slack, latest=due + slack)
    return service(mrn, "12-lead ECG in 24 hours", when, code=ECG)


class QtcManagement(Family[PatientSlots]):
    """Is the QTc long, and which drugs must stop?"""

    slug, edition, number, kind = "qtc_management", "v2", 7, "action"
    title = "Long QTc: stop QT-prolonging drugs and repeat the ECG"
    rule = (
        "If the newest QTc is above 500 ms, stop each active order of a QT-prolonging drug and order a 12-lead ECG in "
        "24 hours."
    )
    source = (
        "MedAgentBench V2 task 7; QTc above 500 ms: AHA/ACC statement on torsade de pointes in hospital settings (2010)"
    )
    topics = frozenset({"qtc", "qt_drugs"})
    branches = (
        Branch("prolonged", acts=True, about="The newest QTc is above 500 ms."),
        Branch("not_prolonged", acts=False, about="The newest QTc is 500 ms or less."),
        Branch("no_reading", acts=False, about="QTc was never measured.", empty=True),
    )
    asks = (
        "Look at the newest QTc of patient {mrn}. If it is too long, stop the drugs that prolong it and have the ECG "
        "repeated a day from now.",
        "QT safety check for patient {mrn}: act on the last QTc where it is above the limit.",
        "Patient {mrn}: what is the latest QTc? Above the limit, discontinue every QT-prolonging order and request a "
        "12-lead ECG in 24 hours.",
    )
    facts = (
        "QTc readings are observations with the code QTCINTERVAL, in ms; the newest is the one measured last, and one "
        "that was cancelled or entered in error does not count. Above 500 ms (not at 500) discontinue each active "
        "medication order whose text names ondansetron, prochlorperazine, haloperidol, quetiapine, olanzapine, "
        "risperidone, ziprasidone, clozapine or chlorpromazine, and file one service request for a 12-lead ECG: "
        "SNOMED code 445118002, status active, intent order, occurrenceDateTime 24 hours from now. The ECG is ordered "
        "even if no such drug is active. Discontinue an order by filing a medication order with the same text and "
        "status stopped that names it in priorPrescription, once for each. At 500 ms or below, or without a reading, "
        "order nothing. Finish with a list of one number: the newest QTc in ms, or -1 if there is none."
    )
    theirs = re.compile(r"latest QTc interval for patient (?P<mrn>S\d{7})")

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (
            Read("Observation", (("patient", slots.mrn), ("code", CODE))),
            Read("MedicationRequest", (("patient", slots.mrn), ("status", "active"))),
        )

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest = chart.latest(CODE)
        answer = Answer(items=(number_of(newest.value if newest else None),))
        if newest is None or newest.value <= LIMIT:
            return Expectation(answer=answer)
        active = chart.medications(CULPRITS)
        stops = (stop_of(slots.mrn, order, active, CULPRITS) for order in active)
        return Expectation(answer=answer, orders=(repeat_ecg(slots.mrn, chart.now), *stops))

    def foreign(self, expectation: Expectation, chart: Chart) -> Expectation:
        """The published wording names "most antipsychotics": stopping another active one is no collateral."""
        expectation = super().foreign(expectation, chart)
        mrn = next((f.mrn for order in expectation.orders for f in order.fields if isinstance(f, Subject)), None)
        if mrn is None:
            return expectation
        others = chart.medications(OTHER_ANTIPSYCHOTICS)
        allowed = tuple(stop_of(mrn, order, others, OTHER_ANTIPSYCHOTICS) for order in others)
        return expectation.model_copy(update={"allowed": allowed})

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest = chart.latest(CODE)
        if newest is None or newest.value <= LIMIT:
            return no_writes()
        named = Says(category="wrong_code", places=("anywhere",), pattern=f"ecg|{ECG}", label=f"ecg or {ECG}")
        counts = [Count(label="an ECG order", fields=service(slots.mrn, "", named).fields, least=1)]
        if chart.medications(CULPRITS.loosely()):
            counts.append(any_stop(slots.mrn, CULPRITS.loosely()))
        expectation = counted(slots.mrn, *counts)
        return expectation.model_copy(update={"every": (Kind(kinds=ORDERS), *expectation.every)})

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear(CODE)
        scene.clear_orders(*CULPRITS.words)
        index, rng = scene.index, scene.rng
        if branch != "no_reading":
            newest = scene.some_days_ago(0, 4)
            long = LIMIT + (1 if index % 6 == 0 else rng.randrange(2, 60))
            short = LIMIT if index % 4 == 0 else rng.randrange(392, 500)
            scene.observe(CODE, newest, long if branch == "prolonged" else short, status=scene.counting_status)
            for _ in range(1 + index % 3 + scene.difficulty):
                earlier = newest - timedelta(minutes=rng.randrange(600, 90_000))
                scene.observe(
                    CODE, earlier, rng.randrange(400, 480) if branch == "prolonged" else rng.randrange(505, 560)
                )
            if scene.difficulty > 1:
                wrong = rng.randrange(390, 450) if branch == "prolonged" else rng.randrange(520, 580)
                scene.observe(CODE, scene.since(newest), wrong, status="entered-in-error")
        scene.observe(CODE, scene.later(), 440 if branch == "prolonged" else 530)
        for text in rng.sample(CULPRIT_ORDERS, index % 5 if branch == "prolonged" else 1 + index % 3):
            scene.order(text, scene.some_days_ago(0, 20))
        scene.order(rng.choice(CULPRIT_ORDERS), scene.some_days_ago(1, 40), status="completed")
        scene.order(rng.choice(CULPRIT_ORDERS), scene.some_days_ago(1, 40), status="cancelled")
        scene.order(rng.choice(CULPRIT_ORDERS), scene.later())
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        newest = seen(now, (yield search_observations(slots.mrn, CODE))).latest(CODE)
        if newest and newest.value > LIMIT:
            for order in seen(now, (yield search_medications(slots.mrn))).medications(CULPRITS):
                yield stop(slots.mrn, now, order)
            yield order_service(slots.mrn, now, ECG, SNOMED, "12-lead ECG", at=now + timedelta(hours=24))
        yield finish(newest.value if newest else -1)
