"""The whole environment over a FHIR server: the verdicts of the embedded EHR, whatever the network does in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.agents.script import Agent, play
from medagentbenchv2.errors import ArgumentError, InfrastructureError
from medagentbenchv2.fhir.export import lines
from medagentbenchv2.fhir.preflight import PUBLISHED_MRNS, Holding
from medagentbenchv2.fhir.remote import FIRST_ID
from medagentbenchv2.fhir.server import FhirServer
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.fhir.wire import Server
from medagentbenchv2.grading.verdict import Verdict
from medagentbenchv2.runs.player import Played, ScriptedPlayer
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import default_world
from tests.fhir.fault_proxy import Faults, proxied
from tests.fhir.serving import free_port, serving
from tests.fhir.test_preflight import Foreign, people

ALL = ("new_patient_tasks", "new_tasks", "test_data_v2")
BAD_NETWORK = {"dropped": 0.05, "refused": 0.05, "cut": 0.05, "delayed": 0.02, "delay_s": 3.0}


@pytest.fixture(scope="module")
def app() -> FhirServer:
    return FhirServer(default_world().snapshot)


@pytest.fixture(scope="module")
def root(app: FhirServer) -> Iterator[str]:
    with serving(app) as address:
        yield f"{address}/fhir/"


def some(tasks: Sequence[Task], each: int) -> list[Task]:
    """The first few tasks of every family."""
    taken: dict[str, list[Task]] = {}
    for task in tasks:
        taken.setdefault(task.family.slug, []).append(task)
    return [task for of_family in taken.values() for task in of_family[:each]]


def verdicts(setup: Setup, agent: Agent, tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """Play the tasks, 16 at a time; every verdict of both profiles."""

    async def main() -> list[dict[str, Any]]:
        few = asyncio.Semaphore(16)

        async def one(task: Task) -> dict[str, Any]:
            async with few:
                rollout = await play(agent, await setup.open(task), max_turns=setup.max_turns)
            return {"strict": plain(rollout.verdict("strict")), "published": plain(rollout.verdict("published"))}

        found = await asyncio.gather(*map(one, tasks))
        await setup.close()
        return found

    return asyncio.run(main())


def plain(verdict: Verdict) -> Any:
    """A verdict with the ids of the rollout's own records numbered from 0: each server has its own first number."""

    def numbered(node: Any) -> Any:
        if isinstance(node, dict):
            own = str(node.get("id", "")).isdecimal() and "meta" in node
            first = FIRST_ID if own and int(node["id"]) >= FIRST_ID else default_world().snapshot.next_id
            return {name: numbered(value) for name, value in node.items()} | (
                {"id": int(node["id"]) - first} if own else {}
            )
        return [numbered(item) for item in node] if isinstance(node, list | tuple) else node

    checks = [(check.name, check.passed, numbered(check.expected), numbered(check.found)) for check in verdict.checks]
    return {"reward": verdict.reward, "status": verdict.status, "answer": verdict.answer, "checks": checks}


@pytest.mark.parametrize("agent", ["oracle", "null", "erring:0.5:3"])
def test_a_slice_over_http_gets_the_verdicts_of_the_embedded_ehr(agent: str, root: str) -> None:
    for variant in ("new_patient_tasks", "test_data_v2"):
        embedded, remote = Setup(tasks_variant=variant), Setup(fhir_api_base=root, tasks_variant=variant)
        remote.check()
        tasks = some(embedded.tasks, 2)
        assert remote.tasks == embedded.tasks
        wanted = verdicts(embedded, agent_of(agent), tasks)
        assert verdicts(remote, agent_of(agent), tasks) == wanted
        if agent == "oracle":
            assert {one["strict"]["reward"] for one in wanted} == {1.0}


def test_the_text_protocol_reaches_a_server_wherever_it_is(root: str) -> None:
    """The prompt names one address for the EHR, which is not the server's."""
    embedded = Setup(protocol="text")
    remote = Setup(fhir_api_base=root, protocol="text")

    async def said(setup: Setup) -> list[tuple[float, int]]:
        player, found = ScriptedPlayer(agent_of("oracle"), by_text=True), []
        for task in some(setup.tasks, 1):
            played = Played(setup.messages(task))
            rollout = await setup.open(task)
            await player.play(rollout, played, max_turns=8, seed=0)
            found.append((rollout.verdict().reward, played.turns))
        await setup.close()
        return found

    found = asyncio.run(said(remote))
    assert found == asyncio.run(said(embedded))
    assert {reward for reward, _ in found} == {1.0}


