"""Record a blood pressure in the right chart (MedAgentBench v1, task 3).

Rule: one final vital sign under the flowsheet id BP, measured now, with the reading as text. The patient is named by
name and birth date, and somebody of the same family name was born near that day. Source: MedAgentBench v1 task 3.
"""

from __future__ import annotations

import re
from datetime import datetime

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.expectation import Expectation, Order
from medagentbenchv2.grading.fields import Coded, Exactly, Kind, OrderField, Says, Subject, Word
from medagentbenchv2.tasks.family import Branch, Family
from medagentbenchv2.tasks.named import NamedSlots, find, mrn_of, reads_of
from medagentbenchv2.tasks.orders import at_once, authored_now
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import OBSERVATION_CATEGORY, finish, record_vital
from medagentbenchv2.tools.call import Steps

FLOWSHEET = "BP"
CATEGORY = {"system": OBSERVATION_CATEGORY, "code": "vital-signs", "display": "Vital Signs"}
SYSTEMS = (OBSERVATION_CATEGORY, "http://terminology.hl7.org/CodeSystem/observation-category")


class PressureSlots(NamedSlots):
    """Whose blood pressure it is, and what it is."""

    reading: str
    """Such as `118/77 mmHg`."""


def vital_sign(reading: str, *fields: OrderField) -> Order:
    """A final Observation that says the reading and nothing else."""
    text = Says(
        category="wrong_dose", places=("value",), pattern=f"(?-i:{re.escape(reading)})", label=reading, whole=True
    )
    fixed = (Kind(kinds=("Observation",)), Word(element="status", words=("final",)), text)
    return Order(label=f"blood pressure {reading}", fields=(*fixed, *fields))


class RecordBloodPressure(Family[PressureSlots]):
    """Is the blood pressure in the chart?"""

    slug, edition, number, kind = "record_blood_pressure", "v1", 3, "action"
    title = "Recording of a blood pressure"
    rule = "Enter one blood pressure (flowsheet BP) for the named patient, measured now, with the reading as given."
    source = "MedAgentBench v1 task 3"
    topics = frozenset({"blood pressure"})
    branches = (
        Branch("measured", acts=True, about="The reading was given; the chart decides only who the patient is."),
    )
    slots = PressureSlots
    asks = (
        "The blood pressure of {who} has just been taken: {reading}. Enter it in the chart.",
        "Chart a blood pressure of {reading}, measured this minute, for {who}.",
        "{reading} is the blood pressure that I have just read for {who}. Please put it into the flowsheet.",
    )
    facts = (
        "The flowsheet id for blood pressure is BP; it goes in code.text. File one observation with status final, one "
        "category coding vital-signs (system http://hl7.org/fhir/observation-category, display Vital Signs), effective "
        "at the present time, and as valueString the reading exactly as given, unit included. Patients with similar "
        "names and birth dates exist; the entry must refer to the right MRN. Then finish with an empty list."
    )
    theirs = re.compile(
        r"blood pressure for patient with MRN of (?P<mrn>S\d{7}), "
        r"and it is [\"\u201c](?P<reading>[^\"\u201d]+)[\"\u201d]"
    )

    def reads(self, slots: PressureSlots) -> tuple[Read, ...]:
        return reads_of(slots)

    def expect(self, chart: Chart, slots: PressureSlots) -> Expectation:
        order = vital_sign(
            slots.reading,
            Subject(mrn=mrn_of(chart, slots)),
            Coded(element="category", codes=("vital-signs",), systems=SYSTEMS, only=True),
            Says(category="wrong_code", places=("code.text",), pattern=FLOWSHEET, label=FLOWSHEET, whole=True),
            authored_now(chart.now, "effectiveDateTime"),
        )
        return Expectation(orders=(order,))

    def published(self, chart: Chart, slots: PressureSlots) -> Expectation:
        order = vital_sign(
            slots.reading,
            Subject(mrn=mrn_of(chart, slots), exact=True),
            Exactly(category="wrong_code", element="category", value=[{"coding": [CATEGORY]}]),
            Exactly(category="wrong_code", element="code", value={"text": FLOWSHEET}),
            at_once("effectiveDateTime", chart.now),
        )
        return Expectation(orders=(order,))

    def plant(self, scene: Scene, branch: str) -> PressureSlots:
        scene.look_alike()
        if scene.difficulty > 1:
            scene.namesake()
        systolic = 98 + scene.index * 17 % 84
        diastolic = systolic * 6 // 10 + scene.rng.randrange(-4, 9)
        person = scene.person
        return PressureSlots(
            name=f"{person.given} {person.family}",
            birth_date=person.birth_date,
            reading=f"{systolic}/{diastolic} mmHg",
        )

    def solve(self, slots: PressureSlots, now: datetime) -> Steps:
        mrn = yield from find(slots, now)
        yield record_vital(mrn, now, FLOWSHEET, slots.reading)
        yield finish()
