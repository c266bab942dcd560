"""Average glucose of the last 24 hours (MedAgentBench v1, task 6).

Rule: the arithmetic mean of all GLU readings of the last 24 hours, both ends included, in mg/dL. Source:
MedAgentBench v1 task 6.
"""

from __future__ import annotations

import re
from datetime import datetime

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer, Number, none_found
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.laboratory import NOT_COUNTED
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import finish, search_observations, seen
from medagentbenchv2.tasks.units import GLUCOSE
from medagentbenchv2.tools.call import Steps


class AverageGlucose(Family[PatientSlots]):
    """What is the mean glucose?"""

    slug, edition, number, kind = "average_glucose", "v1", 6, "query"
    title = "Mean glucose of the last 24 hours"
    rule = (
        "Report the mean of all glucose readings (GLU) of the last 24 hours in mg/dL, right within 0.1; -1 if there is "
        "none."
    )
    source = "MedAgentBench v1 task 6"
    topics = frozenset({"GLU"})
    branches = (
        Branch("measured", acts=False, about="Glucose was measured in the last 24 hours."),
        Branch("not_measured", acts=False, about="Glucose was not measured in the last 24 hours.", empty=True),
    )
    asks = (
        "What was the mean glucose of patient {mrn} over the last 24 hours?",
        "Average all glucose readings that patient {mrn} had in the past 24 hours.",
        "For the insulin review of patient {mrn}, work out the average glucose of the 24 hours up to now.",
    )
    facts = (
        f"Glucose is the observation code GLU. {NOT_COUNTED} Every other reading of the last 24 hours counts once, "
        "one of exactly 24 hours ago included. Answer in mg/dL; a reading in mmol/L counts 18.0 times as much in "
        "mg/dL. Finish with a list of one number: the arithmetic mean, not rounded or to at least one decimal, or "
        "-1 if there is no reading in the last 24 hours."
    )
    theirs = re.compile(r"average CBG of the patient (?P<mrn>S\d{7}) over the last 24 hours")
    answer_graded = True

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("Observation", (("patient", slots.mrn), ("code", "GLU"))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        mean = GLUCOSE.mean(chart.readings("GLU", hours=24))
        return Expectation(answer=Answer(items=(none_found() if mean is None else Number(value=mean, tolerance=0.1),)))

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        return self.expect(chart, slots)

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear("GLU")
        rng, usual = scene.rng, 85 + scene.index * 23 % 120
        scene.observe_each("GLU", rng.choices(range(70, 300), k=12), scene.ago(days=30), scene.ago(days=2))
        scene.observe("GLU", scene.ago(hours=24, minutes=1), usual + rng.randrange(60, 130))
        scene.observe("GLU", scene.ago(minutes=-rng.randrange(10, 2000)), usual + rng.randrange(60, 130))
        if branch == "measured":
            values = [usual + rng.randrange(-14, 30) for _ in range(1 + scene.index % 9)]
            scene.observe_each("GLU", values, scene.ago(hours=24), scene.ago(minutes=10))
            if scene.index % 3 == 0:
                scene.observe("GLU", scene.ago(hours=24), usual + rng.randrange(60, 130))
            if scene.difficulty >= 2:
                scene.observe("GLU", scene.ago(minutes=6), usual + 150, status="entered-in-error")
                scene.observe("GLU", scene.ago(minutes=4), rng.randrange(40, 160) / 10, unit="mmol/L")
                scene.observe_text("GLU", scene.ago(hours=20), ">600")
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        chart = seen(now, (yield search_observations(slots.mrn, "GLU")))
        mean = GLUCOSE.mean(chart.readings("GLU", hours=24))
        yield finish(-1 if mean is None else mean)
