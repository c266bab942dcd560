"""Answers and orders as a clinician reads them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from medagentbenchv2.grading.answer import Answer, Day, Instant, Number, Text
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.tasks.in_words import answer_in_words, clock_in_words, order_in_words, orders_in_words
from medagentbenchv2.tasks.orders import medication, service
from medagentbenchv2.tasks.world import VARIANTS, default_world
from tests.tasks.harness import MRN

AT = datetime(2023, 11, 7, 22, 47, tzinfo=UTC)


def test_an_answer_says_its_tolerance_what_minus_one_means_and_what_is_a_date():
    items = (
        Number(value=98 / 3, tolerance=0.1),
        Number(value=-1),
        Day(value=date(2023, 2, 1)),
        Instant(value=AT),
        Text(value="Patient not found"),
    )
    words = "32.67 (right within 0.1); nothing there: -1; date 2023-02-01; 2023-11-07 22:47 UTC; Patient not found"
    assert answer_in_words(Answer(items=items)) == words
    assert answer_in_words(None) == "no value is asked for"


def test_a_clock_keeps_its_seconds_where_it_has_some():
    assert clock_in_words(AT.replace(second=5)) == "2023-11-07 22:47:05 UTC"


def test_orders_are_numbered_and_sets_that_are_as_right_follow():
    one, two = service(MRN, "CT", code="74177"), medication(MRN, "heparin")
    assert orders_in_words(Expectation()) == "no order"
    assert orders_in_words(Expectation(orders=(one,), alternatives=((two,),), allowed=(two,))) == (
        f"1. CT: service order, for patient {MRN}, status active, code 74177\n"
        "or, as right:\n"
        f"1. heparin: medication order, for patient {MRN}, status active\n"
        "allowed, not asked for:\n"
        f"1. heparin: medication order, for patient {MRN}, status active"
    )


async def test_no_shipped_order_is_told_in_the_names_of_fhir():
    world = default_world()
    fhir = re.compile(r"\b[a-z]{3,}[A-Z][a-z]{2,}|Request\b|\bNone\b|_")
    seen = set()
    for task in (task for variant in VARIANTS for task in world.tasks[variant]):
        for order in (await world.expectations(task))["strict"].orders:
            words = order_in_words(order)
            assert not fhir.search(words), words
            seen.add(task.family.slug)
    assert len(seen) == 14
