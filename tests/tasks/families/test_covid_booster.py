"""Where COVID-19 vaccines are recorded, when a booster is due, and what its order must say."""

from __future__ import annotations

import pytest

from medagentbenchv2.tasks.families.covid_booster import CovidBooster
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import CPT, finish, order_service
from tests.tasks.harness import MRN, V2_CLOCK, before, changed, expectation_of, medication, procedure, verdict_of

FAMILY, SLOTS, NOW = CovidBooster(), PatientSlots(mrn=MRN), V2_CLOCK
OLD = procedure("COVIDVACCINE", "2021-10-10T09:00:00Z")
TEXT = "COVID-19 VAC, MRNA (PFIZER) 30 MCG/0.3 ML IM SUSPENSION"
ORDER = order_service(MRN, NOW, "91320", CPT, "COVID-19 vaccine")


@pytest.mark.parametrize(
    ("row", "due"),
    [
        (procedure("COVIDVACCINE", "2022-11-07T00:00:00Z"), False),
        (procedure("COVIDVACCINE", "2022-11-07"), False),
        (procedure("COVIDVACCINE", "2022-11-06T23:59:00Z"), True),
        (procedure("COVIDVACCINE", before(days=9), status="not-done"), True),
        (procedure("COVIDVACCINE", "2023-11-07T22:48:00Z"), True),
        (medication(TEXT, before(days=9), status="completed"), False),
        (medication(TEXT, before(days=9), status="active"), False),
        (medication("MODERNA COVID-19 VACCINE", before(days=9), status="completed"), False),
        (medication(TEXT, before(days=9), status="cancelled"), True),
        (medication(TEXT, before(days=9), status="entered-in-error"), True),
        (medication(TEXT, None, status="completed"), True),
        (medication("COVID-19 ANTIGEN TEST KIT", before(days=9), status="completed"), True),
    ],
)
def test_a_dose_within_365_calendar_days_is_enough_wherever_it_is_recorded(row, due):
    assert bool(expectation_of(FAMILY, SLOTS, [OLD, row], NOW).orders) is due


def test_365_calendar_days_are_counted_from_the_day_as_written():
    eastern = procedure("COVIDVACCINE", "2022-11-07T01:00:00+02:00")
    assert not expectation_of(FAMILY, SLOTS, [eastern], NOW).orders


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ([], -1),
        ([OLD], "2021-10-10"),
        ([OLD, medication(TEXT, "2022-01-02T08:00:00Z", status="completed")], "2022-01-02"),
        ([OLD, medication(TEXT, "2020-12-30T08:00:00Z", status="completed")], "2021-10-10"),
        ([OLD, medication(TEXT, "2022-03-03T08:00:00Z", status="active")], "2022-03-03"),
    ],
)
def test_the_answer_is_the_newest_of_both_records(rows, answer):
    expected = expectation_of(FAMILY, SLOTS, rows, NOW)
    assert expected.answer.expected == [answer]
    assert len(expected.orders) == 1


@pytest.mark.parametrize(
    ("elements", "category"),
    [
        ({}, None),
        ({"code": {"coding": [{"code": "91320", "display": "Comirnaty"}]}}, None),
        ({"occurrenceDateTime": "2023-11-07T09:00:00Z"}, None),
        ({"occurrenceDateTime": "2023-11-14T09:00:00Z"}, "wrong_time"),
        ({"code": {"coding": [{"code": "91318"}]}}, "wrong_code"),
    ],
)
def test_the_order_has_its_code_and_is_dated_today(elements, category):
    verdict = verdict_of(FAMILY, SLOTS, [OLD], NOW, [changed(ORDER, **elements), finish("2021-10-10")])
    assert (verdict.failure.category if verdict.failure else None) == category


@pytest.mark.parametrize(
    ("rows", "calls", "right"),
    [
        ([OLD], [ORDER], True),
        ([OLD], [changed(ORDER, code={"coding": [{"code": "91320", "display": "Comirnaty"}]})], False),
        ([OLD], [changed(ORDER, code={"text": "covid shot"})], True),
        ([OLD], [ORDER, ORDER], False),
        ([OLD], [], False),
        ([OLD, medication(TEXT, before(days=9), status="completed")], [], True),
        ([OLD, medication(TEXT, before(days=9), status="active")], [], False),
        ([OLD, medication(TEXT, before(days=9), status="active")], [ORDER], True),
    ],
)
def test_the_published_graders_go_by_the_name_and_count_completed_orders_only(rows, calls, right):
    assert verdict_of(FAMILY, SLOTS, rows, NOW, calls, profile="published").correct is right