def bad_network(root: str, address: str, variant: str) -> Setup:
    """A setup over a proxy, with a short timeout; the preflight asked the server itself."""
    setup = Setup(fhir_api_base=address, tasks_variant=variant)
    setup.__dict__["holding"] = Setup(fhir_api_base=root).holding
    setup.__dict__["server"] = Server(address, timeout_s=1.0, attempts=12)
    return setup


def test_a_slice_over_a_bad_network_gets_the_same_verdicts(root: str) -> None:
    faults = Faults(**BAD_NETWORK)
    embedded = Setup()
    tasks = some(embedded.tasks, 2)
    with proxied(root, faults) as address:
        setup = bad_network(root, address, "new_patient_tasks")
        assert verdicts(setup, agent_of("oracle"), tasks) == verdicts(embedded, agent_of("oracle"), tasks)
    assert setup.server is not None
    assert setup.server.retries > 0
    assert sum(faults.committed.values()) > faults.committed["passed"] > 0


@pytest.mark.soak
@pytest.mark.parametrize("network", ["good", "bad"])
def test_every_task_over_http_gets_the_verdict_of_the_embedded_ehr(network: str, root: str) -> None:
    faults = Faults(**BAD_NETWORK) if network == "bad" else Faults()
    played = 0
    with proxied(root, faults) as address:
        for variant in ALL:
            embedded = Setup(tasks_variant=variant)
            setup = bad_network(root, address, variant)
            wanted = verdicts(embedded, agent_of("oracle"), embedded.tasks)
            assert verdicts(setup, agent_of("oracle"), setup.tasks) == wanted
            assert {one["strict"]["reward"] for one in wanted} == {1.0}
            assert setup.server is not None
            assert network == "good" or setup.server.retries > 0
            played += len(wanted)
    assert played == 610
    print(f"\n{network} network: {played} tasks, {dict(faults.committed)}")


def test_every_family_expects_the_same_of_a_chart_read_over_http(root: str) -> None:
    async def main() -> None:
        for variant in ("new_patient_tasks", "test_data_v2"):
            remote = Setup(fhir_api_base=root, tasks_variant=variant)
            for task in some(remote.tasks, 3):
                assert (await remote.open(task)).expectations == await default_world().expectations(task), task.id
            await remote.close()

    asyncio.run(main())


@pytest.mark.parametrize("agent", ["oracle", "null"])
def test_a_dead_server_is_an_error_and_no_zero(agent: str, root: str) -> None:
    setup = bad_network(root, f"http://127.0.0.1:{free_port()}/fhir", "new_patient_tasks")
    setup.__dict__["server"] = Server(setup.fhir_api_base or "", attempts=2)
    with pytest.raises(InfrastructureError, match="no connection"):
        verdicts(setup, agent_of(agent), setup.tasks[:1])


def test_a_server_that_dies_on_the_way_is_an_error_and_no_zero(root: str) -> None:
    setup = Setup(fhir_api_base=root)
    task = next(task for task in setup.tasks if task.family.slug == "naloxone_coverage")

    async def main() -> None:
        rollout = await setup.open(task)
        assert setup.server is not None
        await setup.server.close()
        rollout.ehr._server = Server(f"http://127.0.0.1:{free_port()}/fhir", attempts=2)  # type: ignore[attr-defined]
        await play(agent_of("oracle"), rollout)

    with pytest.raises(InfrastructureError, match="no connection"):
        asyncio.run(main())


