"""Patient age in completed years at the clock (MedAgentBench v1, task 2).

Rule: years are completed on the birthday itself, not the day before; born on 29 February completes them on 1 March of
common years. Source: MedAgentBench v1 task 2.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from medagentbenchv2.chart import Chart, Person, Read
from medagentbenchv2.grading.answer import Answer, Number
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import finish, search_patients, seen
from medagentbenchv2.tools.call import Steps


def age(person: Person | None, now: datetime) -> int:
    """Completed years on the clock's day; -1 without a birth date."""
    if person is None or person.birth_date is None:
        return -1
    born, today = person.birth_date, now.date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


class PatientAge(Family[PatientSlots]):
    """How old is the patient?"""

    slug, edition, number, kind = "patient_age", "v1", 2, "query"
    title = "Patient age in completed years"
    rule = "Report the age in completed years on the day of the clock; a year is completed on the birthday itself."
    source = "MedAgentBench v1 task 2"
    topics = frozenset({"birth date", "lookup", "blood pressure", "referral"})
    branches = (
        Branch("any_day", acts=False, about="The birthday is any day of the year.", weight=2),
        Branch("birthday_today", acts=False, about="The birthday is today: the year is completed."),
        Branch("birthday_tomorrow", acts=False, about="The birthday is tomorrow: the year is not completed."),
    )
    asks = (
        "How old is patient {mrn}?",
        "State the present age of patient {mrn} in completed years.",
        "A dosing form for patient {mrn} asks for the age. Work it out from the record.",
    )
    facts = (
        "Age counts completed years as of today: a year is completed on the birthday itself. Finish with a list of "
        "one whole number, or -1 if no birth date is recorded."
    )
    theirs = re.compile(r"age of the patient with MRN of (?P<mrn>S\d{7})")
    answer_graded = True

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("Patient", (("identifier", slots.mrn),)),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        return Expectation(answer=Answer(items=(Number(value=age(_patient(chart, slots.mrn), chart.now)),)))

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        return self.expect(chart, slots)

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        if branch != "any_day":
            birthday = scene.now.date() + timedelta(days=branch == "birthday_tomorrow")
            scene.born(_in_year(birthday, scene.person.birth_date.year))
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        chart = seen(now, (yield search_patients(identifier=slots.mrn)))
        yield finish(age(_patient(chart, slots.mrn), now))


def _patient(chart: Chart, mrn: str) -> Person | None:
    return next((person for person in chart.people() if person.mrn == mrn), None)


def _in_year(day: date, year: int) -> date:
    """The same day of another year; 28 for 29 February."""
    return day.replace(year=year, day=min(day.day, 28) if day.month == 2 else day.day)
