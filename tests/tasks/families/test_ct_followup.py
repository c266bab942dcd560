"""When the yearly CT of a renal mass is due, and which order and answer are right."""

from __future__ import annotations

import pytest

from medagentbenchv2.tasks.families.ct_followup import CtFollowup
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import CPT, finish, order_service
from tests.tasks.harness import MRN, OTHER, V2_CLOCK, before, changed, expectation_of, procedure, verdict_of

FAMILY, SLOTS, NOW = CtFollowup(), PatientSlots(mrn=MRN), V2_CLOCK
ORDER = order_service(MRN, NOW, "74177", CPT, "CT abdomen", note="Renal mass follow-up")
OLD = procedure("IMGCT0491", "2021-05-04T08:00:00+00:00")
OLD_ANSWER = finish("2021-05-04")


def test_at_exactly_365_days_a_new_ct_is_not_due():
    assert not _due([procedure("IMGCT0491", before(days=365))])


def test_a_minute_past_365_days_it_is():
    assert _due([procedure("IMGIL0001", before(days=365, minutes=1))])


def test_without_any_ct_it_is_due_and_the_answer_is_minus_one():
    assert _due([])
    assert _answer([]) == [-1]


@pytest.mark.parametrize(
    "written",
    [
        procedure("IMGCT0491", before(days=9), status="not-done"),
        procedure("IMGCT0491", before(days=9), status="entered-in-error"),
        procedure("IMGCT0491", "2023-11-07T22:48:00+00:00"),
        procedure("IMGCT0491", None),
        procedure("74177", before(days=9)),
        procedure("IMGCT0002", before(days=9)),
    ],
    ids=["not done", "entered in error", "after now", "undated", "other CT code", "head CT"],
)
def test_what_is_no_ct_of_the_past_neither_counts_nor_is_answered(written):
    assert _due([OLD, written])
    assert _answer([OLD, written]) == ["2021-05-04"]


def test_a_study_performed_over_a_period_is_dated_by_its_end():
    period = {"start": "2022-11-07T22:00:00Z", "end": "2022-11-07T22:50:00Z"}
    assert not _due([procedure("IMGCT0491", None, performedPeriod=period)])


def test_days_are_those_of_the_records_own_offset_and_ages_are_between_instants():
    eastern = procedure("IMGCT0491", "2022-11-08T00:30:00+02:00")
    assert _due([eastern])
    assert _answer([eastern]) == ["2022-11-08"]


def test_a_date_alone_means_its_first_instant_in_utc():
    assert not _due([procedure("IMGCT0491", "2022-11-08")])
    assert _due([procedure("IMGCT0491", "2022-11-07")])


def test_the_newest_study_decides_whatever_the_order_of_the_rows():
    rows = [procedure("IMGIL0001", before(days=3)), OLD]
    assert not _due(rows)
    assert _answer(rows) == _answer(rows[::-1]) == [before(days=3).date().isoformat()]


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"note": [{"text": "RENAL MASS FOLLOW-UP, yearly"}]},
        {"note": None, "reasonCode": [{"text": "Renal mass follow-up"}]},
        {"note": None, "reasonReference": [{"display": "renal mass follow-up"}]},
        {"status": "Active", "priority": "stat", "authoredOn": None},
        {"subject": {"reference": f"https://ehr.example/fhir/Patient/{MRN}", "type": "Patient"}},
        {"code": {"coding": [{"code": "1"}, {"code": "74177"}]}},
    ],
)
def test_orders_that_say_the_same_are_right(elements):
    assert verdict_of(FAMILY, SLOTS, [OLD], NOW, [changed(ORDER, **elements), OLD_ANSWER]).correct


@pytest.mark.parametrize(
    ("elements", "category"),
    [
        ({"note": None}, "missing_note"),
        ({"note": {"text": "mass"}}, "missing_note"),
        ({"code": {"coding": [{"code": "74178"}]}}, "wrong_code"),
        ({"subject": {"reference": f"Patient/{OTHER}"}}, "wrong_patient"),
        ({"subject": {"reference": MRN}}, "wrong_patient"),
        ({"status": "draft"}, "wrong_status"),
        ({"intent": "plan"}, "wrong_status"),
        ({"resourceType": "MedicationRequest"}, "wrong_resource"),
    ],
)
def test_a_wrong_order_fails_by_its_name(elements, category):
    verdict = verdict_of(FAMILY, SLOTS, [OLD], NOW, [changed(ORDER, **elements), OLD_ANSWER])
    assert verdict.reward == 0.0
    assert verdict.failure.category == category


def test_ordering_twice_fails():
    assert verdict_of(FAMILY, SLOTS, [OLD], NOW, [ORDER, ORDER, OLD_ANSWER]).failure.category == "extra_order"


@pytest.mark.parametrize(
    ("value", "right"),
    [("2021-05-04", True), ("2021-05-04T23:59:00+00:00", True), ("2021-05-05", False), (-1, False), (20210504, False)],
)
def test_the_answer_is_the_day_of_the_newest_ct(value, right):
    assert verdict_of(FAMILY, SLOTS, [OLD], NOW, [ORDER, finish(value)]).correct is right


def test_the_published_graders_ignore_the_answer_and_accept_silence_but_want_the_note():
    assert _published([ORDER]).correct
    assert _published([ORDER, finish(-1)]).correct
    assert not _published([changed(ORDER, note=None)]).correct
    assert not _published([]).correct


def test_in_somebody_elses_words_the_answer_is_not_asked_for():
    assert verdict_of(FAMILY, SLOTS, [OLD], NOW, [ORDER, finish()], ours=False).correct


def _due(resources):
    return bool(expectation_of(FAMILY, SLOTS, resources, NOW).orders)


def _answer(resources):
    return expectation_of(FAMILY, SLOTS, resources, NOW).answer.expected


def _published(calls):
    return verdict_of(FAMILY, SLOTS, [OLD], NOW, calls, profile="published")
