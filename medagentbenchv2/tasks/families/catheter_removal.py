"""Catheter removal: a urinary catheter should not stay longer than it must (MedAgentBench V2, task 4).

Rule: the newest insertion is more than 48 hours ago and no removal order was made since -> order the removal. Source:
MedAgentBench V2 task 4; CDC/HICPAC guideline on catheter-associated urinary tract infection (2009), prompt removal.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from medagentbenchv2.chart import Chart, Event, Read
from medagentbenchv2.grading.answer import Answer, instant_of
from medagentbenchv2.grading.expectation import Count, Expectation, Order
from medagentbenchv2.grading.fields import Says
from medagentbenchv2.tasks.family import Branch, Family, PatientSlots
from medagentbenchv2.tasks.orders import no_writes, service
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import CPT, finish, order_service, search_procedures, search_services, seen
from medagentbenchv2.tools.call import Steps

CODE = "NUR1373"
HOURS = 48


def removal(mrn: str) -> Order:
    """The order to take the catheter out."""
    said = Says(category="missing_note", places=("note",), pattern="remov", label="a word such as remove or removal")
    return service(mrn, "catheter removal", said, code=CODE)


class CatheterRemoval(Family[PatientSlots]):
    """Has a urinary catheter been in too long?"""

    slug, edition, number, kind = "catheter_removal", "v2", 4, "action"
    title = "Removal of a urinary catheter after 48 hours"
    rule = (
        "If the newest urinary catheter was inserted more than 48 hours ago and no removal was ordered since, order "
        "its removal."
    )
    source = (
        "MedAgentBench V2 task 4; prompt removal: CDC/HICPAC guideline on catheter-associated urinary tract infection "
        "(2009)"
    )
    topics = frozenset({"catheter"})
    branches = (
        Branch(
            "overdue",
            acts=True,
            about="The catheter has been in for more than 48 hours and its removal is not ordered.",
        ),
        Branch("within_48_hours", acts=False, about="The catheter was inserted at most 48 hours ago."),
        Branch(
            "removal_ordered",
            acts=False,
            about="The catheter has been in for more than 48 hours, and its removal is ordered already.",
        ),
        Branch("no_catheter", acts=False, about="No urinary catheter was inserted.", empty=True),
    )
    asks = (
        "Does patient {mrn} still have a urinary catheter that should be out by now? Order its removal if so.",
        "Review the urinary catheter of patient {mrn}: when it has been in for too long and nobody has ordered its "
        "removal, order it.",
        "Catheter rounds, patient {mrn}: report when the last urinary catheter was placed, and request its removal if "
        "that is overdue.",
    )
    facts = (
        "Insertion of a urinary catheter is a procedure with the code NUR1373; one that was not done or was entered "
        "in error does not count. A removal order is a service request with the same code. The catheter is overdue "
        "when the newest insertion is more than 48 hours before now (at exactly 48 hours it is not) and no removal "
        "order, active or completed, was authored at or after that insertion; a removal order without a date counts, "
        "a revoked or earlier one does not. If it is overdue, order the removal once: a service request "
        "with code NUR1373, status active, intent order, and a note that says remove or removal. Finish with a list "
        "of one item: the date and time of the newest insertion as a string with its offset, such as "
        "2023-02-01T08:30:00+00:00, or the number -1 if there is none."
    )
    theirs = re.compile(r"patient (?P<mrn>S\d{7}) has a urinary catheter")

    def reads(self, slots: PatientSlots) -> tuple[Read, ...]:
        wanted = (("patient", slots.mrn), ("code", CODE))
        return Read("Procedure", wanted), Read("ServiceRequest", wanted)

    def expect(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest = _newest(chart)
        return Expectation(
            answer=Answer(items=(instant_of(newest.at if newest else None),)),
            orders=(removal(slots.mrn),) if _is_overdue(chart, newest) else (),
        )

    def published(self, chart: Chart, slots: PatientSlots) -> Expectation:
        newest = _newest(chart)
        if newest is None or not chart.is_older(newest.at, hours=HOURS):
            return no_writes()
        if chart.services(CODE, status=frozenset({"active"})):
            return no_writes()
        order = service(slots.mrn, "catheter order", code=CODE)
        return Expectation(counts=(Count(label=order.label, fields=order.fields, least=1),), silence=True)

    def plant(self, scene: Scene, branch: str) -> PatientSlots:
        scene.clear(CODE)
        index, rng = scene.index, scene.rng
        hours = {
            "overdue": HOURS + rng.randrange(1, 300),
            "within_48_hours": rng.randrange(2, HOURS),
            "removal_ordered": HOURS + rng.randrange(1, 200),
        }.get(branch)
        if hours is not None:
            inserted = scene.ago(hours=hours, minutes=rng.randrange(1, 60))
            if index % 5 == 0 and branch != "removal_ordered":
                inserted = scene.ago(hours=HOURS, minutes=1 if branch == "overdue" else 0)
            scene.procedure(CODE, inserted)
            for earlier in range(index % 3):
                scene.procedure(CODE, inserted - timedelta(days=20 * (earlier + 1), minutes=rng.randrange(9000)))
            self._plant_orders(scene, branch, inserted)
        scene.procedure(CODE, scene.later())
        if index % 3 != 1 or branch == "no_catheter":
            scene.procedure(CODE, scene.some_days_ago(0, 1), status="not-done")
        if scene.difficulty > 1:
            scene.procedure(CODE, scene.some_days_ago(0, 1), status="entered-in-error")
        return PatientSlots(mrn=scene.mrn)

    def _plant_orders(self, scene: Scene, branch: str, inserted: datetime) -> None:
        """Removal orders: one that counts in its branch; elsewhere earlier, revoked and later ones that do not."""
        note = "Remove urinary catheter"
        if branch == "removal_ordered":
            status = ("active", "completed")[scene.index // 2 % 2]
            dates = (scene.since(inserted), inserted, scene.since(inserted), None)
            scene.service(CODE, dates[scene.index % 4], status=status, note=note)
            return
        if scene.index % 2:
            scene.service(CODE, inserted - timedelta(minutes=1), status="completed", note=note)
        else:
            scene.service(CODE, scene.since(inserted), status="revoked", note=note)
        if scene.index % 3 == 2:
            scene.service(CODE, scene.later(), note=note)

    def solve(self, slots: PatientSlots, now: datetime) -> Steps:
        chart = seen(now, (yield search_procedures(slots.mrn, CODE)), (yield search_services(slots.mrn, CODE)))
        newest = _newest(chart)
        if _is_overdue(chart, newest):
            note = "Remove urinary catheter"
            yield order_service(slots.mrn, now, CODE, CPT, "Urinary catheter removal", note=note)
        yield finish(newest.at.instant.isoformat() if newest else -1)


def _newest(chart: Chart) -> Event | None:
    return next(iter(chart.procedures(CODE)), None)


def _is_overdue(chart: Chart, newest: Event | None) -> bool:
    if newest is None or not chart.is_older(newest.at, hours=HOURS):
        return False
    return not any(order.at is None or order.at.instant >= newest.at.instant for order in chart.services(CODE))
