"""A campaign as people run it: scripted agents over HTTP, a network that fails, a process that is killed; what the
statistics make of it must be what the agents are.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from medagentbenchv2.agents.behaviours import Erring
from medagentbenchv2.agents.registry import WORTHLESS, agent_of
from medagentbenchv2.results.api import read, report
from medagentbenchv2.results.board import Board, build_board
from medagentbenchv2.results.families import load_families
from medagentbenchv2.results.models import load_cards
from medagentbenchv2.results.page import build_page
from medagentbenchv2.results.rows import Status
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.statistics.bootstrap import Resampling, task_bootstrap
from medagentbenchv2.results.statistics.proportion import wilson
from medagentbenchv2.results.statistics.repeats import pass_hat_k_of
from medagentbenchv2.results.tables import all_tables
from medagentbenchv2.runs.campaign import spread
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import CANARY, Task
from tests.fhir.fault_proxy import Faults, proxied
from tests.runs.hall import open_hall

KEY = "sk-hall-5f1c0e7a9b3d2468"
RATES = ("erring:0.05:1", "erring:0.15:2", "erring:0.3:3", "erring:0.45:4", "erring:0.6:5")
SHARE = 0.0125
"""Of each of four faults: 5 % of all requests."""


@dataclass(frozen=True)
class Size:
    """How much of the campaign is played."""

    tasks: int
    types: tuple[str, ...] | None
    erring: tuple[str, ...]
    repeats: int
    others: tuple[str, ...]


SMALL = Size(20, ("task1", "task8"), (RATES[0], RATES[2], RATES[4]), 2, ("oracle", "null", "copy_prompt"))
WHOLE = Size(300, None, RATES, 4, ("oracle", *WORTHLESS))


@dataclass(frozen=True)
class Done:
    """A campaign that has been played, and what went wrong on the way."""

    size: Size
    out: Path
    tasks: dict[str, Task]
    faults: Faults
    kills: int
    board: Board
    runs: dict[str, Run]


@pytest.fixture(scope="module", params=[SMALL, pytest.param(WHOLE, marks=pytest.mark.soak)], ids=["small", "whole"])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Two commands, several models each, over a bad network; the first is killed twice and resumed."""
    size, home = request.param, tmp_path_factory.mktemp("campaign")
    setup = Setup(task_types=size.types)
    (home / ".env").write_text(f"HALL_KEY={KEY}\n")
    names = (*size.erring, *size.others)
    faults = Faults(dropped=SHARE, cut=SHARE, limited=SHARE, failed=SHARE, seed=11)
    with open_hall(names, setup) as hall, proxied(hall, faults) as url:
        rollouts = size.tasks * size.repeats * len(size.erring)
        erring = command(home, url, "erring", size.erring, size, "--repeats", str(size.repeats))
        kills = sum(kill_at(erring, home, share * rollouts // 10) for share in (2, 6))
        for finish in (erring, command(home, url, "others", size.others, size)):
            last = subprocess.run(finish, cwd=home, capture_output=True, text=True, timeout=1800)
            assert last.returncode == 0, last.stdout[-2000:] + last.stderr[-2000:]
    found = read([home / "outputs"]).runs
    runs = {run.model: run for run in found}
    board = build_board("new_patient_tasks", found, load_cards(), load_families())
    tasks = {task.id: task for task in spread(setup.tasks, size.tasks)}
    return Done(size, home / "outputs", tasks, faults, kills, board, runs)


def command(home: Path, url: str, title: str, names: tuple[str, ...], size: Size, *more: str) -> list[str]:
    config = home / f"{title}.toml"
    entry = f'[[models]]\nmodel = "%s"\nbase_url = "{url}"\napi_key_var = "HALL_KEY"\nmax_retries = 9\n'
    config.write_text("".join(entry % name + "price = { input = 1.0, output = 2.0 }\n" for name in names))
    program = [sys.executable, "-m", "medagentbenchv2", "eval", "--config", str(config), "-n", str(size.tasks)]
    types = ["--task-types", ",".join(size.types)] if size.types else []
    return [*program, *types, "--concurrency", "8", "--out", "outputs", "--resume", *more]


def kill_at(program: list[str], home: Path, rows: int) -> bool:
    """Run until so many rows are on disk, then kill -9."""
    process = subprocess.Popen(program, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while sum(path.read_bytes().count(b"\n") for path in home.glob("outputs/*/*/runs.jsonl")) < rows:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def is_right(name: str, task: Task, attempt: int) -> bool:
    """What an agent is made to score."""
    agent = agent_of(name)
    return not agent.errs(task, attempt - 1) if isinstance(agent, Erring) else name == "oracle"


def test_no_row_is_lost_or_doubled_by_a_kill(done: Done) -> None:
    assert done.kills == 2
    for name, run in done.runs.items():
        repeats = done.size.repeats if name in done.size.erring else 1
        expected = {(task, attempt) for task in done.tasks for attempt in range(1, repeats + 1)}
        lines = (run.source.read_text()).splitlines()
        assert len(lines) == len(expected)
        assert {(row.task_id, row.attempt) for row in run.rows} == expected
        assert sorted((t.task_id, t.attempt) for t in run.traces()) == sorted(expected)


def test_faults_of_the_endpoint_change_no_score(done: Done) -> None:
    assert all(done.faults.committed[name] for name in ("dropped", "cut", "limited", "failed"))
    assert sum(done.faults.committed.values()) > 20 * SHARE * sum(len(run.rows) for run in done.runs.values())
    for name, run in done.runs.items():
        assert {row.status for row in run.rows} <= set(Status) - {Status.ERROR}
        wrong = [r for r in run.rows if r.correct is not is_right(name, done.tasks[r.task_id], r.attempt)]
        assert not wrong, f"{name}: {[(r.task_id, r.attempt, r.status, r.failure) for r in wrong[:5]]}"
    assert any(
        request["retries"] for run in done.runs.values() for t in run.traces() for request in t.extra["requests"]
    )


def test_what_runs_write_is_read_back_without_a_remark(done: Done) -> None:
    assert set(done.runs) == {*done.size.erring, *done.size.others}
    for run in done.runs.values():
        summary = json.loads((run.source.parent / "summary.json").read_text())
        assert run.notes == ()
        assert run.format == "ours"
        assert summary["total"] == summary["planned"] == len(run.rows)
        assert summary["correct"] == sum(row.correct for row in run.rows)
        assert summary["cost"] == pytest.approx((summary["input_tokens"] + 2 * summary["output_tokens"]) / 1e6)
        assert 0 < summary["elapsed_seconds"] <= sum(row.latency_s or 0 for row in run.rows) + 1e-3
    assert len({run.fingerprints["task"] for run in done.runs.values()}) == 1
    assert len({run.fingerprints["run"] for run in done.runs.values()}) == len(done.runs)


def test_the_known_rates_are_within_the_intervals(done: Done) -> None:
    entries = {entry.run.model: entry for entry in done.board.entries}
    further = []
    for name in done.size.erring:
        truth, entry = 1 - float(name.split(":")[1]), entries[name]
        assert entry.interval is not None
        assert "bootstrap" in entry.interval.method
        assert entry.interval.low <= truth <= entry.interval.high, (name, entry.interval)
        strata = [entry.groups[task].key for task in entry.tallies]
        for k in range(1, done.size.repeats + 1):
            first = entry.run.attempt(k)
            once = wilson(sum(row.correct for row in first), len(first))
            power = task_bootstrap([pass_hat_k_of(tally, k) for tally in entry.tallies.values()], strata)
            assert once is not None
            assert power is not None
            further += [once.low <= truth <= once.high, power.low <= truth**k <= power.high]
    # 95 % intervals: of these many a few may miss.
    assert sum(further) >= 0.85 * len(further)


def test_the_agents_are_ranked_as_they_are(done: Done) -> None:
    skill = {name: 1 - float(name.split(":")[1]) if name in done.size.erring else 0.0 for name in done.runs}
    by_label = {entry.label: entry.run.model for entry in done.board.entries}
    ranked = sorted(done.size.erring, key=lambda name: skill[name], reverse=True)
    assert [done.board.ranks[label] for label, model in by_label.items() if model in ranked] == [
        *range(1, len(ranked) + 1)
    ]
    assert [model for model in by_label.values() if model in ranked] == ranked
    assert {done.board.ranks[label] for label, model in by_label.items() if model not in ranked} == {len(ranked) + 1}
    ceiling, floor = done.board.reference("ceiling"), done.board.reference("floor")
    assert ceiling is not None
    assert floor is not None
    assert (ceiling.accuracy, floor.accuracy) == (1, 0)
    for pair in done.board.pairs:
        better, worse = skill[by_label[pair.first]], skill[by_label[pair.second]]
        if pair.differs:
            assert better > worse
        elif done.size is WHOLE:
            assert better == worse == 0.0


def test_every_task_and_every_trace_carries_the_canary(done: Done) -> None:
    shipped = [
        task
        for variant in ("new_tasks", "new_patient_tasks", "test_data_v2")
        for task in Setup(tasks_variant=variant).tasks
    ]
    assert all(task.to_json()["canary"] == CANARY for task in shipped)
    assert all(trace.extra["canary"] == CANARY for run in done.runs.values() for trace in run.traces())


def test_the_key_is_written_nowhere(done: Done) -> None:
    files = [path for path in done.out.rglob("*") if path.is_file()]
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    assert not any(KEY in json.dumps(trace.messages) for run in done.runs.values() for trace in run.traces())


def test_the_report_is_built_from_these_folders(done: Done, tmp_path: Path) -> None:
    tables = all_tables(done.board)
    (ranking,) = [table for table in tables if table.name == "leaderboard"]
    assert all(entry.label in ranking.to_csv() for entry in done.board.entries)
    assert KEY not in build_page(done.board, tables, [])
    if done.size is WHOLE:
        # The plots take their time, and are held to their own tests.
        made = report([done.out], tmp_path / "report")
        assert {"report.html", "report.md", "leaderboard.csv", "pass_k.png"} <= {file.name for file in made.files}
        assert not [file for file in made.files if KEY.encode() in file.read_bytes()]


def test_intervals_of_repeated_attempts_cover_the_truth_as_often_as_they_say() -> None:
    tasks, how = spread(Setup().tasks, 300), Resampling(resamples=2000)
    strata, hits, agents = [task.family.slug for task in tasks], 0, 120
    for seed in range(agents):
        agent = Erring((0.05, 0.15, 0.3, 0.45, 0.6)[seed % 5], 1000 + seed)
        tallies = [(sum(not agent.errs(task, attempt) for attempt in range(4)), 4) for task in tasks]
        found = task_bootstrap([pass_hat_k_of(tally, 1) for tally in tallies], strata, how)
        assert found is not None
        hits += found.low <= 1 - agent.rate <= found.high
    assert 0.90 <= hits / agents <= 0.99
