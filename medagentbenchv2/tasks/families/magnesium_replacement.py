"""Magnesium replacement by level (MedAgentBench v1, task 5).

Rule: the newest MG of the last 24 hours is 1.9 mg/dL or less -> intravenous magnesium: below 1.0, 4 g over 4 hours;
below 1.5, 2 g over 2 hours; else 1 g over 1 hour. No level in 24 hours: no order. Source: MedAgentBench v1 task 5,
whose ladder follows the usual inpatient replacement protocols.
"""

from __future__ import annotations

import re
from datetime import datetime

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.grading.fields import Amount, Coded, OrderField, Says
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.laboratory import NOT_COUNTED, Planned, plant_last_day
from medagentbenchv2.tasks.orders import authored_now, empty_answer_too, medication, published_v1
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import NDC, finish, order_medication, search_observations, seen
from medagentbenchv2.tasks.units import MAGNESIUM
from medagentbenchv2.tools.call import Steps

PRODUCT = "0338-1715-40"
LABEL = "intravenous magnesium"
THRESHOLDS = (1.0, 1.5, 1.9)
LEVELS = {"severe": (6, 9), "moderate": (10, 14), "mild": (15, 19), "normal": (20, 31)}
"""Branch -> least and largest level, in tenths of mg/dL."""


def grams(level: float) -> int:
    """The dose in g, which runs over as many hours; 0 where none is needed."""
    return 4 if level < 1.0 else 2 if level < 1.5 else 1 if level <= 1.9 else 0


def infusion(dose: int) -> tuple[OrderField, OrderField]:
    """So many grams over as many hours."""
    return (
        Amount(element="doseQuantity", value=dose, units=("g",)),
        Amount(element="rateQuantity", value=dose, units=("h",)),
    )


class MagnesiumReplacement(Family[PatientSlots]):
    """Does the magnesium need replacing?"""

    slug, edition, number, kind = "magnesium_replacement", "v1", 5, "action"
    title = "Intravenous magnesium replacement"
    rule = (
        "Replace by the newest magnesium (MG) of the last 24 hours: below 1.0 mg/dL 4 g IV over 4 hours, from 1.0 to "
        "below 1.5 2 g over 2 hours, from 1.5 to 1.9 1 g over 1 hour; above 1.9, or without a reading, nothing."
    )
    source = "MedAgentBench v1 task 5, a usual inpatient replacement ladder"
    topics = frozenset({"MG"})
    branches = (
        Branch("severe", acts=True, about="The newest magnesium of the last 24 hours is below 1.0 mg/dL."),
        Branch(
            "moderate", acts=True, about="The newest magnesium of the last 24 hours is from 1.0 to below 1.5 mg/dL."
        ),
        Branch("mild", acts=True, about="The newest magnesium of the last 24 hours is from 1.5 to 1.9 mg/dL."),
        Branch("normal", acts=False, about="The newest magnesium of the last 24 hours is above 1.9 mg/dL."),
        Branch("not_measured", acts=False, about="Magnesium was not measured in the last 24 hours.", empty=True),
    )
    asks = (
        "Check the magnesium of patient {mrn} from the last 24 hours and replace it intravenously if it is low.",
        "Patient {mrn} is on the electrolyte protocol: find the newest magnesium of the past 24 hours and order the"
        " intravenous replacement that it calls for, if any.",
        "Does patient {mrn} need intravenous magnesium, going by the last 24 hours? If so, order it.",
    )
    facts = (
        f"Magnesium is the observation code MG. {NOT_COUNTED} A reading in mmol/L counts 2.43 times as much in "
        "mg/dL; the last 24 hours include a reading of exactly 24 hours ago. The newest reading decides: below 1.0 "
        "mg/dL, 4 g over 4 hours; from 1.0 to below 1.5, 2 g over 2 hours; from 1.5 to 1.9, both included, 1 g over "
        "1 hour; above 1.9, or with no reading in the last 24 hours, order nothing. The order is one medication "
        "request, status active, intent order, authored at the present time, medication coding 0338-1715-40 (system "
        "http://hl7.org/fhir/sid/ndc), route IV, doseQuantity with the grams (unit g) and rateQuantity with the "
        "hours it runs over (unit h), so 2 g over 2 hours is 2 g and 2 h. Finish with a list of one number: that "
        "magnesium reading in mg/dL, or -1 if there is none in the last 24 hours."
    )
    theirs = re.compile(r"Check patient (?P<mrn>S\d{7})['\u2019]s last serum magnesium level within last 24 hours")
    answer_graded = True

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (Read("Observation", (("patient", slots.mrn), ("code", "MG"))),)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest = chart.latest("MG", hours=24)
        dose = grams(MAGNESIUM.value(newest)) if newest else 0
        order = medication(
            slots.mrn,
            LABEL,
            Coded(element="medicationCodeableConcept", codes=(PRODUCT,)),
            Says(
                category="wrong_route",
                places=("route",),
                pattern=r"(?<![a-z])(?:iv|intravenous)(?![a-z])",
                label="IV or intravenous",
            ),
            *infusion(dose),
            authored_now(chart.now),
        )
        return Expectation(answer=Answer(items=(MAGNESIUM.number(newest),)), orders=(order,) if dose else ())

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        strict = self.foreign(self.expect(chart, slots), chart)
        newest = chart.latest("MG", hours=24)
        route = Says(category="wrong_route", places=("route",), pattern="(?-i:IV)", label="IV", whole=True)
        fields = (route, *infusion(grams(MAGNESIUM.value(newest)) if newest else 0))
        order = published_v1("MedicationRequest", slots.mrn, LABEL, NDC, PRODUCT, chart.now, *fields)
        return strict.model_copy(update={"orders": (order,) if strict.orders else ()})

    def foreign(self, expectation: Expectation, chart: Chart) -> Expectation:
        if chart.latest("MG", hours=24) is None:
            return expectation.model_copy(update={"answer": None})
        return empty_answer_too(expectation)

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        newest = None if branch == "not_measured" else _level(scene, *LEVELS[branch])
        low = branch in ("normal", "not_measured")
        others = range(8, 20) if low else range(20, 29)
        plant_last_day(scene, "MG", newest, [tenths / 10 for tenths in others])
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        newest = seen(now, (yield search_observations(slots.mrn, "MG"))).latest("MG", hours=24)
        dose = grams(MAGNESIUM.value(newest)) if newest else 0
        if dose:
            coding = {"system": NDC, "code": PRODUCT, "display": "Magnesium sulfate injection"}
            text, dosed = "Magnesium sulfate IV", (dose, "g")
            yield order_medication(slots.mrn, now, text, coding=coding, route="IV", dose=dosed, rate=(dose, "h"))
        yield finish(MAGNESIUM.value(newest) if newest else -1)


def _level(scene: Scene, least: int, largest: int) -> Planned:
    """The bounds first, then what lies between; from difficulty 2 on at times in mmol/L, well off the thresholds."""
    levels = [largest, least, *range(least + 1, largest)]
    level = levels[scene.index % len(levels)] / 10
    millimoles = round(level / 2.43, 2)
    near = min(abs(millimoles * 2.43 - threshold) for threshold in THRESHOLDS)
    return (
        Planned(millimoles, "mmol/L") if scene.difficulty >= 2 and scene.index % 2 and near > 0.06 else Planned(level)
    )
