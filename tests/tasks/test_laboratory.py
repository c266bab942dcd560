"""Planting a test around a known newest reading: what misleads stands beside it, never in its place."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from medagentbenchv2.chart import Chart
from medagentbenchv2.tasks.laboratory import Planned, plant_last_day, plant_newest
from medagentbenchv2.tasks.scene import Scene
from tests.tasks.harness import V1_CLOCK, PaperWard

OTHERS = [3.1, 3.2, 3.3]


def chart(index: int, planted: Planned | None, *, last_day: bool, difficulty: int = 1) -> Chart:
    ward = PaperWard()
    scene = Scene(ward, ward.admit(), V1_CLOCK, random.Random(index), index, difficulty)  # type: ignore[arg-type]
    scene.observe("MG", scene.ago(minutes=5), 9.9)
    (plant_last_day if last_day else plant_newest)(scene, "MG", planted, OTHERS)
    return Chart((r for r in ward.resources if r["resourceType"] == "Observation"), V1_CLOCK)


@pytest.mark.parametrize("difficulty", [1, 2, 3])
@pytest.mark.parametrize("last_day", [True, False])
@pytest.mark.parametrize("index", range(12))
def test_the_planned_reading_is_the_newest_and_nothing_ties_with_it(index, last_day, difficulty):
    readings = chart(index, Planned(1.4), last_day=last_day, difficulty=difficulty).readings("MG")
    assert readings[0].value == 1.4
    assert {reading.value for reading in readings[1:]} <= set(OTHERS)
    times = [reading.at.instant for reading in readings]
    assert times[0] not in times[1:]
    doubled = {reading.at.instant for reading in readings if times.count(reading.at.instant) > 1}
    assert len(doubled) == (difficulty > 1)
    assert len({reading.value for reading in readings if reading.at.instant in doubled}) == len(doubled)


@pytest.mark.parametrize("index", range(12))
def test_none_planned_leaves_none_to_find(index):
    assert chart(index, None, last_day=True).latest("MG", hours=24) is None
    assert chart(index, None, last_day=True).latest("MG") is not None
    assert chart(index, None, last_day=False).latest("MG") is None


def test_every_fourth_newest_reading_is_exactly_a_day_old():
    ages = [V1_CLOCK - chart(i, Planned(1.4), last_day=True).readings("MG")[0].at.instant for i in range(16)]
    assert ages.count(timedelta(hours=24)) == 4
    assert max(ages) == timedelta(hours=24)


def test_from_difficulty_2_on_something_later_was_entered_in_error():
    ward = PaperWard()
    scene = Scene(ward, ward.admit(), V1_CLOCK, random.Random(0), 0, 2)  # type: ignore[arg-type]  # paper for a Ward
    plant_newest(scene, "MG", Planned(1.4), OTHERS)
    wrong = [r for r in ward.resources if r.get("status") == "entered-in-error"]
    right = next(r for r in ward.resources if r.get("valueQuantity", {}).get("value") == 1.4)
    assert [r["effectiveDateTime"] > right["effectiveDateTime"] for r in wrong] == [True]


@pytest.mark.parametrize("index", range(4))
def test_from_difficulty_2_on_results_without_a_number_and_amended_readings_occur(index):
    ward = PaperWard()
    scene = Scene(ward, ward.admit(), V1_CLOCK, random.Random(index), index, 2)  # type: ignore[arg-type]
    plant_newest(scene, "MG", Planned(1.4), OTHERS)
    observations = [r for r in ward.resources if r["resourceType"] == "Observation"]
    assert sum("valueString" in row for row in observations) == 1
    (newest,) = [r for r in observations if r.get("valueQuantity", {}).get("value") == 1.4]
    assert newest["status"] == ("final", "amended", "final", "corrected")[index]
    assert Chart(observations, V1_CLOCK).readings("MG")[0].value == 1.4
