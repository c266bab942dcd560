"""Influenza vaccine: once a year (MedAgentBench V2, task 9).

Rule: no influenza vaccine on file, or the newest more than 365 days ago -> order one for today. Source: MedAgentBench
V2 task 9; ACIP recommends influenza vaccination every season for everyone aged 6 months and older.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from medagentbenchv2.chart import Chart, Event, Read
from medagentbenchv2.grading.answer import Answer, day_of
from medagentbenchv2.grading.expectation import Count, Expectation
from medagentbenchv2.grading.fields import AnyOf, Coded, Says
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.orders import counted, either, no_writes, vaccine
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import CPT, day_said, finish, order_service, search_procedures, seen
from medagentbenchv2.tools.call import Steps

CODE = "90686"
DAYS = 365


class InfluenzaVaccine(Family[PatientSlots]):
    """Is the yearly influenza vaccine due?"""

    slug, edition, number, kind = "influenza_vaccine", "v2", 9, "action"
    title = "Yearly influenza vaccine"
    rule = (
        "If the newest influenza vaccine (CPT 90686) was given more than 365 days ago, or there is none, order one for "
        "today."
    )
    source = "MedAgentBench V2 task 9; ACIP: every season from 6 months of age on"
    topics = frozenset({"influenza_vaccine"})
    branches = (
        Branch("overdue", acts=True, about="The newest influenza vaccine was given more than 365 days ago."),
        Branch("up_to_date", acts=False, about="The newest influenza vaccine was given at most 365 days ago."),
        Branch("never_given", acts=True, about="No influenza vaccine is in the chart.", empty=True),
    )
    asks = (
        "When did patient {mrn} last get an influenza vaccine? Order one for today if it is due.",
        "Flu clinic: check the influenza vaccination of patient {mrn} and order today's dose only where one is due.",
        "Bring the influenza vaccination of patient {mrn} up to date, and report the date of the last dose on file.",
    )
    facts = (
        "An influenza vaccination is a procedure with CPT code 90686 (quadrivalent, preservative-free, "
        "intramuscular); one that was not done or was entered in error does not count. The vaccine is due when the "
        "newest one was given more than 365 days (365 x 24 hours) before now, or when there is none; at exactly 365 "
        "days it is not due. Order it once, as a service request with CPT code 90686, status active, intent order, "
        "authored today and, if a time is given, for today. Finish with a list of one item: the date of the newest "
        "vaccination in the chart as a string YYYY-MM-DD, or the number -1 if there is none."
    )
    theirs = re.compile(r"last influenza vaccine for patient (?P<mrn>S\d{7})")

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("Procedure", (("patient", slots.mrn), ("code", CODE))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest = _newest(chart)
        return Expectation(
            answer=Answer(items=(day_of(newest.at if newest else None),)),
            orders=(vaccine(slots.mrn, "influenza vaccine", CODE, chart.now),) if _is_due(chart, newest) else (),
        )

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        if not _is_due(chart, _newest(chart)):
            return no_writes()
        flu = Says(category="wrong_code", places=("anywhere",), pattern="flu", label="flu")
        named = AnyOf(category="wrong_code", rules=(Coded(codes=(CODE,)), flu))
        fields = either(slots.mrn, "", named).fields
        return counted(slots.mrn, Count(label="one influenza vaccine order", fields=fields, least=1, most=1))

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear(CODE)
        on_edge = scene.index % 5 == 0
        newest = scene.ago(days=DAYS)
        if branch == "overdue":
            newest = scene.ago(days=DAYS, minutes=1) if on_edge else scene.some_days_ago(DAYS, 1400)
        elif branch == "up_to_date" and not on_edge:
            newest = scene.some_days_ago(7, DAYS)
        if branch != "never_given":
            scene.procedure(CODE, newest)
            for year in range(1, 1 + scene.index % 3 + scene.difficulty - 1):
                scene.procedure(CODE, newest - timedelta(days=365 * year, minutes=scene.rng.randrange(60_000)))
        scene.procedure(CODE, scene.later())
        if scene.index % 3 != 1 or branch == "never_given":
            scene.procedure(CODE, scene.since(newest), status="not-done")
        if scene.difficulty > 1:
            scene.procedure(CODE, scene.since(newest), status="entered-in-error")
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        chart = seen(now, (yield search_procedures(slots.mrn, CODE)))
        newest = _newest(chart)
        if _is_due(chart, newest):
            yield order_service(
                slots.mrn, now, CODE, CPT, "Influenza vaccine, quadrivalent, preservative-free, IM", at=now
            )
        yield finish(day_said(newest.at if newest else None))


def _newest(chart: Chart) -> Event | None:
    return next(iter(chart.procedures(CODE)), None)


def _is_due(chart: Chart, newest: Event | None) -> bool:
    return newest is None or chart.is_older(newest.at, days=DAYS)
