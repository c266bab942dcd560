"""HbA1c follow-up: a new test when the last one is more than 365 days old (MedAgentBench v1, task 10).

Rule: no A1C at all, or the newest is older than 365 days -> order one. Source: MedAgentBench v1 task 10; one test a
year is its rule; the ADA Standards of Care in Diabetes (2023, recommendation 6.1) ask for two in patients who meet
their goals.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from medagentbenchv2.chart import Chart, Read, Reading
from medagentbenchv2.grading.answer import Answer, Instant, Number, none_found
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.laboratory import NOT_COUNTED, Planned, plant_newest
from medagentbenchv2.tasks.orders import STAT, authored_now, empty_answer_too, published_v1, service
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import LOINC, finish, order_service, search_observations, seen
from medagentbenchv2.tools.call import Steps

TEST = "4548-4"
LABEL = "HbA1c"
YEAR = timedelta(days=365)


def overdue(newest: Reading | None, now: datetime) -> bool:
    """True when there is none, or it is more than 365 days old."""
    return newest is None or newest.at.instant < now - YEAR


class A1cFollowup(Family[PatientSlots]):
    """Is an HbA1c due?"""

    slug, edition, number, kind = "a1c_followup", "v1", 10, "action"
    title = "HbA1c follow-up"
    rule = "If the newest HbA1c is more than 365 days old, or none was ever measured, order one stat (LOINC 4548-4)."
    source = "MedAgentBench v1 task 10; at least one test a year (ADA Standards of Care 2023, rec. 6.1)"
    topics = frozenset({"A1C"})
    branches = (
        Branch("stale", acts=True, about="The newest HbA1c is more than 365 days old."),
        Branch("never_measured", acts=True, about="HbA1c was never measured.", empty=True),
        Branch("recent", acts=False, about="The newest HbA1c is at most 365 days old."),
    )
    asks = (
        "What was patient {mrn}'s last HbA1c, and when was it taken? Order a new one if it is more than 365 days "
        "old or was never done.",
        "Diabetes recall: give the newest HbA1c of patient {mrn} with its time, and order the test if none is on "
        "record from the last 365 days.",
        "Review the HbA1c of patient {mrn}. If there is none, or the newest lies more than 365 days back, order a "
        "test.",
    )
    facts = (
        f"HbA1c is the observation code A1C, in %. {NOT_COUNTED} A reading exactly 365 days (365 x 24 hours) old is "
        "still recent. The order, only if it is due, is one service request for LOINC 4548-4 (system "
        "http://loinc.org), status active, intent order, priority stat, authored at the present time. Finish with a "
        "list of two values: the newest reading as a number and the instant it was taken (its effectiveDateTime, as "
        "text with date, time and offset); or with the list of one number -1 if there is no reading."
    )
    theirs = re.compile(r"HbA1C \(hemoglobin A1C\) value in the chart for patient (?P<mrn>S\d{7})")
    answer_graded = True

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("Observation", (("patient", slots.mrn), ("code", "A1C"))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest = chart.latest("A1C")
        items = (Number(value=newest.value), Instant(value=newest.at.instant)) if newest else (none_found(),)
        order = service(slots.mrn, LABEL, STAT, authored_now(chart.now), code=TEST)
        return Expectation(answer=Answer(items=items), orders=(order,) if overdue(newest, chart.now) else ())

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        strict = empty_answer_too(self.expect(chart, slots))
        order = published_v1("ServiceRequest", slots.mrn, LABEL, LOINC, TEST, chart.now, STAT)
        return strict.model_copy(update={"orders": (order,) if strict.orders else ()})

    def foreign(self, expectation: Expectation, chart: Chart) -> Expectation:
        return empty_answer_too(expectation)

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        tenths = 50 + scene.index * 13 % 61
        on_edge = scene.index % 5 == 0
        if branch == "stale":
            at = scene.ago(days=365, minutes=1) if on_edge else scene.some_days_ago(366, 1200)
        else:
            at = scene.ago(days=365) if on_edge else scene.some_days_ago(1, 364)
        newest = None if branch == "never_measured" else Planned(tenths / 10)
        plant_newest(scene, "A1C", newest, [other / 10 for other in range(48, 112) if abs(other - tenths) > 2], at)
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        newest = seen(now, (yield search_observations(slots.mrn, "A1C"))).latest("A1C")
        if overdue(newest, now):
            yield order_service(slots.mrn, now, TEST, LOINC, "Hemoglobin A1c", priority="stat")
        yield finish(*((newest.value, newest.at.text) if newest else (-1,)))
