"""Average heart rate over two windows (MedAgentBench V2, task 3).

Rule: the arithmetic mean of every HEARTRATE reading of the last 6 hours, and of the last 12 hours; -1 for a window
without a reading. Nothing is ordered. Source: MedAgentBench V2 task 3.
"""

from __future__ import annotations

import re
from datetime import datetime

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer, number_of
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import finish, search_observations, seen
from medagentbenchv2.tools.call import Steps

CODE = "HEARTRATE"
WINDOWS = (6, 12)
"""Hours."""
TOLERANCE = 0.1
"""Beats per minute."""


class HeartRateAverage(Family[PatientSlots]):
    """How fast did the heart beat in the last hours?"""

    slug, edition, number, kind = "heart_rate_average", "v2", 3, "query"
    title = "Average heart rate over 6 and 12 hours"
    rule = (
        "Report the mean of all heart rates (HEARTRATE) of the last 6 hours and of the last 12 hours, ends included, "
        "right within 0.1; -1 for a window without a reading."
    )
    source = "MedAgentBench V2 task 3"
    topics = frozenset({"heart_rate"})
    branches = (
        Branch("both_windows", acts=False, about="There are readings in the last 6 hours.", weight=4),
        Branch(
            "older_half_only", acts=False, about="There are readings 6 to 12 hours ago, and none in the last 6 hours."
        ),
        Branch("no_reading", acts=False, about="There is no reading in the last 12 hours.", empty=True),
    )
    asks = (
        "What was the mean heart rate of patient {mrn} over the last 6 hours, and what over the last 12 hours?",
        "Average the heart rate readings of patient {mrn} for two windows that end now: 6 hours and 12 hours.",
        "Patient {mrn}: report the average heart rate of the past 6 hours and of the past 12 hours.",
    )
    facts = (
        "Heart rates are observations with the code HEARTRATE, in beats per minute, whatever their category; one that "
        "was cancelled or entered in error does not count. Average every reading taken from exactly 6 (or 12) hours "
        "before now up to now, both ends included; do not round to whole numbers (answers within 0.1 are right). "
        "Order nothing. Finish with a list of two numbers: the mean of the last 6 hours, then the mean of the last 12 "
        "hours; -1 for a window without a reading."
    )
    theirs = re.compile(r"average heart rate over the past 6 hours and the past 12 hours for patient (?P<mrn>S\d{7})")
    answer_graded = True

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("Observation", (("patient", slots.mrn), ("code", CODE))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        return Expectation(answer=_answer(chart, loose=False))

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        return Expectation(answer=_answer(chart, loose=True))

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear(CODE)
        index, rng = scene.index, scene.rng
        usual = rng.randrange(56, 112)
        recent = 2 + index % 4 + 2 * scene.difficulty if branch == "both_windows" else 0
        older = 1 + index % 3 + scene.difficulty if branch != "no_reading" else 0
        for minutes in rng.sample(range(1, 360), recent):
            scene.observe(CODE, scene.ago(minutes=minutes), usual + rng.randrange(-9, 10), status=scene.counting_status)
        for minutes in rng.sample(range(361, 720), older):
            scene.observe(CODE, scene.ago(minutes=minutes), usual + rng.randrange(-12, 13))
        # Far from the usual rate, so that a reading taken in or left out by mistake shows in the mean.
        if recent and index % 3 == 0:
            scene.observe(CODE, scene.ago(hours=6), usual + 31)
        if older and index % 3 == 1:
            scene.observe(CODE, scene.ago(hours=12), usual + 33)
        scene.observe(CODE, scene.ago(hours=12, minutes=1 + index % 4), usual + 35)
        scene.observe(CODE, scene.later(), usual + 37)
        if scene.difficulty > 1:
            scene.observe(CODE, scene.ago(minutes=rng.randrange(1, 720)), usual + 39, status="entered-in-error")
        for days in range(1, 3 + index % 4):
            scene.observe(CODE, scene.some_days_ago(days, days + 1), usual + rng.randrange(-12, 13))
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        chart = seen(now, (yield search_observations(slots.mrn, CODE)))
        means = (chart.mean(CODE, hours=hours) for hours in WINDOWS)
        yield finish(*(-1 if mean is None else mean for mean in means))


def _answer(chart: Chart, *, loose: bool) -> Answer:
    means = (chart.mean(CODE, hours=hours) for hours in WINDOWS)
    return Answer(items=tuple(number_of(mean, tolerance=TOLERANCE, loose=loose) for mean in means))
