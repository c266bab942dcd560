"""Which anticoagulant orders stay, which stop, and what a prophylaxis order must say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.chart import Chart
from medagentbenchv2.fhir.ehr import Write
from medagentbenchv2.grading.judge import judge
from medagentbenchv2.tasks.families.dvt_prophylaxis import DvtProphylaxis
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import finish, order_medication
from tests.tasks.harness import MRN, OTHER, V2_CLOCK, before, changed, expectation_of, medication, verdict_of

FAMILY, SLOTS, NOW = DvtProphylaxis(), PatientSlots(mrn=MRN), V2_CLOCK
FIVE = "HEPARIN (PORCINE) 5,000 UNIT/ML INJ SOLN"
LMWH = "ENOXAPARIN 40 MG/0.4 ML SUBCUTANEOUS SYRINGE"
CREATE = order_medication(MRN, NOW, "heparin 5,000 units SC q8h")
NEW, OLD = medication(FIVE, before(days=1), id="11"), medication(FIVE, before(days=9), id="12")
ENOXAPARIN = medication(LMWH, before(hours=1), id="13")
YESTERDAY = before(days=1).date().isoformat()


def stop(text, prior=None, **elements):
    return changed(order_medication(MRN, NOW, text, status="stopped", prior=prior), **elements)


@pytest.mark.parametrize(
    ("active", "creates", "stops", "answer"),
    [
        ([], 1, 0, [0, -1]),
        ([ENOXAPARIN], 1, 1, [1, -1]),
        ([ENOXAPARIN, medication("WARFARIN 5 MG TABLET", before(days=2))], 1, 2, [2, -1]),
        ([NEW], 0, 0, [1, YESTERDAY]),
        ([NEW, OLD], 0, 1, [2, YESTERDAY]),
        ([NEW, ENOXAPARIN], 0, 1, [2, YESTERDAY]),
        ([OLD, NEW, ENOXAPARIN], 0, 2, [3, YESTERDAY]),
    ],
)
def test_the_table_of_counts(active, creates, stops, answer):
    expected = expectation_of(FAMILY, SLOTS, active, NOW)
    labels = [order.label for order in expected.orders]
    assert sum(label.startswith("stop") for label in labels) == stops
    assert sum(label.startswith("heparin") for label in labels) == creates
    assert expected.answer.expected == answer


@given(st.lists(st.tuples(st.sampled_from([FIVE, LMWH, "WARFARIN 5 MG TABLET"]), st.integers(1, 9)), max_size=6))
def test_one_prophylaxis_order_is_left_whatever_was_there(drawn):
    chart = [medication(text, before(hours=10 * ago + place)) for place, (text, ago) in enumerate(drawn)]
    expected = expectation_of(FAMILY, SLOTS, chart, NOW)
    stops = sum(order.label.startswith("stop") for order in expected.orders)
    creates = len(expected.orders) - stops
    assert len(chart) - stops + creates == 1
    assert creates == (0 if any(text == FIVE for text, _ in drawn) else 1)


@pytest.mark.parametrize(
    ("text", "prophylactic"),
    [
        (FIVE, True),
        ("heparin 5000 units", True),
        ("HEPARIN (PORCINE) 25,000 UNIT/250 ML IN DEXTROSE 5% IV SOLN", False),
        ("HEPARIN 25000 UNITS", False),
        ("HEPARIN 50000 UNITS", False),
        ("HEPARIN LOCK FLUSH (PORCINE) 100 UNIT/ML IV SOLN", False),
        ("HEPARIN (PORCINE) 1,000 UNIT/ML INJ SOLN", False),
        ("DALTEPARIN (PORCINE) 5,000 ANTI-XA UNIT/0.2 ML SUBCUTANEOUS SYRINGE", False),
    ],
)
def test_prophylaxis_is_heparin_with_five_thousand_as_a_whole_number(text, prophylactic):
    answer = expectation_of(FAMILY, SLOTS, [medication(text, before(days=1))], NOW).answer.expected
    assert answer == [1, YESTERDAY if prophylactic else -1]


@pytest.mark.parametrize(
    "order",
    [
        medication(FIVE, before(hours=1), status="stopped"),
        medication(FIVE, before(hours=1), status="entered-in-error"),
        medication(FIVE, "2023-11-07T22:48:00+00:00"),
        medication("LOVENOX 40 MG", before(hours=1)),
        medication("HEPARINOID CREAM", before(hours=1)),
    ],
    ids=["stopped", "in error", "after now", "brand alone", "another word"],
)
def test_what_is_no_active_anticoagulant_does_not_count(order):
    assert expectation_of(FAMILY, SLOTS, [NEW, order], NOW).answer.expected == [1, YESTERDAY]


def test_an_undated_order_is_active_but_never_the_newest():
    undated = medication(FIVE, None, id="20")
    expected = expectation_of(FAMILY, SLOTS, [undated, NEW], NOW)
    assert expected.answer.expected == [2, YESTERDAY]
    assert _verdict([undated, NEW], [stop(FIVE, prior="20"), finish(2, YESTERDAY)]).correct


@pytest.mark.parametrize("kept", ["11", "21"])
def test_of_orders_written_at_the_same_instant_any_may_be_kept(kept):
    chart = [NEW, medication(FIVE, before(days=1), id="21")]
    gone = ({"11", "21"} - {kept}).pop()
    assert _verdict(chart, [stop(FIVE, prior=gone), finish(2, YESTERDAY)]).correct


@pytest.mark.parametrize(
    ("stopped", "right"),
    [
        (stop(FIVE, prior="12"), True),
        (stop(FIVE), True),
        (stop("heparin"), True),
        (stop(FIVE, prior="12", status="Completed"), True),
        (stop(FIVE, prior="11"), False),
        (stop(LMWH), False),
        (stop(FIVE, status="active"), False),
        (stop(FIVE, status="on-hold"), False),
        (stop(FIVE, subject={"reference": f"Patient/{OTHER}"}), False),
    ],
)
def test_a_stop_names_its_order_by_id_else_by_text_else_by_drug(stopped, right):
    assert _verdict([NEW, OLD], [stopped, finish(2, YESTERDAY)]).correct is right


def test_each_order_needs_its_own_stop():
    three = [NEW, OLD, medication(FIVE, before(days=20), id="14")]
    assert _verdict(three, [stop(FIVE), stop(FIVE), finish(3, YESTERDAY)]).correct
    assert not _verdict(three, [stop(FIVE), finish(3, YESTERDAY)]).correct
    assert not _verdict(three, [stop(FIVE, prior="12"), stop(FIVE, prior="12"), finish(3, YESTERDAY)]).correct


def test_an_only_order_that_is_not_prophylaxis_is_stopped_and_replaced():
    assert _verdict([ENOXAPARIN], [stop(LMWH), CREATE, finish(1, -1)]).correct
    assert _verdict([ENOXAPARIN], [CREATE, finish(1, -1)]).failure.category == "not_discontinued"


def test_a_put_that_stops_an_order_is_its_stop_and_any_other_put_is_collateral():
    expected = FAMILY.expect(Chart([NEW, OLD], NOW), SLOTS)
    put = Write("PUT", "MedicationRequest", "12", {**OLD, "status": "stopped"})
    moved = Write("PUT", "MedicationRequest", "12", {**OLD, "status": "active"})
    answer = [2, YESTERDAY]
    assert judge(expected, [put], answer, "completed", "strict").correct
    assert not judge(expected, [moved], answer, "completed", "strict").correct


@pytest.mark.parametrize(
    ("text", "dosage", "right"),
    [
        ("heparin 5,000 units SC q8h", {}, True),
        ("Heparin (porcine) 5000 UNIT/ML SQ every 8 hours", {}, True),
        ("heparin injection, subcutaneous, q8h", {"dose": (5000, "Units")}, True),
        ("heparin 5000 units q 8 h", {"route": "Subcutaneous"}, True),
        ("heparin 5000 units SC q12h", {}, False),
        ("heparin 5000 units SC", {}, False),
        ("heparin 5000 units IV q8h", {}, False),
        ("heparin 7500 units SC q8h", {}, False),
        ("heparin 25,000 units SC q8h", {}, False),
        ("heparin SC q8h", {"dose": (5000, "mg")}, False),
        ("enoxaparin 5000 units SC q8h", {}, False),
    ],
)
def test_the_new_order_says_drug_dose_route_and_frequency(text, dosage, right):
    assert _verdict([], [order_medication(MRN, NOW, text, **dosage), finish(0, -1)]).correct is right


@pytest.mark.parametrize(
    ("chart", "calls", "right"),
    [
        ([], [CREATE], True),
        ([], [order_medication(MRN, NOW, "heparin 5000")], True),
        ([], [], False),
        ([ENOXAPARIN], [CREATE], True),
        ([ENOXAPARIN], [stop(LMWH)], False),
        ([ENOXAPARIN, medication("WARFARIN 5 MG TABLET", before(days=2))], [CREATE, stop("warfarin")], True),
        ([ENOXAPARIN, medication("WARFARIN 5 MG TABLET", before(days=2))], [CREATE], False),
        ([NEW], [], True),
        ([NEW], [CREATE], False),
        ([NEW, OLD, ENOXAPARIN], [stop("anything")], True),
        ([NEW, OLD, ENOXAPARIN], [stop("anything"), CREATE], True),
        ([NEW, OLD], [], False),
        ([NEW, OLD], [stop(FIVE), stop(FIVE, subject={"reference": f"Patient/{OTHER}"})], False),
    ],
)
def test_the_published_graders_count_creates_and_stops(chart, calls, right):
    assert verdict_of(FAMILY, SLOTS, chart, NOW, calls, profile="published").correct is right


def _verdict(chart, calls):
    return verdict_of(FAMILY, SLOTS, chart, NOW, calls)
