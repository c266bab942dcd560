"""When the yearly influenza vaccine is due, and what its order must say."""

from __future__ import annotations

import pytest

from medagentbenchv2.tasks.families.influenza_vaccine import InfluenzaVaccine
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import CPT, finish, order_medication, order_service
from tests.tasks.harness import MRN, OTHER, V2_CLOCK, before, changed, expectation_of, procedure, verdict_of

FAMILY, SLOTS, NOW = InfluenzaVaccine(), PatientSlots(mrn=MRN), V2_CLOCK
OLD = procedure("90686", "2021-10-10T09:00:00Z")
ORDER = order_service(MRN, NOW, "90686", CPT, "Influenza vaccine", at=NOW)
ANSWER = finish("2021-10-10")


@pytest.mark.parametrize(
    ("rows", "due"),
    [
        ([], True),
        ([procedure("90686", before(days=365))], False),
        ([procedure("90686", before(days=365, minutes=1))], True),
        ([procedure("90686", "2022-11-08")], False),
        ([procedure("90686", "2022-11-07")], True),
        ([OLD, procedure("90686", before(days=9), status="not-done")], True),
        ([OLD, procedure("90686", before(days=9), status="entered-in-error")], True),
        ([OLD, procedure("90686", "2023-11-07T22:48:00Z")], True),
        ([OLD, procedure("90685", before(days=9))], True),
        ([OLD, procedure("90686", before(days=9))], False),
    ],
)
def test_the_vaccine_is_due_more_than_365_days_after_the_last(rows, due):
    assert bool(expectation_of(FAMILY, SLOTS, rows, NOW).orders) is due


@pytest.mark.parametrize(
    ("elements", "category"),
    [
        ({}, None),
        ({"occurrenceDateTime": None}, None),
        ({"occurrenceDateTime": "2023-11-07", "authoredOn": "2023-11-07"}, None),
        ({"authoredOn": "2023-11-07T03:00:00-05:00"}, None),
        ({"occurrenceDateTime": "2023-11-08T09:00:00Z"}, "wrong_time"),
        ({"authoredOn": "2023-11-06T23:00:00Z"}, "wrong_time"),
        ({"authoredOn": None}, "wrong_time"),
        ({"code": {"coding": [{"code": "90688"}]}}, "wrong_code"),
        ({"subject": {"reference": f"Patient/{OTHER}"}}, "wrong_patient"),
        ({"status": "completed"}, "wrong_status"),
    ],
)
def test_the_order_has_its_code_and_is_dated_today(elements, category):
    verdict = verdict_of(FAMILY, SLOTS, [OLD], NOW, [changed(ORDER, **elements), ANSWER])
    assert (verdict.failure.category if verdict.failure else None) == category


def test_a_medication_order_with_the_code_is_as_right():
    order = order_medication(MRN, NOW, "influenza vaccine", coding={"system": CPT, "code": "90686"})
    assert verdict_of(FAMILY, SLOTS, [OLD], NOW, [order, ANSWER]).correct
    assert not verdict_of(FAMILY, SLOTS, [OLD], NOW, [order, ORDER, ANSWER]).correct


@pytest.mark.parametrize(
    ("rows", "calls", "right"),
    [
        ([OLD], [ORDER], True),
        ([OLD], [changed(ORDER, authoredOn=None, occurrenceDateTime=None, code={"text": "flu shot"})], True),
        ([OLD], [changed(ORDER, code={"coding": [{"code": "x"}, {"code": "90686"}]})], True),
        ([OLD], [ORDER, ORDER], False),
        ([OLD], [], False),
        ([procedure("90686", before(days=9))], [], True),
        ([procedure("90686", before(days=9))], [ORDER], False),
    ],
)
def test_the_published_graders_want_exactly_one_order_that_names_it(rows, calls, right):
    assert verdict_of(FAMILY, SLOTS, rows, NOW, calls, profile="published").correct is right