def test_server_writes_are_posted_once_and_judged_the_same(app: FhirServer, root: str) -> None:
    app.sessions.end("default")
    embedded = Setup(task_types=("naloxone_coverage",))
    setup = Setup(fhir_api_base=root, writes="server", task_types=("naloxone_coverage",))
    wanted = verdicts(embedded, agent_of("oracle"), embedded.tasks[:10])
    found = verdicts(setup, agent_of("oracle"), setup.tasks[:10])
    assert [one["strict"]["reward"] for one in found] == [one["strict"]["reward"] for one in wanted] == [1.0] * 10
    expected = sum(len(asyncio.run(default_world().expectations(task))["strict"].orders) for task in setup.tasks[:10])
    assert len(app.sessions.default.writes) == expected > 0
    again = Setup(fhir_api_base=root, task_types=("naloxone_coverage",))
    assert [one["strict"]["reward"] for one in verdicts(again, agent_of("oracle"), again.tasks[:10])] == [1.0] * 10
    app.sessions.end("default")


def test_another_hospital_needs_tasks_of_its_own(tmp_path: Path) -> None:
    neither = pytest.raises(ArgumentError, match="neither our EHR nor the published one; give tasks_path")
    with serving(Foreign(people(tmp_path, "S0000001"))) as root, neither:
        Setup(fhir_api_base=f"{root}/fhir").check()
    another = pytest.raises(ArgumentError, match=r"another EHR than the one that ships .*; give tasks_path")
    with serving(FhirServer(people(tmp_path, "S0000001"))) as root, another:
        Setup(fhir_api_base=f"{root}/fhir").check()


def test_tasks_for_patients_that_the_server_lacks_are_counted(tmp_path: Path, root: str) -> None:
    tasks = Setup(task_types=("naloxone_coverage",)).tasks[:3]
    file = tmp_path / "tasks.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(task.to_json()) for task in tasks))
    mine = Setup(fhir_api_base=root, tasks_path=str(file))
    mine.check()
    assert len(mine.tasks) == 3
    held = [task.slots.mrn for task in tasks[:1]]
    lacking = pytest.raises(ArgumentError, match=r"tasks_path: 2 of 3 patients are not in the EHR \(S")
    with serving(Foreign(people(tmp_path, *held))) as other, lacking:
        Setup(fhir_api_base=f"{other}/fhir", tasks_path=str(file)).check()


def test_a_users_own_server_has_no_freeze(tmp_path: Path) -> None:
    """What a user loaded yesterday is a chart, not somebody's leftovers."""
    task = next(
        task for task in Setup().tasks if task.family.slug == "naloxone_coverage" and task.branch == "uncovered"
    )
    held = asyncio.run(default_world().expectations(task))
    assert held["strict"].orders
    snapshot = default_world().snapshot
    mrn = task.slots.mrn.encode()
    for kind in ("Patient", "MedicationRequest"):
        own = [orjson.loads(line) for line in lines(snapshot, kind) if mrn in line]
        for resource in own:
            resource["meta"] = {"lastUpdated": "2026-06-01T00:00:00+00:00"}
        (tmp_path / f"{kind}.ndjson").write_bytes(b"\n".join(map(orjson.dumps, own)))
    file = tmp_path / "tasks.jsonl"
    file.write_bytes(orjson.dumps(task.to_json()))
    with serving(Foreign(Snapshot.from_ndjson(tmp_path, tmp_path / "cache"))) as root:
        setup = Setup(fhir_api_base=f"{root}/fhir/", tasks_path=str(file))
        (found,) = verdicts(setup, agent_of("oracle"), setup.tasks)
    assert found["strict"]["reward"] == 1.0


@pytest.mark.parametrize("variant", ALL)
def test_the_published_server_is_asked_the_published_tasks_in_our_words(variant: str, tmp_path: Path) -> None:
    with serving(Foreign(people(tmp_path, *PUBLISHED_MRNS))) as root:
        setup = Setup(fhir_api_base=f"{root}/fhir", tasks_variant=variant)
        setup.check()
        assert setup.holding == Holding("published")
    ours = {task.slots.mrn for task in default_world().tasks[variant] if hasattr(task.slots, "mrn")}
    theirs = {task.slots.mrn for task in setup.tasks if hasattr(task.slots, "mrn")}
    assert theirs
    assert not theirs & ours
    assert all(task.ours for task in setup.tasks)
    assert len(setup.tasks) == len(default_world().tasks[variant])
    assert setup.task_fingerprint != replace(setup, fhir_api_base=None).task_fingerprint
