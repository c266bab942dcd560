"""Which of the two protocols applies, and what its orders must say."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.tasks.families.thyroid_protocol import ThyroidProtocol
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import LOINC, finish, order_medication, order_service
from tests.tasks.harness import MRN, V2_CLOCK, before, changed, expectation_of, observation, verdict_of

FAMILY, SLOTS, NOW = ThyroidProtocol(), PatientSlots(mrn=MRN), V2_CLOCK


def tsh(value, **more):
    ago = {key: more.pop(key) for key in ("days", "hours", "minutes") if key in more}
    return observation("TSH", before(**ago), value, **more)


def ft4(value, **ago):
    return observation("FT4", before(**ago), value)


TREATED = [tsh(14.2, days=1), tsh(12.0, days=40), ft4(0.6, days=1)]
WATCHED = [tsh(6.1, days=1), ft4(1.1, days=1)]
DRUG = order_medication(MRN, NOW, "levothyroxine 25 mcg PO daily")


def labs(at):
    when = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return [
        order_service(MRN, NOW, "3016-3", LOINC, "TSH", at=when),
        order_service(MRN, NOW, "3024-7", LOINC, "FT4", at=when),
    ]


@pytest.mark.parametrize(
    ("rows", "protocol"),
    [
        ([tsh(10.01, days=1), tsh(10.01, days=31)], "A"),
        ([tsh(10.01, days=1), tsh(10.01, days=30, hours=23, minutes=59)], None),
        ([tsh(10.0, days=1), tsh(15, days=60)], None),
        ([tsh(15, days=1), tsh(10.0, days=60)], None),
        ([tsh(15, days=1), tsh(12, days=20), tsh(11, days=50)], "A"),
        ([tsh(15, days=1), tsh(3, days=20), tsh(11, days=50)], "A"),
        ([tsh(6, days=1), ft4(1.0, days=1), tsh(11, days=50), tsh(12, days=90)], "A"),
        ([tsh(15, days=1)], None),
        ([tsh(15, days=1), ft4(1.0, days=1)], None),
        ([tsh(4.5, days=1), ft4(0.8, days=1)], "B"),
        ([tsh(10.0, days=1), ft4(1.8, days=1)], "B"),
        ([tsh(4.49, days=1), ft4(1.0, days=1)], None),
        ([tsh(6, days=1), ft4(0.79, days=1)], None),
        ([tsh(6, days=1), ft4(1.81, days=1)], None),
        ([tsh(6, days=1)], None),
        ([tsh(6, days=1), ft4(0.5, days=1), ft4(1.0, days=9)], None),
        ([tsh(6, days=1), ft4(1.0, days=400)], "B"),
        ([tsh(6, days=1), tsh(30, days=2), ft4(1.0, days=1)], "B"),
        ([ft4(1.0, days=1)], None),
        ([], None),
        ([*WATCHED, observation("TSH", "2023-11-07T22:48:00Z", 2.0)], "B"),
        ([*WATCHED, tsh(2.0, hours=1, status="entered-in-error")], "B"),
        ([tsh(15, days=1), tsh(12, days=50, status="cancelled")], None),
        ([tsh(15, days=1), tsh(12, days=50, status=None)], "A"),
    ],
)
def test_the_protocol_that_applies(rows, protocol):
    orders = expectation_of(FAMILY, SLOTS, rows, NOW).orders
    assert {3: "A", 2: "B", 0: None}[len(orders)] == protocol


@given(st.lists(st.tuples(st.integers(0, 100 * 1440), st.sampled_from([3.0, 9.99, 10.0, 10.01, 15.0])), max_size=6))
def test_protocol_a_is_any_two_high_values_far_enough_apart(drawn):
    rows = [tsh(value, minutes=ago) for ago, value in drawn]
    pairs = combinations([ago for ago, value in drawn if value > 10], 2)
    far = any(abs(one - two) >= 30 * 1440 for one, two in pairs)
    assert (len(expectation_of(FAMILY, SLOTS, rows, NOW).orders) == 3) is far


def test_the_answer_is_the_newest_of_each_or_minus_one():
    assert expectation_of(FAMILY, SLOTS, TREATED, NOW).answer.expected == [14.2, 0.6]
    assert expectation_of(FAMILY, SLOTS, [tsh(6, days=3)], NOW).answer.expected == [6.0, -1.0]


@pytest.mark.parametrize(
    ("at", "right"),
    [
        ("2023-12-19T22:47", True),
        ("2023-12-16T00:00", True),
        ("2023-12-22T23:59", True),
        ("2023-12-15T23:59", False),
        ("2023-12-23T00:00", False),
        ("2024-02-07T00:00", False),
    ],
)
def test_after_treatment_labs_are_due_in_six_weeks_give_or_take_three_days(at, right):
    assert _strict(TREATED, [DRUG, *labs(at), finish(14.2, 0.6)]).correct is right


@pytest.mark.parametrize(
    ("at", "right"),
    [
        ("2024-02-07T22:47", True),
        ("2024-02-02T00:00", True),
        ("2024-02-12T12:00", True),
        ("2024-02-01T23:59", False),
        ("2024-02-13T00:00", False),
    ],
)
def test_a_recheck_is_due_in_three_calendar_months_give_or_take_five_days(at, right):
    assert _strict(WATCHED, [*labs(at), finish(6.1, 1.1)]).correct is right


def test_a_date_without_a_time_is_enough_and_no_date_is_not():
    first, second = labs("2024-02-07T09:00")
    dated = [changed(lab, occurrenceDateTime="2024-02-07") for lab in (first, second)]
    undated = [changed(lab, occurrenceDateTime=None) for lab in (first, second)]
    assert _strict(WATCHED, [*dated, finish(6.1, 1.1)]).correct
    assert _strict(WATCHED, [*undated, finish(6.1, 1.1)]).failure.category == "wrong_time"


@pytest.mark.parametrize(
    ("codes", "right"),
    [
        ([{"text": "TSH"}, {"text": "Free T4"}], True),
        ([{"text": "Thyrotropin"}, {"text": "FT4"}], True),
        ([{"coding": [{"code": "3016-3"}]}, {"coding": [{"code": "3024-7"}]}], True),
        ([{"text": "TSH"}, {"text": "TSH"}], False),
        ([{"text": "TSH"}, {"text": "T4 total"}], False),
        ([{"text": "TSH and FT4"}], False),
    ],
)
def test_the_labs_are_two_orders_that_name_tsh_and_free_t4(codes, right):
    orders = [changed(labs("2024-02-07T09:00")[0], code=code) for code in codes]
    assert _strict(WATCHED, [*orders, finish(6.1, 1.1)]).correct is right


@pytest.mark.parametrize(
    ("text", "dosage", "right"),
    [
        ("levothyroxine 25 mcg PO daily", {}, True),
        ("Levothyroxine 25 µg oral, once daily", {}, True),
        ("LEVOTHYROXINE 25 ug daily", {"route": "oral"}, True),
        ("levothyroxine PO daily", {"dose": (25, "mcg")}, True),
        ("levothyroxine 125 mcg PO daily", {}, False),
        ("levothyroxine 50 mcg PO daily", {}, False),
        ("levothyroxine 25 mg PO daily", {}, False),
        ("levothyroxine 25 mcg PO weekly", {}, False),
        ("levothyroxine 25 mcg daily", {}, False),
        ("levothyroxine 25 mcg IV daily", {}, False),
        ("liothyronine 25 mcg PO daily", {}, False),
    ],
)
def test_treatment_starts_with_levothyroxine_25_mcg_by_mouth_daily(text, dosage, right):
    drug = order_medication(MRN, NOW, text, **dosage)
    assert _strict(TREATED, [drug, *labs("2023-12-19T09:00"), finish(14.2, 0.6)]).correct is right


def test_a_drug_that_the_recheck_protocol_does_not_ask_for_is_an_extra_order():
    calls = [DRUG, *labs("2024-02-07T09:00"), finish(6.1, 1.1)]
    assert _strict(WATCHED, calls).failure.category == "extra_order"
    assert not _published(WATCHED, calls)


def test_the_published_graders_look_for_words_and_never_at_times():
    one, two = labs("2030-01-01T00:00")
    stray = order_service(MRN, NOW, "1", LOINC, "lipids")
    assert _published(TREATED, [order_medication(MRN, NOW, "levothyroxine 25"), one, two, stray])
    assert _published(TREATED, [DRUG, one, one])
    assert not _published(TREATED, [DRUG, one])
    assert not _published(TREATED, [one, two])
    assert _published(WATCHED, [one, two])
    assert not _published([], [one, two])
    assert _published([], [])


def _strict(rows, calls):
    return verdict_of(FAMILY, SLOTS, rows, NOW, calls)


def _published(rows, calls):
    return verdict_of(FAMILY, SLOTS, rows, NOW, calls, profile="published").correct
