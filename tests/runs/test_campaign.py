"""Campaigns: every rollout written once, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.errors import ArgumentError, InfrastructureError
from medagentbenchv2.results.api import read
from medagentbenchv2.results.rows import Row, Status
from medagentbenchv2.results.traces import frames
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.runs.campaign import Campaign, spread
from medagentbenchv2.runs.folder import folder_name
from medagentbenchv2.runs.player import Played, ScriptedPlayer
from medagentbenchv2.runs.summary import busy_seconds
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import CANARY

SETUP = Setup(tasks_variant="new_tasks")


def campaign(out: Path, agent: str = "oracle", **more: Any) -> Campaign:
    setup = more.pop("setup", SETUP)
    return Campaign(setup, ScriptedPlayer(agent_of(agent)), out, spread(setup.tasks, more.pop("n", None)), **more)


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]


def traces(folder: Path) -> list[dict[str, Any]]:
    return [orjson.loads(content) for _, content in frames(folder / "traces.jsonl.zst")]


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
    one = campaign(tmp_path)
    asyncio.run(one.run())
    path = one.folder / "runs.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    asyncio.run(campaign(tmp_path, resume=True).run())
    assert len(rows(one.folder)) == len(traces(one.folder)) == 10


async def test_a_trace_that_a_kill_left_before_the_first_row_is_not_built_upon(tmp_path: Path) -> None:
    one = campaign(tmp_path)
    one.folder.mkdir(parents=True)
    orphan = zstandard.compress(orjson.dumps({"task_id": "task1_1", "attempt": 1}))
    (one.folder / "traces.jsonl.zst").write_bytes(orphan + orphan[:-3])
    await one.run()
    assert sorted(t["task_id"] for t in traces(one.folder)) == sorted(r["task_id"] for r in rows(one.folder))
    assert all("messages" in trace for trace in traces(one.folder))


async def test_resuming_a_whole_run_changes_no_byte_of_it(tmp_path: Path) -> None:
    one = campaign(tmp_path, repeats=2)
    first = await one.run()
    before = {name: (one.folder / name).read_bytes() for name in ("runs.jsonl", "traces.jsonl.zst", "summary.json")}
    assert await campaign(tmp_path, repeats=2, resume=True).run() == first
    assert before == {name: (one.folder / name).read_bytes() for name in before}


async def test_a_resumed_run_may_be_widened(tmp_path: Path) -> None:
    await campaign(tmp_path, n=4).run()
    summary = await campaign(tmp_path, repeats=2, resume=True).run()
    assert (summary["total"], summary["planned"]) == (20, 20)
    folder = campaign(tmp_path).folder
    places = {task.id: place for place, task in enumerate(SETUP.tasks)}
    assert all(row["index"] == places[row["task_id"]] for row in rows(folder))


async def test_what_was_on_disk_is_told_apart_from_what_ends(tmp_path: Path) -> None:
    class Watch:
        def __init__(self) -> None:
            self.kept, self.ended = -1, 0

        def keep(self, rows: Sequence[Row]) -> None:
            self.kept = len(rows)

        def count(self, row: Row) -> None:
            self.ended += 1

    first, second = Watch(), Watch()
    await campaign(tmp_path, n=4).run(first)
    await campaign(tmp_path, resume=True).run(second)
    assert (first.kept, first.ended, second.kept, second.ended) == (0, 4, 4, 6)


def test_elapsed_time_leaves_out_pauses_and_counts_what_ran_side_by_side_once() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ends = [(10, 10.0), (12, 5.0), (15, 3.0), (1000, 4.0)]  # 0-10, 7-12, 12-15, a night's pause, 996-1000
    some = [
        Row(index=0, task_id=f"task1_{n}", status=Status.COMPLETED, correct=True, time=start + timedelta(seconds=end),
            latency_s=seconds)
        for n, (end, seconds) in enumerate(ends)
    ]  # fmt: skip
    assert busy_seconds(some) == pytest.approx(19.0)
    assert busy_seconds([]) == 0.0


async def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    one = campaign(tmp_path, "erring:0.4", repeats=3)
    summary = await one.run()
    (run,) = read([tmp_path]).runs
    assert (run.notes, run.format, run.model, run.variant) == ((), "ours", "erring:0.4", "new_tasks")
    assert [row.to_line() for row in run.rows] == (one.folder / "runs.jsonl").read_bytes().splitlines(keepends=True)
    assert run.fingerprints == one.fingerprint == summary["fingerprint"]
    assert {row.fingerprint for row in run.rows} == {one.fingerprint["run"]}
    assert run.elapsed_seconds == summary["elapsed_seconds"]
    assert {(t.task_id, t.attempt) for t in run.traces()} == {(row.task_id, row.attempt) for row in run.rows}


def test_the_published_summary_keys_come_first_and_in_their_order(tmp_path: Path) -> None:
    summary = asyncio.run(campaign(tmp_path).run())
    assert list(summary)[:12] == [
        "model", "total", "completed", "correct", "invalid_action", "limit_reached", "context_limit", "error",
        "no_finish", "task_breakdown", "elapsed_seconds", "accuracy",
    ]  # fmt: skip


def test_a_users_tasks_are_a_variant_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b"".join(orjson.dumps(task.to_json()) + b"\n" for task in SETUP.tasks[:2]))
    one = campaign(tmp_path, setup=Setup(tasks_path=str(path)))
    asyncio.run(one.run())
    assert one.folder == tmp_path / "mine" / "oracle"
    assert read([one.folder]).runs[0].variant == "mine"


@pytest.mark.parametrize("name", ["a/b:c", "..", "../../x", "a\\b", ""])
def test_a_models_name_is_one_folder(name: str) -> None:
    assert Path(folder_name(name)).parts == (folder_name(name),)
    assert not folder_name(name).startswith(".")


def test_a_few_tasks_are_dealt_round_the_families() -> None:
    chosen = spread(Setup().tasks, 20)
    assert len(chosen) == 20
    assert {sum(t.family.slug == slug for t in chosen) for slug in {t.family.slug for t in chosen}} == {2}


async def test_a_folder_that_takes_no_files_is_an_argument_error(tmp_path: Path) -> None:
    one = campaign(tmp_path)
    (one.folder / "config.json").mkdir(parents=True)
    with pytest.raises(ArgumentError, match=r"out: .* cannot be written \(Is a directory\); choose another path"):
        await one.run()
