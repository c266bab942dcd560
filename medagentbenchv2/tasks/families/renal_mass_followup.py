"""Renal mass follow-up: a left kidney cancer needs recent imaging and radiology's eye (MedAgentBench V2, task 5).

Rule: diagnosis C64.2 and no CT within 90 days -> order a CT and a referral to interventional radiology. Source:
MedAgentBench V2 task 5; the AUA guideline on renal masses (2021) covers imaging, biopsy and ablation.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from medagentbenchv2.chart import Chart, Event, Read
from medagentbenchv2.grading.answer import Answer, Number, day_of
from medagentbenchv2.grading.expectation import Count, Expectation, Order
from medagentbenchv2.grading.fields import Says
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.orders import either, no_writes, service
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import CPT, day_said, finish, order_service, search_conditions, search_procedures, seen
from medagentbenchv2.tools.call import Steps

DIAGNOSIS = "C64.2"
NEW_CT = "74177"
REFERRAL = "CON417"
CT_CODES = ("IMGCT0491", "IMGIL0001", NEW_CT)
REQUEST = "Evaluate renal mass for biopsy or ablation."
DAYS = 90


def work_up(mrn: str) -> tuple[Order, Order]:
    """The two orders of a patient whose imaging is due."""
    asked = REQUEST.rstrip(".").lower()
    note = Says(category="missing_note", places=("note",), pattern=asked, label=REQUEST, free=True)
    return (
        service(mrn, "CT abdomen and pelvis", code=NEW_CT),
        service(mrn, "interventional radiology referral", note, code=REFERRAL),
    )


class RenalMassFollowup(Family[PatientSlots]):
    """Does a kidney cancer need new imaging and a referral?"""

    slug, edition, number, kind = "renal_mass_followup", "v2", 5, "action"
    title = "CT and radiology referral for a kidney cancer"
    rule = (
        "If the diagnosis C64.2 is in the chart and the newest abdominal CT is more than 90 days old, or there is "
        "none, order a CT (CPT 74177) and a referral to interventional radiology (CON417)."
    )
    source = "MedAgentBench V2 task 5; imaging, biopsy and ablation: AUA guideline on renal masses (2021)"
    topics = frozenset({"ct", "kidney_cancer"})
    branches = (
        Branch("overdue", acts=True, about="The diagnosis is there, and the newest CT is more than 90 days old."),
        Branch("recent", acts=False, about="The diagnosis is there, and the newest CT is at most 90 days old."),
        Branch("no_diagnosis", acts=False, about="The diagnosis is not there."),
        Branch("never_scanned", acts=True, about="The diagnosis is there, and no abdominal CT.", empty=True),
    )
    asks = (
        "If patient {mrn} has cancer of the left kidney and no recent CT, order the CT and an interventional "
        "radiology referral.",
        "Patient {mrn}: confirm the diagnosis of a malignant tumour of the left kidney and check the last abdominal "
        "CT. Where imaging is due, order it together with the referral to interventional radiology.",
        "Oncology follow-up for patient {mrn}: is there a left renal malignancy, and is its CT out of date? Arrange "
        "CT and interventional radiology only if both are true.",
    )
    facts = (
        "The diagnosis is a condition with ICD-10 code C64.2, whatever its clinical status; one that is refuted or "
        "entered in error does not count, nor does another code. Abdominal CTs are procedures with the code "
        "IMGCT0491, IMGIL0001 or 74177; one that was not done or was entered in error does not count. Imaging is due "
        "when the newest CT was performed more than 90 days (90 x 24 hours) before now, or when there is none; at "
        "exactly 90 days it is not due. With the diagnosis and imaging due, file two service requests, both with "
        "status active and intent order: CPT code 74177, and code CON417 with the note 'Evaluate renal mass for "
        "biopsy or ablation.' Otherwise order nothing. Finish with a list of two items: 1 if the diagnosis is there, "
        "else 0; and the date of the newest CT in the chart as a string YYYY-MM-DD, or the number -1 if there is none."
    )
    theirs = re.compile(r"patient (?P<mrn>S\d{7}) has a malignant neoplasm of left kidney")

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        return (
            Read("Condition", (("patient", slots.mrn), ("code", DIAGNOSIS))),
            Read("Procedure", (("patient", slots.mrn), ("code", ",".join(CT_CODES)))),
        )

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest = _newest(chart)
        diagnosed = Number(value=int(chart.has_condition(DIAGNOSIS)))
        return Expectation(
            answer=Answer(items=(diagnosed, day_of(newest.at if newest else None))),
            orders=work_up(slots.mrn) if _is_due(chart, newest) else (),
        )

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        if not _is_due(chart, _newest(chart)):
            return no_writes()
        counts = (_held(slots.mrn, code) for code in (NEW_CT, REFERRAL))
        return Expectation(counts=tuple(counts), silence=True)

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear(DIAGNOSIS, "C64.1", *CT_CODES)
        index, rng = scene.index, scene.rng
        if branch == "no_diagnosis":
            scene.diagnose("C64.1", scene.some_days_ago(120, 900))
            if index % 3 == 0:
                scene.diagnose(DIAGNOSIS, scene.some_days_ago(120, 900), status="refuted")
            elif index % 3 == 1:
                scene.diagnose(DIAGNOSIS, scene.later())
        else:
            for _ in range(1 + (scene.difficulty > 1)):
                scene.diagnose(DIAGNOSIS, scene.some_days_ago(200, 1200))
        on_edge = index % 5 == 0
        if branch == "never_scanned":
            newest = scene.ago(days=DAYS)
        elif branch == "recent":
            newest = scene.ago(days=DAYS) if on_edge else scene.some_days_ago(2, DAYS)
        else:
            newest = scene.ago(days=DAYS, minutes=1) if on_edge else scene.some_days_ago(DAYS, 700)
        if branch != "never_scanned":
            scene.procedure(CT_CODES[index % 3], newest)
            for _ in range(index % 3 + scene.difficulty - 1):
                scene.procedure(rng.choice(CT_CODES), newest - timedelta(minutes=rng.randrange(1440, 500_000)))
        scene.procedure(rng.choice(CT_CODES), scene.later())
        if index % 3 != 1:
            scene.procedure(rng.choice(CT_CODES), scene.since(newest), status="not-done")
        if scene.difficulty > 1:
            scene.procedure(rng.choice(CT_CODES), scene.since(newest), status="entered-in-error")
        return PatientSlots(mrn=scene.mrn)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        conditions = yield search_conditions(slots.mrn, DIAGNOSIS)
        chart = seen(now, conditions, (yield search_procedures(slots.mrn, *CT_CODES)))
        newest = _newest(chart)
        if _is_due(chart, newest):
            yield order_service(slots.mrn, now, NEW_CT, CPT, "CT abdomen and pelvis with IV contrast")
            yield order_service(slots.mrn, now, REFERRAL, CPT, "Interventional radiology referral", note=REQUEST)
        yield finish(int(chart.has_condition(DIAGNOSIS)), day_said(newest.at if newest else None))


def _newest(chart: Chart) -> Event | None:
    return next(iter(chart.procedures(*CT_CODES)), None)


def _is_due(chart: Chart, newest: Event | None) -> bool:
    return chart.has_condition(DIAGNOSIS) and (newest is None or chart.is_older(newest.at, days=DAYS))


def _held(mrn: str, code: str) -> Count:
    """At least one order of either type whose `code` holds the code somewhere."""
    held = Says(category="wrong_code", places=("code",), pattern=rf"(?<![A-Za-z0-9]){code}(?!\d)", label=code)
    return Count(label=f"an order of {code}", fields=either(mrn, code, held).fields, least=1)
