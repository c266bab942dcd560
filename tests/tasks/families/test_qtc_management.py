"""When a QTc is long, which drugs stop for it, and when the ECG is repeated."""

from __future__ import annotations

from datetime import timedelta

import pytest

from medagentbenchv2.tasks.families.qtc_management import CULPRITS, QtcManagement
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import SNOMED, finish, order_medication, order_service
from tests.tasks.harness import (
    MRN,
    OTHER,
    V2_CLOCK,
    before,
    changed,
    expectation_of,
    medication,
    observation,
    verdict_of,
)

FAMILY, SLOTS, NOW = QtcManagement(), PatientSlots(mrn=MRN), V2_CLOCK
LONG = observation("QTCINTERVAL", before(hours=3), 530)
ONDANSETRON = medication("ONDANSETRON 8 MG TABLET", before(days=2), id="31")
HALOPERIDOL = medication("HALOPERIDOL LACTATE 5 MG/ML INJ SOLN", before(days=3), id="32")
ARIPIPRAZOLE = medication("ARIPIPRAZOLE 10 MG TABLET", before(days=3), id="33")
ECG = order_service(MRN, NOW, "445118002", SNOMED, "12-lead ECG", at=NOW + timedelta(hours=24))


def stop(text, prior=None, **elements):
    return changed(order_medication(MRN, NOW, text, status="stopped", prior=prior), **elements)


STOPS = [stop("ONDANSETRON 8 MG TABLET", "31"), stop("haloperidol")]


@pytest.mark.parametrize(("value", "acts"), [(500, False), (500.5, True), (501, True), (499, False)])
def test_above_500_ms_the_qtc_is_long(value, acts):
    assert bool(expectation_of(FAMILY, SLOTS, [observation("QTCINTERVAL", NOW, value)], NOW).orders) is acts


def test_without_a_reading_nothing_is_done_and_the_answer_is_minus_one():
    expected = expectation_of(FAMILY, SLOTS, [ONDANSETRON], NOW)
    assert expected.orders == ()
    assert expected.answer.expected == [-1.0]


@pytest.mark.parametrize(
    "row",
    [
        observation("QTCINTERVAL", before(days=4), 420),
        observation("QTCINTERVAL", before(hours=1), 420, status="entered-in-error"),
        observation("QTCINTERVAL", "2023-11-07T22:48:00Z", 420),
        observation("QTCINTERVAL", None, 420),
        observation("QTCINTERVAL", before(hours=1), 420, valueQuantity={"value": 420, "comparator": "<"}),
        observation("QTINTERVAL", before(hours=1), 420),
    ],
    ids=["older", "in error", "after now", "undated", "censored", "uncorrected QT"],
)
def test_the_newest_reading_by_date_decides_whatever_was_loaded_last(row):
    assert expectation_of(FAMILY, SLOTS, [LONG, row], NOW).answer.expected == [530.0]


@pytest.mark.parametrize("drug", CULPRITS.words)
def test_each_listed_drug_is_stopped(drug):
    order = medication(f"{drug.upper()} 5 MG TABLET", before(days=1))
    assert len(expectation_of(FAMILY, SLOTS, [LONG, order], NOW).orders) == 2


@pytest.mark.parametrize(
    "order",
    [
        medication("ONDANSETRON 8 MG TABLET", before(days=2), status="completed"),
        medication("ONDANSETRON 8 MG TABLET", "2023-11-08T09:00:00Z"),
        medication("METOCLOPRAMIDE 10 MG TABLET", before(days=2)),
        ARIPIPRAZOLE,
    ],
    ids=["completed", "after now", "not listed", "another antipsychotic"],
)
def test_other_orders_are_left_alone(order):
    assert len(expectation_of(FAMILY, SLOTS, [LONG, order], NOW).orders) == 1


def test_the_ecg_is_ordered_even_when_there_is_nothing_to_stop():
    assert _strict([LONG], [ECG, finish(530)]).correct
    assert not _strict([LONG], [finish(530)]).correct


def test_every_drug_is_stopped_each_by_its_own_write():
    chart = [LONG, ONDANSETRON, HALOPERIDOL]
    assert _strict(chart, [*STOPS, ECG, finish(530)]).correct
    assert _strict(chart, [STOPS[0], ECG, finish(530)]).failure.category == "not_discontinued"
    assert not _strict(chart, [STOPS[0], STOPS[0], ECG, finish(530)]).correct


@pytest.mark.parametrize(
    ("hours", "right"), [(24, True), (23, True), (25, True), (22.9, False), (25.1, False), (0, False)]
)
def test_the_ecg_is_due_in_24_hours_give_or_take_one(hours, right):
    at = (NOW + timedelta(hours=hours)).isoformat()
    assert _strict([LONG], [changed(ECG, occurrenceDateTime=at), finish(530)]).correct is right


@pytest.mark.parametrize(
    ("elements", "category"),
    [
        ({"occurrenceDateTime": None}, "wrong_time"),
        ({"occurrenceDateTime": "2023-11-08"}, "wrong_time"),
        ({"code": {"text": "ECG"}}, "wrong_code"),
        ({"subject": {"reference": f"Patient/{OTHER}"}}, "wrong_patient"),
    ],
)
def test_a_wrong_ecg_order_fails_by_its_name(elements, category):
    assert _strict([LONG], [changed(ECG, **elements), finish(530)]).failure.category == category


def test_in_somebody_elses_words_stopping_another_antipsychotic_is_no_collateral():
    chart = [LONG, ONDANSETRON, ARIPIPRAZOLE]
    calls = [STOPS[0], stop("ARIPIPRAZOLE 10 MG TABLET"), ECG, finish()]
    assert verdict_of(FAMILY, SLOTS, chart, NOW, calls, ours=False).correct
    assert not _strict(chart, [*calls[:-1], finish(530)]).correct
    assert not verdict_of(FAMILY, SLOTS, [LONG, ONDANSETRON], NOW, calls, ours=False).correct


@pytest.mark.parametrize(
    ("chart", "calls", "right"),
    [
        ([LONG, ONDANSETRON, HALOPERIDOL], [ECG, STOPS[0]], True),
        ([LONG, ONDANSETRON], [ECG, stop("olanzapine")], True),
        ([LONG, ONDANSETRON], [ECG], False),
        ([LONG, ONDANSETRON], [ECG, stop("aspirin")], False),
        ([LONG], [ECG], True),
        ([LONG], [changed(ECG, code={"text": "repeat ECG"}, occurrenceDateTime=None)], True),
        ([LONG], [], False),
        ([LONG], [ECG, changed(ECG, subject={"reference": f"Patient/{OTHER}"})], False),
        ([LONG], [ECG, changed(ECG, resourceType="Observation")], False),
        ([observation("QTCINTERVAL", NOW, 500)], [], True),
        ([observation("QTCINTERVAL", NOW, 500)], [ECG], False),
    ],
)
def test_the_published_graders_want_an_ecg_and_one_stop(chart, calls, right):
    assert verdict_of(FAMILY, SLOTS, chart, NOW, calls, profile="published").correct is right


def _strict(chart, calls):
    return verdict_of(FAMILY, SLOTS, chart, NOW, calls)
