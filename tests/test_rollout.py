"""Rollouts: isolated, deterministic, and the same whether alone or among many."""

from __future__ import annotations

import asyncio

import orjson

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.setup import Setup
from medagentbenchv2.tools.call import Result

SETUP = Setup()


async def transcript(rollout: Rollout, pause: bool) -> bytes:
    """Everything that an oracle reads and writes in a rollout, and its verdict."""
    results: list[Result] = []
    agent = Oracle()
    while not rollout.finished:
        for call in agent.turn(rollout.task, results, None).calls:
            results.append(Result(await rollout.call(call.tool, call.arguments)))
        if pause:
            await asyncio.sleep(0)
    writes = [w.resource for w in rollout.ehr.writes]
    return orjson.dumps([[r.text for r in results], writes, rollout.verdict().to_json()])


async def test_64_interleaved_rollouts_read_what_64_sequential_ones_read_byte_for_byte() -> None:
    tasks = [*SETUP.tasks[::10], *SETUP.tasks[::10], *SETUP.tasks[5::75]][:64]
    assert len(tasks) == 64
    alone = [await transcript(await SETUP.open(task), pause=False) for task in tasks]
    together = await asyncio.gather(*[transcript(await SETUP.open(task), pause=True) for task in tasks])
    assert alone == together


async def test_a_write_is_seen_by_its_own_rollout_and_by_nobody_else() -> None:
    task = next(t for t in SETUP.tasks if t.branch == "uncovered")
    mine, theirs = await SETUP.open(task), await SETUP.open(task)
    order = {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {"text": "naloxone 4 mg nasal spray"},
        "authoredOn": task.now.isoformat(),
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{task.slots.mrn}"},
    }
    await mine.call("fhir_medication_request_create", order)
    search = {"patient": task.slots.mrn, "text": "naloxone 4 mg"}
    assert "naloxone 4 mg" in await mine.call("fhir_medication_request_search", search)
    assert "naloxone 4 mg" not in await theirs.call("fhir_medication_request_search", search)
    assert len(mine.ehr.writes) == 1
    assert not theirs.ehr.writes


async def test_what_the_agent_files_never_changes_what_is_right() -> None:
    task = next(t for t in SETUP.tasks if t.branch == "uncovered")
    rollout = await SETUP.open(task)
    before = rollout.expectations["strict"].model_dump_json()
    await rollout.call("fhir_medication_request_create", {
        "medicationCodeableConcept": {"text": "MORPHINE 15 MG"}, "status": "active", "intent": "order",
        "authoredOn": task.now.isoformat(), "subject": {"reference": f"Patient/{task.slots.mrn}"},
    })  # fmt: skip
    assert (await SETUP.open(task)).expectations["strict"].model_dump_json() == before


async def test_compact_and_bundle_say_the_same() -> None:
    task = SETUP.tasks[0]
    compact = await Setup(tool_output="compact").open(task)
    bundle = await SETUP.open(task)
    call = ("fhir_procedure_search", {"patient": task.slots.mrn})
    ids = [[r["id"] for r in Result(await rollout.call(*call)).resources] for rollout in (compact, bundle)]
    assert ids[0] == ids[1] != []
