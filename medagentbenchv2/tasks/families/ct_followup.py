"""CT follow-up: a renal mass needs imaging once a year (MedAgentBench V2, task 1).

Rule: the newest abdominal CT is more than 365 days old, or there is none -> order a CT with contrast. Source:
MedAgentBench V2 task 1; the AUA guideline on renal masses (2021) asks for repeated cross-sectional imaging.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from medagentbenchv2.chart import Chart, Event, Read
from medagentbenchv2.grading.answer import Answer, day_of
from medagentbenchv2.grading.expectation import Expectation, Order
from medagentbenchv2.grading.fields import Says
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.orders import service
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import CPT, day_said, finish, order_service, search_procedures, seen
from medagentbenchv2.tools.call import Steps

CT_CODES = ("IMGCT0491", "IMGIL0001")
NEW_CT = "74177"
DAYS = 365


def follow_up(mrn: str) -> Order:
    """The order that an overdue patient needs."""
    indication = Says(
        category="missing_note",
        places=("note",),
        pattern="renal mass follow up",
        label="Renal mass follow-up",
        free=True,
    )
    return service(mrn, "CT abdomen with contrast", indication, code=NEW_CT)


class CtFollowup(Family[PatientSlots]):
    """Is the yearly CT of a renal mass due?"""

    slug, edition, number, kind = "ct_followup", "v2", 1, "action"
    title = "CT follow-up of a renal mass"
    rule = (
        "If the newest abdominal CT is more than 365 days old, or there is none, order one with contrast (CPT 74177) "
        "as renal mass follow-up."
    )
    source = "MedAgentBench V2 task 1; repeated cross-sectional imaging: AUA guideline on renal masses (2021)"
    topics = frozenset({"ct"})
    branches = (
        Branch("overdue", acts=True, about="The newest abdominal CT is more than 365 days old."),
        Branch("recent", acts=False, about="The newest abdominal CT is at most 365 days old."),
        Branch("never_scanned", acts=True, about="No abdominal CT is in the chart.", empty=True),
    )
    asks = (
        "When did patient {mrn} last have a CT of the abdomen? Where the yearly follow-up of the renal mass is "
        "overdue, order it.",
        "Patient {mrn} is under surveillance for a renal mass. Look up the newest abdominal CT and order the next one "
        "if it is due.",
        "Check the imaging follow-up of patient {mrn}: report the last abdominal CT, and request a new contrast CT "
        "only if the last one is too old or missing.",
    )
    facts = (
        "Abdominal CTs are procedures with the code IMGCT0491 or IMGIL0001; one that was not done or was entered in "
        "error does not count. A new CT is due when the newest one was performed more than 365 days (365 x 24 hours) "
        "before now, or when there is none; at exactly 365 days it is not due. Order it once, as a service request "
        "with CPT code 74177, status active, intent order, and the note 'Renal mass follow-up'. Finish with a list of "
        "one item: the date of the newest CT in the chart as a string YYYY-MM-DD, or the number -1 if there is none."
    )
    theirs = re.compile(r"most recent CT Abdomen(?:/Pelvis)? procedure for patient (?P<mrn>S\d{7})")

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("Procedure", (("patient", slots.mrn), ("code", ",".join(CT_CODES)))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest = _newest(chart)
        return Expectation(
            answer=Answer(items=(day_of(newest.at if newest else None),)),
            orders=(follow_up(slots.mrn),) if _is_due(chart, newest) else (),
        )

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        return self.expect(chart, slots).model_copy(update={"answer": None, "silence": True})

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear(*CT_CODES)
        on_edge = scene.index % 5 == 0
        if branch == "overdue":
            newest = scene.ago(days=DAYS, minutes=1) if on_edge else scene.some_days_ago(DAYS, 1500)
        elif branch == "recent":
            newest = scene.ago(days=DAYS) if on_edge else scene.some_days_ago(3, DAYS)
        else:
            newest = None
        if newest:
            scene.procedure(scene.rng.choice(CT_CODES), newest)
            for _ in range(scene.index % 3 + scene.difficulty - 1):
                scene.procedure(
                    scene.rng.choice(CT_CODES), newest - timedelta(minutes=scene.rng.randrange(1440, 500_000))
                )
        scene.procedure(CT_CODES[scene.index % 2], scene.later())
        if scene.index % 3 != 1:
            scene.procedure(CT_CODES[0], scene.since(newest or scene.ago(days=DAYS)), status="not-done")
        if scene.difficulty > 1:
            scene.procedure(CT_CODES[1], scene.since(newest or scene.ago(days=DAYS)), status="entered-in-error")
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        chart = seen(now, (yield search_procedures(slots.mrn, *CT_CODES)))
        newest = _newest(chart)
        if _is_due(chart, newest):
            note = "Renal mass follow-up"
            yield order_service(slots.mrn, now, NEW_CT, CPT, "CT abdomen and pelvis with IV contrast", note=note)
        yield finish(day_said(newest.at if newest else None))


def _newest(chart: Chart) -> Event | None:
    return next(iter(chart.procedures(*CT_CODES)), None)


def _is_due(chart: Chart, newest: Event | None) -> bool:
    return newest is None or chart.is_older(newest.at, days=DAYS)
