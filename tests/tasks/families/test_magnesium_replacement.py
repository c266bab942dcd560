"""Magnesium replacement: the ladder, its edges, and the encoding of the infusion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from medagentbenchv2.tasks.families.magnesium_replacement import LEVELS, MagnesiumReplacement, grams
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.steps import NDC, finish, order_medication
from medagentbenchv2.tools.call import Call
from tests.tasks.harness import MRN, OTHER, V1_CLOCK, expectation_of, observation, planted, verdict_of

REPLACEMENT = MagnesiumReplacement()
SLOTS = PatientSlots(mrn=MRN)
CODING = {"system": NDC, "code": "0338-1715-40"}


def mg(value: float, *, hours: float = 2, **rest: Any):
    return observation("MG", V1_CLOCK - timedelta(hours=hours), value, **rest)


def infusion(dose: float, hours: float | None = None, *, mrn: str = MRN, route: str = "IV") -> Call:
    hours = dose if hours is None else hours
    return order_medication(
        mrn, V1_CLOCK, "magnesium sulfate", coding=CODING, route=route, dose=(dose, "g"), rate=(hours, "h")
    )


def orders(*chart: Any) -> int:
    return len(expectation_of(REPLACEMENT, SLOTS, chart, V1_CLOCK).orders)


@pytest.mark.parametrize(
    ("level", "dose"),
    [(0.6, 4), (0.99, 4), (1.0, 2), (1.49, 2), (1.5, 1), (1.9, 1), (1.9000001, 0), (2.0, 0), (3.1, 0)],
)
def test_the_ladder(level, dose):
    assert grams(level) == dose
    assert orders(mg(level)) == (1 if dose else 0)


@pytest.mark.parametrize(("hours", "acts"), [(24, 1), (24.001, 0), (0, 1), (-0.001, 0)])
def test_only_the_last_24_hours_decide(hours, acts):
    assert orders(mg(1.2, hours=hours)) == acts


def test_the_newest_reading_decides():
    assert orders(mg(1.2, hours=9), mg(2.1, hours=1)) == 0
    assert orders(mg(2.1, hours=9), mg(1.2, hours=1)) == 1


def test_a_reading_in_mmol_is_converted_before_the_ladder():
    assert orders(mg(0.7, unit="mmol/L")) == 1
    assert orders(mg(0.9, unit="mmol/L")) == 0


@pytest.mark.parametrize("profile", ["strict", "published"])
@pytest.mark.parametrize(
    ("level", "calls", "reward"),
    [
        (0.8, [infusion(4), finish(0.8)], 1.0),
        (1.2, [infusion(2), finish(1.2)], 1.0),
        (1.9, [infusion(1), finish(1.9)], 1.0),
        (2.0, [finish(2.0)], 1.0),
        (1.2, [infusion(1), finish(1.2)], 0.0),
        (1.2, [infusion(2, 1), finish(1.2)], 0.0),
        (1.2, [infusion(2, mrn=OTHER), finish(1.2)], 0.0),
        (1.2, [infusion(2), infusion(2), finish(1.2)], 0.0),
        (1.2, [infusion(2, route="PO"), finish(1.2)], 0.0),
        (1.2, [infusion(2), finish(1.3)], 0.0),
        (1.2, [finish(1.2)], 0.0),
        (2.0, [infusion(1), finish(2.0)], 0.0),
        (1.2, [infusion(2)], 0.0),
    ],
)
def test_dose_hours_route_patient_number_and_answer_all_matter(level, calls, reward, profile):
    assert verdict_of(REPLACEMENT, SLOTS, [mg(level)], V1_CLOCK, calls, profile=profile).reward == reward


@pytest.mark.parametrize(
    ("change", "strict", "published"),
    [
        ({"dosageInstruction": [{"route": "IV"}]}, 0.0, 0.0),
        ({"medicationCodeableConcept": {"coding": [{**CODING, "system": "urn:other"}]}}, 1.0, 0.0),
        ({"medicationCodeableConcept": {"coding": [{"code": "X"}, CODING]}}, 1.0, 0.0),
        ({"medicationCodeableConcept": {"text": "Magnesium sulfate IV"}}, 0.0, 0.0),
        ({"authoredOn": "2023-11-13T10:15:59+00:00"}, 1.0, 0.0),
        ({"authoredOn": "2023-11-13T11:15:00+01:00"}, 1.0, 1.0),
        ({"authoredOn": "2023-11-13"}, 0.0, 0.0),
        ({"status": "draft"}, 0.0, 0.0),
        ({"subject": {"reference": f"Patient/{MRN}", "type": "Patient"}}, 1.0, 0.0),
    ],
)
def test_where_strict_reads_the_meaning_the_published_graders_read_the_letter(change, strict, published):
    good = infusion(2).arguments | change
    calls = [good, finish(1.2)]
    rewards = [
        verdict_of(REPLACEMENT, SLOTS, [mg(1.2)], V1_CLOCK, calls, profile=profile).reward
        for profile in ("strict", "published")
    ]
    assert rewards == [strict, published]


@pytest.mark.parametrize(
    ("route", "strict", "published"),
    [("IV", 1.0, 1.0), ("iv", 1.0, 0.0), ("Intravenous", 1.0, 0.0), ("IV piggyback", 1.0, 0.0), ("oral", 0.0, 0.0)],
)
def test_the_route_in_words(route, strict, published):
    for shape in (route, {"text": route}):
        good = infusion(2).arguments
        good = good | {"dosageInstruction": [good["dosageInstruction"][0] | {"route": shape}]}
        calls = [good, finish(1.2)]
        assert verdict_of(REPLACEMENT, SLOTS, [mg(1.2)], V1_CLOCK, calls).reward == strict
        assert verdict_of(REPLACEMENT, SLOTS, [mg(1.2)], V1_CLOCK, calls, profile="published").reward == published


@pytest.mark.parametrize(
    ("chart", "answer", "ours", "theirs"),
    [
        ([mg(2.0)], [], 0.0, 1.0),
        ([mg(2.0)], [-1], 0.0, 0.0),
        ([], [-1], 1.0, 1.0),
        ([], [], 0.0, 1.0),
        ([], ["no level"], 0.0, 1.0),
    ],
)
def test_others_words_ask_for_no_value(chart, answer, ours, theirs):
    calls = [finish(*answer)]
    assert verdict_of(REPLACEMENT, SLOTS, chart, V1_CLOCK, calls).reward == ours
    assert verdict_of(REPLACEMENT, SLOTS, chart, V1_CLOCK, calls, ours=False).reward == theirs
    assert verdict_of(REPLACEMENT, SLOTS, chart, V1_CLOCK, calls, profile="published").reward == theirs


@pytest.mark.parametrize("branch", LEVELS)
def test_both_ends_of_every_rung_are_planted_and_nothing_near_a_threshold_but_on_it(branch):
    for difficulty in (1, 2):
        tasks = [planted(REPLACEMENT, branch, index, now=V1_CLOCK, difficulty=difficulty) for index in range(12)]
        levels = [task.expectation().answer.expected[0] for task in tasks]
        on_grid = [level for level in levels if round(level, 1) == level]
        assert {LEVELS[branch][1] / 10} <= set(on_grid)
        assert difficulty == 2 or LEVELS[branch][0] / 10 in on_grid
        for level in set(levels) - set(on_grid):
            assert min(abs(level - threshold) for threshold in (1.0, 1.5, 1.9)) > 0.05
