"""When a kidney cancer needs a CT and a referral, and what both orders must say."""

from __future__ import annotations

import pytest

from medagentbenchv2.tasks.families.renal_mass_followup import RenalMassFollowup
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import CPT, finish, order_medication, order_service
from tests.tasks.harness import MRN, OTHER, V2_CLOCK, before, changed, condition, expectation_of, procedure, verdict_of

FAMILY, SLOTS, NOW = RenalMassFollowup(), PatientSlots(mrn=MRN), V2_CLOCK
CANCER = condition("C64.2", "2020-02-02T09:00:00Z")
OLD = procedure("IMGCT0491", "2023-01-04T08:00:00Z")
CT = order_service(MRN, NOW, "74177", CPT, "CT abdomen")
REFERRAL = order_service(MRN, NOW, "CON417", CPT, "IR", note="Evaluate renal mass for biopsy or ablation.")
ANSWER = finish(1, "2023-01-04")


def _coded(text):
    return {"verificationStatus": {"coding": [{"code": text}]}}


@pytest.mark.parametrize(
    ("rows", "due"),
    [
        ([CANCER, procedure("IMGCT0491", before(days=90))], False),
        ([CANCER, procedure("IMGIL0001", before(days=90, minutes=1))], True),
        ([CANCER], True),
        ([CANCER, OLD, procedure("74177", before(days=10))], False),
        ([CANCER, OLD, procedure("74177", before(days=10), status="not-done")], True),
        ([CANCER, OLD, procedure("74177", "2023-11-08T00:00:00Z")], True),
        ([OLD], False),
        ([condition("C64.1"), OLD], False),
        ([condition("C64.2"), OLD], True),
        ([condition("C64.2", "2023-11-07T22:48:00Z"), OLD], False),
        ([condition("C64.2", "2020-01-01", recordedDate="2023-11-08"), OLD], False),
        ([condition("C64.2", **_coded("refuted")), OLD], False),
        ([condition("C64.2", **_coded("entered-in-error")), OLD], False),
        ([condition("C64.2", **_coded("provisional")), OLD], True),
        ([condition("C64.2", clinicalStatus={"coding": [{"code": "resolved"}]}), OLD], True),
    ],
)
def test_imaging_is_due_with_the_diagnosis_and_no_ct_within_90_days(rows, due):
    assert len(expectation_of(FAMILY, SLOTS, rows, NOW).orders) == (2 if due else 0)


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ([CANCER, CANCER | {"id": "another"}, OLD], [1, "2023-01-04"]),
        ([OLD], [0, "2023-01-04"]),
        ([CANCER], [1, -1]),
        ([], [0, -1]),
        ([CANCER, OLD, procedure("74177", "2023-06-01")], [1, "2023-06-01"]),
    ],
)
def test_the_answer_says_the_diagnosis_once_and_the_newest_ct(rows, answer):
    assert expectation_of(FAMILY, SLOTS, rows, NOW).answer.expected == answer


def test_both_orders_are_needed_once_each():
    assert _strict([CT, REFERRAL, ANSWER]).correct
    assert _strict([REFERRAL, CT, ANSWER]).correct
    assert _strict([CT, ANSWER]).failure.category == "missing_order"
    assert _strict([CT, CT, REFERRAL, ANSWER]).failure.category == "extra_order"


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("evaluate renal mass for BIOPSY or ablation", True),
        ("Evaluate renal  mass for biopsy or ablation.", True),
        ("Evaluate renal mass", False),
        (None, False),
    ],
)
def test_the_referral_carries_its_request_whatever_its_case_and_final_period(text, right):
    note = {"text": text} if text else None
    assert _strict([CT, changed(REFERRAL, note=note), ANSWER]).correct is right


def test_one_order_cannot_be_both():
    both = changed(REFERRAL, code={"coding": [{"code": "CON417"}, {"code": "74177"}]})
    assert not _strict([both, ANSWER]).correct


def test_the_published_graders_find_both_codes_in_any_orders_and_ignore_the_rest():
    both = changed(REFERRAL, code={"coding": [{"code": "CON417"}], "text": "IR and 74177"}, note=None)
    stray = order_medication(OTHER, NOW, "aspirin")
    assert _published([CANCER, OLD], [both])
    assert _published([CANCER, OLD], [CT, changed(REFERRAL, note=None), stray, finish()])
    assert _published([CANCER, OLD], [changed(CT, resourceType="MedicationRequest"), REFERRAL])
    assert not _published([CANCER, OLD], [CT])
    assert not _published([OLD], [CT])
    assert _published([OLD], [])


def _strict(calls):
    return verdict_of(FAMILY, SLOTS, [CANCER, OLD], NOW, calls)


def _published(resources, calls):
    return verdict_of(FAMILY, SLOTS, resources, NOW, calls, profile="published").correct
