"""Magnesium level: the newest one of the last 24 hours (MedAgentBench v1, task 4).

Rule: of the MG readings of the last 24 hours, both ends included, the newest, in mg/dL. Source: MedAgentBench v1 task
4.
"""

from __future__ import annotations

import re
from datetime import datetime

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.laboratory import NOT_COUNTED, Planned, plant_last_day
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import finish, search_observations, seen
from medagentbenchv2.tasks.units import MAGNESIUM
from medagentbenchv2.tools.call import Steps


class MagnesiumLevel(Family[PatientSlots]):
    """What is the magnesium?"""

    slug, edition, number, kind = "magnesium_level", "v1", 4, "query"
    title = "Newest magnesium of the last 24 hours"
    rule = "Report the newest magnesium (MG) of the last 24 hours in mg/dL; -1 if there is none."
    source = "MedAgentBench v1 task 4"
    topics = frozenset({"MG"})
    branches = (
        Branch("measured", acts=False, about="Magnesium was measured in the last 24 hours."),
        Branch("not_measured", acts=False, about="Magnesium was not measured in the last 24 hours.", empty=True),
    )
    asks = (
        "What is the newest serum magnesium of patient {mrn} from the last 24 hours?",
        "Report patient {mrn}'s latest magnesium, provided that it was measured within the past 24 hours.",
        "Before rounds: look up the most recent magnesium that patient {mrn} had in the 24 hours up to now.",
    )
    facts = (
        f"Magnesium is the observation code MG. {NOT_COUNTED} The last 24 hours include a reading of exactly 24 "
        "hours ago. Answer in mg/dL; a reading in mmol/L counts 2.43 times as much in mg/dL. Finish with a list of "
        "one number: the newest reading, or -1 if there is none in the last 24 hours, however recent an older one "
        "is."
    )
    theirs = re.compile(r"most recent magnesium level of the patient (?P<mrn>S\d{7}) within last 24 hours")
    answer_graded = True

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("Observation", (("patient", slots.mrn), ("code", "MG"))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        return Expectation(answer=Answer(items=(MAGNESIUM.number(chart.latest("MG", hours=24)),)))

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        return self.expect(chart, slots)

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        tenths = 12 + scene.index * 5 % 17
        newest = Planned(tenths / 10)
        if scene.difficulty >= 2 and scene.index % 2:
            newest = Planned((50 + scene.index * 7 % 60) / 100, "mmol/L")
        others = [other / 10 for other in range(13, 28) if abs(other - tenths) > 2]
        plant_last_day(scene, "MG", newest if branch == "measured" else None, others)
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        newest = seen(now, (yield search_observations(slots.mrn, "MG"))).latest("MG", hours=24)
        yield finish(MAGNESIUM.value(newest) if newest else -1)
