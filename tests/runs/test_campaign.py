"""Campaigns: every rollout written once, whatever happens in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.errors import ArgumentError, InfrastructureError
from medagentbenchv2.results.rows import Status
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.runs.campaign import Campaign, spread
from medagentbenchv2.runs.folder import frames
from medagentbenchv2.runs.player import Played, ScriptedPlayer
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import CANARY

SETUP = Setup(tasks_variant="new_tasks")


def campaign(out: Path, agent: str = "oracle", **more: Any) -> Campaign:
    setup = more.pop("setup", SETUP)
    return Campaign(setup, ScriptedPlayer(agent_of(agent)), out, spread(setup.tasks, more.pop("n", None)), **more)


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]


def traces(folder: Path) -> list[dict[str, Any]]:
    whole = frames((folder / "traces.jsonl.zst").read_bytes())
    return [orjson.loads(zstandard.decompress(frame)) for frame in whole]


async def test_a_run_writes_a_row_a_trace_and_a_summary_per_rollout(tmp_path: Path) -> None:
    one = campaign(tmp_path, repeats=2)
    summary = await one.run()
    assert one.folder == tmp_path / "new_tasks" / "oracle"
    assert len(rows(one.folder)) == len(traces(one.folder)) == 20
    assert list(rows(one.folder)[0])[:7] == ["index", "task_id", "status", "correct", "result", "num_turns", "time"]
    assert all(row["correct"] and row["status"] == "completed" for row in rows(one.folder))
    assert all(trace["canary"] == CANARY for trace in traces(one.folder))
    assert summary["accuracy"] == 100.0
    assert summary["task_breakdown"]["task1"] == {"total": 2, "correct": 2}
    assert json.loads((one.folder / "summary.json").read_text())["pass_hat_k"] == {"1": 1.0, "2": 1.0}


async def test_a_folder_that_holds_a_run_is_not_overwritten(tmp_path: Path) -> None:
    await campaign(tmp_path).run()
    with pytest.raises(ArgumentError, match="--resume"):
        await campaign(tmp_path).run()


async def test_resuming_another_run_is_refused_and_says_what_changed(tmp_path: Path) -> None:
    await campaign(tmp_path).run()
    other = Setup(tasks_variant="new_tasks", max_turns=5)
    with pytest.raises(ArgumentError, match="max_turns was 8, is 5"):
        await campaign(tmp_path, setup=other, resume=True).run()


async def test_two_writers_on_one_folder_are_refused(tmp_path: Path) -> None:
    from medagentbenchv2.runs.folder import RunFolder

    one = campaign(tmp_path)
    with RunFolder(one.folder, {}, {}, resume=False), pytest.raises(ArgumentError, match="another run"):
        await one.run()


class Flaky:
    """The oracle on an EHR that fails on every third task, the first time."""

    name = "oracle"

    def __init__(self) -> None:
        self.inner, self.seen, self.failed = ScriptedPlayer(agent_of("oracle")), 0, set[str]()

    async def play(self, rollout: Rollout, played: Played, *, max_turns: int, seed: int) -> None:
        self.seen += 1
        if self.seen % 3 == 0 and rollout.task.id not in self.failed:
            self.failed.add(rollout.task.id)
            raise InfrastructureError("the EHR went away")
        await self.inner.play(rollout, played, max_turns=max_turns, seed=seed)


async def test_infrastructure_errors_are_not_scored_and_run_again_on_resume(tmp_path: Path) -> None:
    flaky = Flaky()
    first = Campaign(SETUP, flaky, tmp_path, tuple(SETUP.tasks), concurrency=1)
    summary = await first.run()
    assert summary["error"] == 3
    assert summary["accuracy"] == 100.0
    assert {r["failure"]["level1"] for r in rows(first.folder) if r["status"] == Status.ERROR} == {"infrastructure"}
    again = Campaign(SETUP, flaky, tmp_path, tuple(SETUP.tasks), concurrency=1, resume=True)
    summary = await again.run()
    assert (summary["error"], summary["total"], summary["correct"]) == (0, 10, 10)
    assert len({r["task_id"] for r in rows(again.folder)}) == len(rows(again.folder)) == len(traces(again.folder)) == 10


SLOW = """
import asyncio, sys
from pathlib import Path
from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.runs.campaign import Campaign
from medagentbenchv2.runs.player import ScriptedPlayer
from medagentbenchv2.setup import Setup
class Slow(ScriptedPlayer):
    async def play(self, *a, **k):
        await asyncio.sleep(0.02)
        await super().play(*a, **k)
setup = Setup()
tasks = tuple(setup.tasks[:120])
run = Campaign(setup, Slow(agent_of("oracle")), Path(sys.argv[1]), tasks, concurrency=2, resume=True)
print("go", flush=True)
asyncio.run(run.run())
"""


def test_a_killed_run_goes_on_without_a_lost_or_doubled_row(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SLOW, str(tmp_path)]
    folder = tmp_path / "new_patient_tasks" / "oracle"
    for wait in (0.3, 0.5):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    keys = [(row["task_id"], row["attempt"]) for row in rows(folder)]
    assert len(keys) == len(set(keys)) == 120
    assert sorted(keys) == sorted((t["task_id"], t["attempt"]) for t in traces(folder))


def test_a_row_cut_by_a_kill_is_played_again(tmp_path: Path) -> None:
    import asyncio

    one = campaign(tmp_path)
    asyncio.run(one.run())
    path = one.folder / "runs.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    asyncio.run(campaign(tmp_path, resume=True).run())
    assert len(rows(one.folder)) == len(traces(one.folder)) == 10


def test_a_few_tasks_are_dealt_round_the_families() -> None:
    chosen = spread(Setup().tasks, 20)
    assert len(chosen) == 20
    assert {sum(t.family.slug == slug for t in chosen) for slug in {t.family.slug for t in chosen}} == {2}
