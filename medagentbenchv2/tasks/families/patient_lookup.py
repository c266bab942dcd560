"""Patient lookup: from a full name and a birth date to the medical record number (MedAgentBench v1, task 1).

Rule: name and birth date must both match; where nobody has both, the answer says so. Two identifiers are the least
that identifies a patient. Source: MedAgentBench v1 task 1; Joint Commission NPSG.01.01.01.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer, Text
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.tasks.family import Branch, Family, Slots
from medagentbenchv2.tasks.named import born_on, named
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import finish, search_patients, seen
from medagentbenchv2.tools.call import Steps

NOT_FOUND = "Patient not found"


class LookupSlots(Slots):
    """Whom to look up."""

    name: str
    """Given and family name."""
    birth_date: date


class PatientLookup(Family[LookupSlots]):
    """Who is it?"""

    slug, edition, number, kind = "patient_lookup", "v1", 1, "query"
    title = "Patient lookup by name and birth date"
    rule = "Report the MRN of the patient whose full name and birth date both match, or that there is nobody."
    source = "MedAgentBench v1 task 1; two identifiers: Joint Commission NPSG.01.01.01"
    topics = frozenset({"lookup"})
    branches = (
        Branch("found", acts=False, about="One patient has both this name and this birth date."),
        Branch("not_found", acts=False, about="Nobody has both this name and this birth date.", empty=True),
    )
    slots = LookupSlots
    asks = (
        "Find the medical record number of {name}, born {birth_date}.",
        "A caller gives the name {name} and the birth date {birth_date}. Under which MRN is this patient registered?",
        "Registration needs the MRN that belongs to {name} (date of birth {birth_date}). Look it up.",
    )
    facts = (
        "Full name and birth date must both match: there are patients of similar names and birth dates. An MRN is the "
        'letter S and 7 digits. Finish with a list of one text: the MRN, or exactly "Patient not found" if nobody has '
        "both this name and this birth date."
    )
    theirs = re.compile(r"MRN of the patient with name (?P<name>.+?) and DOB of (?P<birth_date>\d{4}-\d\d-\d\d)")
    answer_graded = True

    def reads(self, slots: LookupSlots) -> tuple[Read, ...]:
        return (born_on(slots.birth_date),)

    def expect(self, chart: Chart, slots: LookupSlots) -> Expectation:
        person = named(chart, slots.name, slots.birth_date)
        return Expectation(answer=Answer(items=(Text(value=person.mrn if person else NOT_FOUND),)))

    def published(self, chart: Chart, slots: LookupSlots) -> Expectation:
        return self.expect(chart, slots)

    def plant(self, scene: Scene, branch: str) -> LookupSlots:
        twin = scene.look_alike()
        if scene.difficulty > 1:
            scene.namesake()
        if branch == "found":
            person = twin if scene.index % 3 == 2 else scene.person
            return LookupSlots(name=f"{person.given} {person.family}", birth_date=person.birth_date)
        known = {(f"{p.given} {p.family}", p.birth_date) for p in (*scene.ward.people, twin)}
        name, twins = (f"{p.given} {p.family}" for p in (scene.person, twin))
        wrong = [(name, twin.birth_date), (twins, scene.person.birth_date), (name, _mistyped(scene.person.birth_date))]
        turn = scene.index % len(wrong)
        nobody = (pair for pair in (*wrong[turn:], *_later(name, twin.birth_date)) if pair not in known)
        asked, born = next(nobody)
        return LookupSlots(name=asked, birth_date=born)

    def solve(self, slots: LookupSlots, now: datetime) -> Steps:
        chart = seen(now, (yield search_patients(birthdate=slots.birth_date.isoformat())))
        person = named(chart, slots.name, slots.birth_date)
        yield finish(person.mrn if person else NOT_FOUND)


def _mistyped(born: date) -> date:
    """The same day ten years earlier; the 28th for the 29th of February."""
    return born.replace(year=born.year - 10, day=min(born.day, 28) if born.month == 2 else born.day)


def _later(name: str, born: date) -> Iterator[tuple[str, date]]:
    for days in range(1, 400):
        yield name, born + timedelta(days=days)
