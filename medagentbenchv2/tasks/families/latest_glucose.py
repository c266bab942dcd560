"""Latest glucose, however old (MedAgentBench v1, task 7).

Rule: the newest GLU reading as of now, in mg/dL. Source: MedAgentBench v1 task 7.
"""

from __future__ import annotations

import re
from datetime import datetime

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.laboratory import NOT_COUNTED, Planned, plant_newest
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import finish, search_observations, seen
from medagentbenchv2.tasks.units import GLUCOSE
from medagentbenchv2.tools.call import Steps


class LatestGlucose(Family[PatientSlots]):
    """What is the newest glucose?"""

    slug, edition, number, kind = "latest_glucose", "v1", 7, "query"
    title = "Newest glucose"
    rule = "Report the newest glucose reading (GLU) in mg/dL, however old; -1 if there is none."
    source = "MedAgentBench v1 task 7"
    topics = frozenset({"GLU"})
    branches = (
        Branch("measured", acts=False, about="Glucose was measured."),
        Branch("never_measured", acts=False, about="Glucose was never measured.", empty=True),
    )
    asks = (
        "What is the newest glucose reading of patient {mrn}?",
        "Look up the last glucose that was measured in patient {mrn}.",
        "Report patient {mrn}'s most recent glucose value, whenever it was taken.",
    )
    facts = (
        f"Glucose is the observation code GLU. {NOT_COUNTED} The newest reading is the one measured last, however "
        "old it is. Answer in mg/dL; a reading in mmol/L counts 18.0 times as much in mg/dL. Finish with a list of "
        "one number: that reading, or -1 if there is none at all."
    )
    theirs = re.compile(r"most recent CBG of the patient (?P<mrn>S\d{7})")
    answer_graded = True

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("Observation", (("patient", slots.mrn), ("code", "GLU"))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        return Expectation(answer=Answer(items=(GLUCOSE.number(chart.latest("GLU")),)))

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        return self.expect(chart, slots)

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        value = 62 + scene.index * 37 % 240
        newest = Planned(value)
        if scene.difficulty >= 2 and scene.index % 2:
            newest = Planned((40 + scene.index * 11 % 120) / 10, "mmol/L")
        others = [other for other in range(70, 300, 3) if abs(other - value) > 5]
        plant_newest(scene, "GLU", newest if branch == "measured" else None, others)
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        newest = seen(now, (yield search_observations(slots.mrn, "GLU"))).latest("GLU")
        yield finish(GLUCOSE.value(newest) if newest else -1)
