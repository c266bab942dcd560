"""Regrading: the same judge says the same; another says what changed and why."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import orjson
import pytest
import zstandard

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.cli import main
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.traces import frames
from medagentbenchv2.runs.campaign import Campaign
from medagentbenchv2.runs.player import ScriptedPlayer
from medagentbenchv2.runs.regrade import regrade, run_folders, untraced
from medagentbenchv2.setup import Setup

SETUP = Setup(tasks_variant="new_tasks")


async def run(out: Path, agent: str = "oracle") -> Path:
    one = Campaign(SETUP, ScriptedPlayer(agent_of(agent)), out, tuple(SETUP.tasks))
    await one.run()
    return one.folder


def rewrite(folder: Path, **changes: object) -> None:
    """Change the saved traces; None removes a key."""
    path = folder / "traces.jsonl.zst"
    traces = [orjson.loads(content) | changes for _, content in frames(path)]
    path.write_bytes(b"".join(zstandard.compress(orjson.dumps(trace)) for trace in traces))


@pytest.mark.parametrize("agent", ["oracle", "null", "silent", "erring:0.5"])
async def test_the_same_judge_says_the_same(agent: str, tmp_path: Path) -> None:
    found = await regrade(await run(tmp_path, agent))
    assert len(found) == 10
    assert not any(one.changed for one in found)


async def test_a_changed_verdict_is_shown_with_its_reason(tmp_path: Path) -> None:
    folder = await run(tmp_path)
    rewrite(folder, writes=[])
    changed = [one for one in await regrade(folder) if one.changed]
    acting = {t.id for t in SETUP.tasks if (await SETUP.world.expectations(t))["strict"].orders}
    assert {one.task_id for one in changed} == acting != set()
    assert all("missing_order" in one.why[0] or "not_discontinued" in one.why[0] for one in changed)


async def test_without_the_ehr_the_saved_expectation_counts(tmp_path: Path) -> None:
    folder = await run(tmp_path)
    config = orjson.loads((folder / "config.json").read_bytes())
    config["setup"]["fhir_api_base"] = "http://example.org/fhir"
    (folder / "config.json").write_bytes(orjson.dumps(config))
    assert [one.after for one in await regrade(folder)] == [1.0] * 10


async def test_another_ehr_than_the_runs_is_not_read(tmp_path: Path) -> None:
    folder = await run(tmp_path)
    assert {one.basis for one in await regrade(folder)} == {"chart"}
    config = orjson.loads((folder / "config.json").read_bytes())
    config["fingerprint_parts"]["ehr"] = "0" * 64
    (folder / "config.json").write_bytes(orjson.dumps(config))
    found = await regrade(folder)
    assert {(one.basis, one.changed) for one in found} == {("saved", False)}


async def test_several_superfluous_orders_are_no_difference(tmp_path: Path) -> None:
    found = await regrade(await run(tmp_path, "brute_force"))
    assert any(sum(check.name == "unasked POST" for check in one.verdict.checks) > 1 for one in found)
    assert not any(one.why for one in found)


async def test_runs_are_found_below_a_tree_and_each_once(tmp_path: Path) -> None:
    folders = [await run(tmp_path / "outputs", agent) for agent in ("oracle", "null")]
    assert sorted(run_folders([tmp_path, folders[0]])) == sorted(folders)
    with pytest.raises(ArgumentError, match="holds no run"):
        run_folders([tmp_path / "nowhere"])


async def test_a_broken_trace_names_its_row(tmp_path: Path) -> None:
    folder = await run(tmp_path)
    rewrite(folder, writes=[{"method": "POST"}])
    with pytest.raises(ArgumentError, match=r"traces\.jsonl\.zst, row 1"):
        await regrade(folder)


def test_the_command_says_for_each_run_what_changed_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folders = [asyncio.run(run(tmp_path, agent)) for agent in ("oracle", "null")]
    rewrite(folders[0], writes=[])

    def typed(*more: str) -> str:
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(sys, "argv", ["medagentbenchv2", "regrade", *map(str, folders), *more])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capfd.readouterr().out

    shown = typed()
    assert f"{folders[0]}: 10 rollouts: 10 were right, " in shown
    assert f"{folders[1]}: 10 rollouts: 0 were right, 0 are; 0 changed" in shown
    assert "missing_order" in shown
    data = orjson.loads(typed("--json"))
    assert len(data) == 20
    assert {row["run"] for row in data} == {str(folder) for folder in folders}
    assert all(row["why"] for row in data if row["before"] != row["after"])


async def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"config\.json"):
        await regrade(tmp_path)


async def test_rows_without_a_trace_are_counted(tmp_path: Path) -> None:
    folder = await run(tmp_path)
    assert untraced(folder, await regrade(folder)) == 0
    path = folder / "traces.jsonl.zst"
    path.write_bytes(b"".join(frame for frame, _ in list(frames(path))[:7]))
    assert untraced(folder, await regrade(folder)) == 3
