"""Thyroid protocol: hypothyroidism is treated, its subclinical form watched (MedAgentBench V2, task 6).

Rule: A, two TSH above 10 at least 30 days apart -> levothyroxine 25 mcg daily and TSH and FT4 in 6 weeks; B, not A,
newest TSH of 4.5 to 10 with a normal FT4 -> TSH and FT4 in 3 months. Source: MedAgentBench V2 task 6; ATA/AACE
guideline on hypothyroidism (2012).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.answer import Answer, number_of
from medagentbenchv2.grading.expectation import Count, Expectation, Order
from medagentbenchv2.grading.fields import Amount, AnyOf, Kind, Says, Timed
from medagentbenchv2.moment import add_months
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.orders import medication, no_writes, service
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import LOINC, finish, order_medication, order_service, search_observations, seen
from medagentbenchv2.tools.call import Steps

HIGH, RAISED = 10.0, 4.5
"""TSH, uIU/mL."""
FT4_NORMAL = (0.8, 1.8)
"""ng/dL."""
APART = timedelta(days=30)
TSH_LOINC, FT4_LOINC = "3016-3", "3024-7"


def levothyroxine(mrn: str) -> Order:
    """The starting dose."""
    micrograms = ("mcg", "ug", "µg", "μg", "micrograms", "microgram")
    dose = rf"(?<![\d.,])25\s*-?\s*(?:{'|'.join(micrograms)})(?![a-z])"
    said = Says(category="wrong_dose", places=("medication",), pattern=dose, label="25 mcg")
    oral = r"(?<![a-z0-9])(?:po|oral|orally)(?![a-z0-9])"
    return medication(
        mrn,
        "levothyroxine 25 mcg PO daily",
        Says(category="wrong_code", places=("medication",), pattern="levothyroxine", label="levothyroxine"),
        AnyOf(category="wrong_dose", rules=(said, Amount(value=25, units=micrograms))),
        Says(category="wrong_route", places=("medication", "route"), pattern=oral, label="PO or oral"),
        Says(category="wrong_dose", places=("medication",), pattern=r"(?<![a-z])daily(?![a-z])", label="daily"),
    )


def labs(mrn: str, due: datetime, slack: timedelta) -> tuple[Order, Order]:
    """A TSH and a free T4, each its own order."""
    when = Timed(element="occurrenceDateTime", earliest=due - slack, latest=due + slack, by_day=True)
    tsh = rf"(?<![a-z0-9])(?:tsh|thyrotropin)(?![a-z0-9])|(?<!\d){TSH_LOINC}(?!\d)"
    ft4 = rf"(?<![a-z0-9])(?:ft4|free[ -]t4)(?![a-z0-9])|(?<!\d){FT4_LOINC}(?!\d)"
    return (
        service(mrn, "TSH", Says(category="wrong_code", places=("code",), pattern=tsh, label="TSH"), when),
        service(mrn, "free T4", Says(category="wrong_code", places=("code",), pattern=ft4, label="free T4"), when),
    )


class ThyroidProtocol(Family[PatientSlots]):
    """What do TSH and free T4 call for?"""

    slug, edition, number, kind = "thyroid_protocol", "v2", 6, "action"
    title = "Thyroid protocol: treat, recheck or leave"
    rule = (
        "A: if two TSH above 10 uIU/mL are at least 30 days apart, order levothyroxine 25 mcg daily, and TSH and free "
        "T4 in 6 weeks. B, only if not A: if the newest TSH is 4.5 to 10 and the newest free T4 0.8 to 1.8 ng/dL, "
        "order TSH and free T4 in 3 months. Else order nothing."
    )
    source = "MedAgentBench V2 task 6; ATA/AACE guideline on hypothyroidism (2012)"
    topics = frozenset({"thyroid"})
    branches = (
        Branch("treat", acts=True, about="Two TSH above 10 are at least 30 days apart: protocol A."),
        Branch("recheck", acts=True, about="The newest TSH is 4.5 to 10 and the newest free T4 normal: protocol B."),
        Branch("high_once", acts=False, about="TSH was above 10, but no two such results are at least 30 days apart."),
        Branch("low_or_normal", acts=False, about="The newest TSH is below 4.5."),
        Branch(
            "raised_without_normal_ft4",
            acts=False,
            about="The newest TSH is 4.5 to 10, but the newest free T4 is not normal or missing.",
        ),
        Branch("no_reading", acts=False, about="TSH was never measured.", empty=True),
    )
    asks = (
        "Review the thyroid function of patient {mrn} and do what the protocol asks for.",
        "Patient {mrn}: apply the thyroid protocol to the TSH and free T4 results on file.",
        "Report the newest TSH and free T4 of patient {mrn}, and place the orders that the thyroid protocol calls "
        "for, if any.",
    )
    facts = (
        "TSH (uIU/mL) and free T4 (ng/dL) are observations with the codes TSH and FT4; one that was cancelled or "
        "entered in error does not count. Protocol A: two TSH results above 10 that are at least 30 days (30 x 24 "
        "hours) apart: start levothyroxine 25 mcg PO daily (one medication order; drug, dose, route and 'daily' in "
        "its text) and order a TSH and a free T4 for 6 weeks from now. Protocol B, only where A does not apply: the "
        "newest TSH is from 4.5 to 10 and the newest free T4 is from 0.8 to 1.8, limits included: order a TSH and a "
        "free T4 for 3 calendar months from now, no medication. In every other case, or where a result that is needed "
        "is missing, order nothing. Labs are two separate service requests, LOINC 3016-3 (TSH) and 3024-7 (free T4), "
        "the time in occurrenceDateTime; all orders with status active and intent order. Finish with a list of two "
        "numbers: the newest TSH and the newest free T4, -1 for one that was never measured."
    )
    theirs = re.compile(r"most recent TSH and free T4 values for patient (?P<mrn>S\d{7})")

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return tuple(Read("Observation", (("patient", slots.mrn), ("code", code))) for code in ("TSH", "FT4"))

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        answer = Answer(items=(number_of(_newest(chart, "TSH")), number_of(_newest(chart, "FT4"))))
        if _is_treated(chart):
            due = labs(slots.mrn, _six_weeks(chart.now), timedelta(days=3))
            return Expectation(answer=answer, orders=(levothyroxine(slots.mrn), *due))
        if _is_watched(chart):
            return Expectation(answer=answer, orders=labs(slots.mrn, add_months(chart.now, 3), timedelta(days=5)))
        return Expectation(answer=answer)

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        lab = service(
            slots.mrn, "", Says(category="wrong_code", places=("anywhere",), pattern="tsh|ft4", label="tsh or ft4")
        )
        repeated = Count(label="TSH or FT4 orders", fields=lab.fields, least=2)
        if _is_treated(chart):
            texts = (
                Says(category="wrong_code", places=("medication",), pattern="levothyroxine", label="levothyroxine"),
                Says(category="wrong_dose", places=("medication",), pattern="25", label="25"),
            )
            drug = Count(label="levothyroxine 25", fields=medication(slots.mrn, "", *texts).fields, least=1)
            return Expectation(counts=(drug, repeated), silence=True)
        if _is_watched(chart):
            drugless = Count(label="no medication", fields=(Kind(kinds=("MedicationRequest",)),), most=0)
            return Expectation(counts=(drugless, repeated), silence=True)
        return no_writes()

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear("TSH", "FT4")
        scene.clear_orders("levothyroxine")
        plan = {
            "treat": _plant_treated,
            "recheck": _plant_watched,
            "high_once": _plant_high_once,
            "low_or_normal": _plant_normal,
            "raised_without_normal_ft4": _plant_odd_ft4,
        }
        if branch in plan:
            plan[branch](scene)
        scene.observe("TSH", scene.later(), (18.4, 6.3, 1.7)[scene.index % 3])
        scene.observe("FT4", scene.later(), (0.55, 1.2)[scene.index % 2])
        scene.order("LEVOTHYROXINE 25 MCG TABLET", scene.some_days_ago(900, 1700), status="stopped")
        if scene.difficulty > 1:
            scene.observe("TSH", scene.ago(minutes=scene.rng.randrange(5, 300)), 14.2, status="entered-in-error")
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        tsh = yield search_observations(slots.mrn, "TSH")
        chart = seen(now, tsh, (yield search_observations(slots.mrn, "FT4")))
        due = None
        if _is_treated(chart):
            due = _six_weeks(now)
            yield order_medication(slots.mrn, now, "levothyroxine 25 mcg PO daily", route="PO", dose=(25, "mcg"))
        elif _is_watched(chart):
            due = add_months(now, 3)
        if due:
            yield order_service(slots.mrn, now, TSH_LOINC, LOINC, "TSH", at=due)
            yield order_service(slots.mrn, now, FT4_LOINC, LOINC, "Free T4 (FT4)", at=due)
        yield finish(*(-1 if value is None else value for value in (_newest(chart, "TSH"), _newest(chart, "FT4"))))


def _six_weeks(now: datetime) -> datetime:
    return now + timedelta(weeks=6)


def _newest(chart: Chart, code: str) -> float | None:
    reading = chart.latest(code)
    return reading.value if reading else None


def _is_treated(chart: Chart) -> bool:
    high = [reading.at.instant for reading in chart.readings("TSH") if reading.value > HIGH]
    return bool(high) and high[0] - high[-1] >= APART


def _is_watched(chart: Chart) -> bool:
    tsh, ft4 = _newest(chart, "TSH"), _newest(chart, "FT4")
    raised = tsh is not None and RAISED <= tsh <= HIGH
    return raised and ft4 is not None and FT4_NORMAL[0] <= ft4 <= FT4_NORMAL[1]


def _drawn(scene: Scene, low: int, high: int) -> float:
    """A value of two decimals, in hundredths, both ends included."""
    return scene.rng.randrange(low, high + 1) / 100


def _plant_treated(scene: Scene) -> None:
    newest = scene.some_days_ago(0, 20)
    apart = (
        timedelta(days=30) if scene.index % 4 == 0 else timedelta(minutes=scene.rng.randrange(31 * 1440, 200 * 1440))
    )
    scene.observe("TSH", newest, 10.01 if scene.index % 5 == 1 else _drawn(scene, 1050, 3200))
    if scene.index % 3 == 2:
        scene.observe("TSH", newest - timedelta(minutes=apart // timedelta(minutes=2)), _drawn(scene, 520, 980))
    scene.observe("TSH", newest - apart, _drawn(scene, 1060, 2800))
    if scene.index % 3:
        scene.observe("FT4", newest, _drawn(scene, 45, 110))


def _plant_watched(scene: Scene) -> None:
    newest = scene.some_days_ago(0, 60)
    scene.observe("TSH", newest, {0: 4.5, 1: 10.0}.get(scene.index % 6, _drawn(scene, 455, 990)))
    scene.observe("FT4", scene.some_days_ago(0, 90), {2: 0.8, 3: 1.8}.get(scene.index % 6, _drawn(scene, 85, 175)))
    if scene.index % 2:
        scene.observe("TSH", newest - timedelta(days=45), _drawn(scene, 1020, 1600))
    else:
        scene.observe("FT4", scene.some_days_ago(100, 400), _drawn(scene, 40, 75))


def _plant_high_once(scene: Scene) -> None:
    newest = scene.some_days_ago(0, 40)
    scene.observe("TSH", newest, _drawn(scene, 1010, 2600))
    scene.observe("FT4", newest, _drawn(scene, 85, 150))
    if scene.index % 3 == 0:
        scene.observe("TSH", newest - timedelta(days=30) + timedelta(minutes=1), _drawn(scene, 1020, 1900))
    elif scene.index % 3 == 1:
        scene.observe("TSH", newest - timedelta(days=75), 10.0)


def _plant_normal(scene: Scene) -> None:
    newest = scene.some_days_ago(0, 90)
    scene.observe("TSH", newest, 4.49 if scene.index % 4 == 0 else _drawn(scene, 5, 440))
    scene.observe("FT4", newest, _drawn(scene, 85, 175))
    scene.observe("TSH", newest - timedelta(days=200), _drawn(scene, 500, 1700))


def _plant_odd_ft4(scene: Scene) -> None:
    newest = scene.some_days_ago(0, 60)
    scene.observe("TSH", newest, _drawn(scene, 460, 995))
    odd = (0.79, None, 1.81, _drawn(scene, 45, 75))[scene.index % 4]
    if odd is not None:
        scene.observe("FT4", newest, odd)
        scene.observe("FT4", newest - timedelta(days=150), _drawn(scene, 90, 150))
