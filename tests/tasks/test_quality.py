"""What the tasks of harder worlds stand among: the data-quality troubles that charts have."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import orjson
import pytest

from medagentbenchv2.grading.answer import Number
from medagentbenchv2.tasks.generated import GENERATED, Recipe, grow
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.world import World

ALL = tuple(FAMILIES)


def world(difficulty: int) -> World:
    return grow(Recipe(7, 0, difficulty, ALL))


def chart(difficulty: int, kind: str, **search: str) -> list[dict[str, Any]]:
    """Everything of one kind in the charts of the tasks' patients, as of each task's clock."""
    return asyncio.run(_chart(world(difficulty), kind, search))


async def _chart(of: World, kind: str, search: dict[str, str]) -> list[dict[str, Any]]:
    mrns = {mrn: task for task in of.tasks[GENERATED] if (mrn := getattr(task.slots, "mrn", None))}
    found: list[dict[str, Any]] = []
    for mrn, task in mrns.items():
        parameters = [("patient", mrn), ("_count", "5000"), *search.items()]
        bundle = orjson.loads((await of.ehr(task).search(kind, parameters)).body)
        found += [entry["resource"] for entry in bundle.get("entry", ())]
    return found


@pytest.mark.parametrize("difficulty", [2, 3])
def test_harder_charts_hold_results_that_are_amended_wrong_repeated_wordy_or_in_another_unit(difficulty: int) -> None:
    labs = chart(difficulty, "Observation", code="MG,K,GLU,A1C")
    statuses = Counter(row["status"] for row in labs)
    assert {"final", "amended", "corrected", "entered-in-error"} <= set(statuses)
    assert statuses["final"] > len(labs) / 2
    assert sum("valueString" in row for row in labs) >= 20
    numbers = [row for row in labs if "valueQuantity" in row]
    assert {row["valueQuantity"]["unit"] for row in numbers if row["code"]["text"] == "GLU"} == {"mg/dL", "mmol/L"}
    readings = Counter(
        (row["subject"]["reference"], row["code"]["text"], row["effectiveDateTime"], row["valueQuantity"]["value"])
        for row in numbers
    )
    assert sum(count > 1 for count in readings.values()) >= 20


def test_the_charts_of_difficulty_1_hold_numbers_in_one_unit_once() -> None:
    labs = chart(1, "Observation", code="MG,K,GLU,A1C")
    assert not any("valueString" in row for row in labs)
    assert {row["valueQuantity"]["unit"] for row in labs if row["code"]["text"] == "GLU"} == {"mg/dL"}


def test_harder_worlds_have_namesakes_whom_only_the_birth_date_tells_apart() -> None:
    def namesakes(of: World) -> int:
        names = Counter((p["name"][0]["family"], *p["name"][0]["given"]) for p in of.snapshot.patients())
        return sum(count > 1 for count in names.values())

    assert namesakes(world(1)) == 0
    assert namesakes(world(2)) >= 10
    identities = [(str(p["name"]), p["birthDate"]) for p in world(2).snapshot.patients()]
    assert len(set(identities)) == len(identities)


def test_harder_tasks_have_more_orders_to_reconcile() -> None:
    async def orders(difficulty: int) -> int:
        of = world(difficulty)
        return sum([len((await of.expectations(task))["strict"].orders) for task in of.tasks[GENERATED]])

    one, three = (asyncio.run(orders(difficulty)) for difficulty in (1, 3))
    assert three > one


def test_what_must_be_converted_is_never_within_the_tolerance_of_a_threshold() -> None:
    async def levels() -> list[float]:
        found = []
        for number in (7, 8, 9):
            of = grow(Recipe(number, 0, 2, ("magnesium_replacement",)))
            for task in of.tasks[GENERATED]:
                answer = (await of.expectations(task))["strict"].answer
                assert answer is not None
                (item,) = answer.items
                if isinstance(item, Number) and item.tolerance > 0.01:
                    found.append(float(item.value))
        return found

    converted = asyncio.run(levels())
    assert converted
    assert min(abs(value - threshold) for value in converted for threshold in (1.0, 1.5, 1.9)) > 0.05
