"""COVID booster: a dose every year, wherever the last one is recorded (MedAgentBench V2, task 10).

Rule: no COVID-19 vaccine as procedure or medication order, or the newest more than 365 calendar days ago -> order one
for today. Source: MedAgentBench V2 task 10; ACIP's recommendation of a 2023-2024 dose (CPT 91320).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer, day_of
from medagentbenchv2.grading.expectation import Count, Expectation
from medagentbenchv2.grading.fields import Says
from medagentbenchv2.moment import Moment
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.orders import counted, either, no_writes, vaccine
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import (
    CPT,
    day_said,
    finish,
    order_service,
    search_medications,
    search_procedures,
    seen,
)
from medagentbenchv2.terms import Terms
from medagentbenchv2.tools.call import Steps

GIVEN = "COVIDVACCINE"
ORDERED = Terms(("COVID-19 VAC",), prefix=True)
ORDER_TEXT = "COVID-19 VAC, MRNA (PFIZER) 30 MCG/0.3 ML IM SUSPENSION"
BOOSTER = "91320"
DAYS = 365
COUNTS = frozenset({"completed", "active"})
PUBLISHED_COUNTS = frozenset({"completed"})


class CovidBooster(Family[PatientSlots]):
    """Is a COVID booster due?"""

    slug, edition, number, kind = "covid_booster", "v2", 10, "action"
    title = "Yearly COVID-19 booster"
    rule = (
        "If the newest COVID-19 vaccine, given or ordered, is more than 365 calendar days ago, or there is none, order "
        "a booster for today (CPT 91320)."
    )
    source = "MedAgentBench V2 task 10; ACIP: a 2023-2024 dose"
    topics = frozenset({"covid_vaccine"})
    branches = (
        Branch("overdue", acts=True, about="The newest COVID-19 vaccine was more than 365 calendar days ago."),
        Branch("up_to_date", acts=False, about="The newest COVID-19 vaccine was at most 365 calendar days ago."),
        Branch("never_given", acts=True, about="No COVID-19 vaccine is in the chart.", empty=True),
    )
    asks = (
        "When was the last COVID-19 vaccine of patient {mrn}? Order a booster for today if one is due.",
        "Check the COVID-19 vaccination of patient {mrn} and order today's booster only where it is due.",
        "Patient {mrn}: find the newest COVID-19 vaccine wherever it is recorded, and order the booster if that is "
        "too long ago.",
    )
    facts = (
        "A COVID-19 vaccine is a procedure with the code COVIDVACCINE (not one that was not done or entered in "
        "error), dated by when it was performed, or a medication order whose text holds 'COVID-19 VAC' with status "
        "completed or active, dated by authoredOn; look for both. A booster is due when the date of the newest one is "
        "more than 365 calendar days before today's date, or when there is none; at exactly 365 days it is not due. "
        "Order it once, as a service request with CPT code 91320, status active, intent order, authored today and, if "
        "a time is given, for today. Finish with a list of one item: the date of the newest COVID-19 vaccine in the "
        "chart as a string YYYY-MM-DD, or the number -1 if there is none."
    )
    theirs = re.compile(r"COVID-19 vaccination status for patient (?P<mrn>S\d{7})")

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (
            Read("Procedure", (("patient", slots.mrn), ("code", GIVEN))),
            Read("MedicationRequest", (("patient", slots.mrn),)),
        )

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest = _newest(chart, COUNTS)
        booster = vaccine(slots.mrn, "COVID-19 booster", BOOSTER, chart.now)
        return Expectation(answer=Answer(items=(day_of(newest),)), orders=(booster,) if _is_due(chart, newest) else ())

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        if not _is_due(chart, _newest(chart, PUBLISHED_COUNTS)):
            return no_writes()
        named = Says(category="wrong_code", places=("code", "medication"), pattern="covid", label="covid")
        fields = either(slots.mrn, "", named).fields
        return counted(slots.mrn, Count(label="one COVID vaccine order", fields=fields, least=1, most=1))

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear(GIVEN)
        scene.clear_orders(*ORDERED.words)
        on_edge = scene.index % 5 == 0
        newest = scene.ago(days=DAYS)
        if branch == "overdue":
            newest = scene.ago(days=DAYS + 1) if on_edge else scene.some_days_ago(DAYS + 1, 1000)
        elif branch == "up_to_date":
            # Early on the 365th day before today: more than 365 x 24 hours, but not more than 365 calendar days.
            midnight = newest.replace(hour=0, minute=0)
            newest = midnight + timedelta(minutes=scene.rng.randrange(30)) if on_edge else scene.some_days_ago(7, DAYS)
            if _is_newest_active(
                scene
            ):  # recent enough that the dose before it is, too: an active order is not yet given
                newest = scene.some_days_ago(7, 160)
        if branch != "never_given":
            self._plant_doses(scene, newest)
        scene.procedure(GIVEN, scene.later())
        scene.order(ORDER_TEXT, scene.since(newest), status=("cancelled", "stopped")[scene.index % 2])
        if scene.index % 3 != 1:
            scene.procedure(GIVEN, scene.since(newest), status="not-done")
        if scene.difficulty > 1:
            scene.order(ORDER_TEXT, scene.since(newest), status="entered-in-error")
        return PatientSlots(mrn=scene.mrn)

    def _plant_doses(self, scene: Scene, newest: datetime) -> None:
        """The newest dose as procedure, completed order or active order; an earlier one in the other form."""
        earlier = newest - timedelta(minutes=scene.rng.randrange(30 * 1440, 200 * 1440))
        if scene.index % 3 == 0:
            scene.procedure(GIVEN, newest)
            scene.order(ORDER_TEXT, earlier, status="completed")
        else:
            scene.order(ORDER_TEXT, newest, status="active" if _is_newest_active(scene) else "completed")
            scene.procedure(GIVEN, earlier)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        procedures = yield search_procedures(slots.mrn, GIVEN)
        orders = yield search_medications(slots.mrn, text=ORDERED.words[0], status=None)
        chart = seen(now, procedures, orders)
        newest = _newest(chart, COUNTS)
        if _is_due(chart, newest):
            yield order_service(slots.mrn, now, BOOSTER, CPT, "COVID-19 vaccine, single dose", at=now)
        yield finish(day_said(newest))


def _is_newest_active(scene: Scene) -> bool:
    return scene.index % 3 != 0 and scene.index % 2 == 1 and scene.index % 5 != 0


def _newest(chart: Chart, statuses: frozenset[str]) -> Moment | None:
    given = [event.at for event in chart.procedures(GIVEN)]
    ordered = [order.at for order in chart.medications(ORDERED, status=statuses) if order.at]
    return max(given + ordered, key=lambda at: at.instant, default=None)


def _is_due(chart: Chart, newest: Moment | None) -> bool:
    return newest is None or (chart.now.date() - newest.day).days > DAYS
