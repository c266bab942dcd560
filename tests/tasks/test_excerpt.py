"""The excerpt of a chart: what was asked, what answers it, and what does not count for which reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from medagentbenchv2.fhir.ehr import Resource, Response
from medagentbenchv2.grading.answer import Number
from medagentbenchv2.tasks.excerpt import COUNTED, NOT_COUNTED, excerpt
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import default_world
from tests.tasks.harness import MRN, V2_CLOCK, before, condition, medication, observation, patient, procedure

NEWEST = ("latest_glucose", "magnesium_level", "magnesium_replacement", "potassium_replacement", "qtc_management")
"""Families whose answer is the newest reading that counts."""


@dataclass
class Paper:
    """An EHR that answers searches by type and status from a list."""

    resources: Sequence[Resource]

    async def search(self, kind: str, params: Sequence[tuple[str, str]]) -> Response:
        status = dict(params).get("status")
        found = [r for r in self.resources if r["resourceType"] == kind and status in (None, r.get("status"))]
        return Response(200, orjson.dumps({"entry": [{"resource": resource} for resource in found]}))


async def told(slug: str, *resources: Resource, **slots: Any) -> str:
    family = FAMILIES[slug]
    given = family.parse_slots(slots or {"mrn": MRN})
    task = Task("t", family, given, V2_CLOCK, *family.prompt(given, V2_CLOCK, 0))
    return await excerpt(task, Paper([patient(MRN, "Moss", "Ada", "1960-11-08"), *resources]))  # type: ignore[arg-type]


async def test_what_counts_is_listed_with_its_age_and_what_does_not_with_the_reason():
    text = await told(
        "naloxone_coverage",
        medication("OXYCODONE 5 MG TABLET", before(days=2, minutes=1)),
        medication("MORPHINE ER 15 MG TABLET", before(days=-1)),
        medication("FENTANYL 25 MCG/HR PATCH", before(hours=3), status="entered-in-error"),
        medication("NALOXONE 4 MG NASAL SPRAY", before(days=90), status="stopped"),
        medication("BUPRENORPHINE-NALOXONE 8 MG-2 MG FILM", before(days=1)),
        medication("ASPIRIN 81 MG TABLET", before(days=1)),
    )
    assert text.splitlines() == [
        f"Patient {MRN}: sex unknown, 62 years",
        "Active medication orders that name hydromorphone or oxycodone or fentanyl or hydrocodone or morphine: one",
        "- 2023-11-05 22:46 UTC (2 d 1 min before the clock): OXYCODONE 5 MG TABLET, active",
        "- 2023-11-08 22:47 UTC (1 d after the clock): MORPHINE ER 15 MG TABLET, active (not counted: after the clock)",
        "- 2023-11-07 19:47 UTC (3 h before the clock): FENTANYL 25 MCG/HR PATCH, entered-in-error "
        "(not counted: entered-in-error)",
        "Active medication orders that name naloxone or narcan: none",
        "- 2023-11-06 22:47 UTC (1 d before the clock): BUPRENORPHINE-NALOXONE 8 MG-2 MG FILM, active "
        "(not counted: another drug)",
        "- 2023-08-09 22:47 UTC (90 d before the clock): NALOXONE 4 MG NASAL SPRAY, stopped (not counted: stopped)",
    ]


async def test_windows_are_named_and_a_reading_on_the_edge_counts():
    text = await told(
        "heart_rate_average",
        observation("HEARTRATE", before(hours=12), 88, unit="/min"),
        observation("HEARTRATE", before(hours=12, minutes=1), 99, unit="/min"),
        observation("HEARTRATE", before(hours=1), None, valueQuantity=None, valueString="see note"),
    )
    assert "HEARTRATE, last 6 and 12 hours: one" in text
    assert "(12 h before the clock): 88 /min\n" in text
    assert "99 /min (not counted: before the window)" in text
    assert "see note (not counted: no plain number)" in text


async def test_a_refuted_diagnosis_and_a_scan_that_was_not_done_are_said_to_be_so():
    refuted = {"verificationStatus": {"coding": [{"code": "refuted"}]}, "recordedDate": "2023-01-01"}
    text = await told(
        "renal_mass_followup",
        condition("C64.2", **refuted),
        procedure("74177", before(days=3), status="not-done"),
    )
    assert "Problems with the code C64.2: none" in text
    assert "(not counted: refuted)" in text
    assert "(not counted: not-done)" in text


async def test_long_lists_are_cut_and_say_so():
    recent = [observation("HEARTRATE", before(minutes=minute), 80) for minute in range(COUNTED + 5)]
    older = [observation("HEARTRATE", before(days=day), 80) for day in range(1, NOT_COUNTED + 4)]
    text = await told("heart_rate_average", *recent, *older)
    assert "- ... and 5 older" in text
    assert "- ... and 3 older" in text


async def test_a_task_that_gives_the_patient_by_name_shows_who_was_found():
    text = await told("patient_lookup", name="Ada Moss", birth_date="1960-11-08")
    assert text == f"Patients with birthdate 1960-11-08: one\n- {MRN}: Ada Moss, born 1960-11-08"


async def test_the_answer_of_every_shipped_task_about_a_newest_reading_leads_its_excerpt():
    world = default_world()
    checked = 0
    for task in (task for variant in ("new_patient_tasks", "test_data_v2") for task in world.tasks[variant]):
        if task.family.slug in NEWEST:
            answer = (await world.expectations(task))["strict"].answer
            assert answer is not None
            item = answer.items[0]
            assert isinstance(item, Number)
            lines = (await excerpt(task, world.ehr(task))).splitlines()
            first = next((line for line in lines if line.startswith("- ") and "not counted" not in line), None)
            if item.value == -1:
                assert lines[1].endswith(": none")
            else:
                assert first is not None
                assert f": {item.value:g} " in first
            checked += 1
    assert checked == 150


async def test_every_shipped_task_has_an_excerpt():
    world = default_world()
    for variant in ("new_tasks", "test_data_v2"):
        for task in world.tasks[variant][:: 1 if variant == "new_tasks" else 7]:
            assert "\n" in await excerpt(task, world.ehr(task))
