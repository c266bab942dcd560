"""When a urinary catheter is overdue, what counts as its removal order, and what the new one must say."""

from __future__ import annotations

import pytest

from medagentbenchv2.tasks.families.catheter_removal import CatheterRemoval
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import CPT, finish, order_service
from tests.tasks.harness import MRN, OTHER, V2_CLOCK, before, changed, expectation_of, procedure, service, verdict_of

FAMILY, SLOTS, NOW = CatheterRemoval(), PatientSlots(mrn=MRN), V2_CLOCK
INSERTED = before(hours=60)
IN_PLACE = procedure("NUR1373", INSERTED)
ORDER = order_service(MRN, NOW, "NUR1373", CPT, "Catheter", note="Remove the catheter")
ANSWER = finish(INSERTED.isoformat())


def test_at_exactly_48_hours_the_catheter_may_stay():
    assert not _overdue([procedure("NUR1373", before(hours=48))])


def test_a_minute_past_48_hours_it_may_not():
    assert _overdue([procedure("NUR1373", before(hours=48, minutes=1))])


def test_without_a_catheter_nothing_is_due_and_the_answer_is_minus_one():
    expected = expectation_of(FAMILY, SLOTS, [], NOW)
    assert expected.orders == ()
    assert expected.answer.expected == [-1]


def test_the_newest_insertion_decides():
    assert not _overdue([IN_PLACE, procedure("NUR1373", before(hours=5))])


@pytest.mark.parametrize(
    "row",
    [
        procedure("NUR1373", before(hours=5), status="not-done"),
        procedure("NUR1373", before(hours=5), status="entered-in-error"),
        procedure("NUR1373", "2023-11-07T22:48:00Z"),
        procedure("NUR1373", None),
    ],
    ids=["not done", "in error", "after now", "undated"],
)
def test_what_is_no_insertion_of_the_past_does_not_count(row):
    assert _overdue([IN_PLACE, row])


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        (service("NUR1373", before(hours=30)), True),
        (service("NUR1373", before(hours=30), status="completed"), True),
        (service("NUR1373", INSERTED), True),
        (service("NUR1373", NOW), True),
        (service("NUR1373", None), True),
        (service("NUR1373", before(hours=60, minutes=1)), False),
        (service("NUR1373", "2023-11-07T22:48:00Z"), False),
        (service("NUR1373", before(hours=30), status="cancelled"), False),
        (service("NUR1373", before(hours=30), status="entered-in-error"), False),
        (service("NUR1374", before(hours=30)), False),
    ],
    ids=[
        "active",
        "completed",
        "at insertion",
        "at now",
        "undated",
        "before",
        "after now",
        "cancelled",
        "error",
        "other",
    ],
)
def test_a_removal_order_made_since_the_insertion_suppresses_another(row, counts):
    assert _overdue([IN_PLACE, row]) is not counts


def test_the_published_graders_count_any_active_order_and_no_completed_one():
    earlier = service("NUR1373", before(days=30))
    completed = service("NUR1373", before(hours=30), status="completed")
    assert _published([IN_PLACE, earlier], [])
    assert not _published([IN_PLACE, completed], [])
    assert _published([IN_PLACE, completed], [ORDER])


@pytest.mark.parametrize(
    ("elements", "category"),
    [
        ({"note": [{"text": "for REMOVAL today"}]}, None),
        ({"note": None, "reasonCode": [{"text": "removal"}]}, None),
        ({"note": None}, "missing_note"),
        ({"note": {"text": "take it out"}}, "missing_note"),
        ({"code": {"coding": [{"code": "NUR1374"}]}}, "wrong_code"),
        ({"subject": {"reference": f"Patient/{OTHER}"}}, "wrong_patient"),
        ({"status": "completed"}, "wrong_status"),
    ],
)
def test_the_order_says_that_the_catheter_is_to_be_removed(elements, category):
    verdict = verdict_of(FAMILY, SLOTS, [IN_PLACE], NOW, [changed(ORDER, **elements), ANSWER])
    assert (verdict.failure.category if verdict.failure else None) == category


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("2023-11-05T10:47:00+00:00", True),
        ("2023-11-05T05:47:00-05:00", True),
        ("2023-11-05", False),
        ("2023-11-05T10:48:00+00:00", False),
        (-1, False),
    ],
)
def test_the_answer_is_an_instant_and_a_bare_date_is_none(value, right):
    assert verdict_of(FAMILY, SLOTS, [IN_PLACE], NOW, [ORDER, finish(value)]).correct is right


def test_the_published_graders_want_one_such_order_and_read_neither_note_nor_answer_nor_other_orders():
    stray = order_service(OTHER, NOW, "1", CPT, "x")
    assert _published([IN_PLACE], [changed(ORDER, note=None)])
    assert _published([IN_PLACE], [ORDER, ORDER, stray, finish("whatever")])
    assert not _published([IN_PLACE], [stray])
    assert not _published([procedure("NUR1373", before(hours=5))], [ORDER])


def _overdue(resources):
    return bool(expectation_of(FAMILY, SLOTS, resources, NOW).orders)


def _published(resources, calls):
    return verdict_of(FAMILY, SLOTS, resources, NOW, calls, profile="published").correct
