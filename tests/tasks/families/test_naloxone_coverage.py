"""Who is covered by naloxone, and what the rescue order must say."""

from __future__ import annotations

import pytest

from medagentbenchv2.tasks.families.naloxone_coverage import OPIOIDS, NaloxoneCoverage
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import CPT, finish, order_medication, order_service
from tests.tasks.harness import MRN, OTHER, V2_CLOCK, before, changed, expectation_of, medication, verdict_of

FAMILY, SLOTS, NOW = NaloxoneCoverage(), PatientSlots(mrn=MRN), V2_CLOCK
OXYCODONE = medication("OXYCODONE 5 MG TABLET", before(days=2))
RESCUE = order_medication(MRN, NOW, "naloxone 4 mg nasal spray")


@pytest.mark.parametrize("drug", OPIOIDS.words)
def test_each_listed_opioid_calls_for_naloxone(drug):
    assert _uncovered([medication(f"{drug.upper()} 10 MG TABLET", before(days=400))])


@pytest.mark.parametrize(
    ("text", "covers"),
    [
        ("NALOXONE 4 MG/ACTUATION NASAL SPRAY", True),
        ("NARCAN 4 MG NASAL SPRAY", True),
        ("NALOXONE 0.4 MG/ML INJ SOLN", True),
        ("BUPRENORPHINE-NALOXONE 8-2 MG SL FILM", False),
        ("NALTREXONE 50 MG TABLET", False),
    ],
)
def test_an_active_naloxone_order_covers_and_its_relatives_do_not(text, covers):
    assert _uncovered([OXYCODONE, medication(text, before(days=1))]) is not covers


@pytest.mark.parametrize(
    "order",
    [
        medication("NALOXONE 4 MG/ACTUATION NASAL SPRAY", before(days=1), status="stopped"),
        medication("NALOXONE 4 MG/ACTUATION NASAL SPRAY", before(days=1), status="entered-in-error"),
        medication("NALOXONE 4 MG/ACTUATION NASAL SPRAY", "2023-11-07T22:48:00Z"),
    ],
    ids=["stopped", "in error", "after now"],
)
def test_naloxone_that_is_not_in_force_does_not_cover(order):
    assert _uncovered([OXYCODONE, order])


def test_orders_are_counted_and_not_drugs_whatever_their_age():
    chart = [OXYCODONE, OXYCODONE | {"id": "again"}, medication("MORPHINE 15 MG PO TBCR", None)]
    chart.append(medication("FENTANYL 25 MCG/HR TD PT72", before(days=1), status="completed"))
    assert expectation_of(FAMILY, SLOTS, chart, NOW).answer.expected == [3.0]


def test_without_an_opioid_nothing_is_needed():
    expected = expectation_of(FAMILY, SLOTS, [medication("TRAMADOL 50 MG TABLET", before(days=1))], NOW)
    assert expected.orders == ()
    assert expected.answer.expected == [0.0]


@pytest.mark.parametrize(
    ("text", "dosage", "category"),
    [
        ("naloxone 4 mg nasal spray", {}, None),
        ("NARCAN 4MG intranasal", {}, None),
        ("NALOXONE 4 MG/ACTUATION SPRAY", {"route": "Nasal"}, None),
        ("naloxone 4 mg IM", {}, "wrong_route"),
        ("naloxone 0.4 mg intranasal", {}, "wrong_dose"),
        ("naloxone 8 mg nasal spray", {}, "wrong_dose"),
        ("naloxone 14 mg nasal spray", {}, "wrong_dose"),
        ("naltrexone 4 mg nasal spray", {}, "wrong_code"),
        ("buprenorphine-naloxone 4 mg nasal", {}, "wrong_code"),
    ],
)
def test_the_rescue_is_naloxone_4_mg_nasal(text, dosage, category):
    verdict = _strict([OXYCODONE], [order_medication(MRN, NOW, text, **dosage), finish(1)])
    assert (verdict.failure.category if verdict.failure else None) == category


def test_one_order_covers_every_opioid():
    chart = [OXYCODONE, OXYCODONE | {"id": "again"}]
    assert _strict(chart, [RESCUE, finish(2)]).correct
    assert _strict(chart, [RESCUE, RESCUE, finish(2)]).failure.category == "extra_order"
    assert not _strict(chart, [changed(RESCUE, subject={"reference": f"Patient/{OTHER}"}), finish(2)]).correct


@pytest.mark.parametrize(
    ("chart", "calls", "right"),
    [
        ([OXYCODONE], [RESCUE], True),
        ([OXYCODONE], [order_service(MRN, NOW, "1", CPT, "Narcan kit")], True),
        ([OXYCODONE], [], False),
        ([OXYCODONE], [RESCUE, RESCUE], False),
        ([OXYCODONE], [changed(RESCUE, status="stopped")], False),
        ([], [], True),
        ([], [RESCUE], False),
    ],
)
def test_the_published_graders_want_exactly_one_order_that_names_it(chart, calls, right):
    assert verdict_of(FAMILY, SLOTS, chart, NOW, calls, profile="published").correct is right


def _uncovered(chart):
    return bool(expectation_of(FAMILY, SLOTS, chart, NOW).orders)


def _strict(chart, calls):
    return verdict_of(FAMILY, SLOTS, chart, NOW, calls)
