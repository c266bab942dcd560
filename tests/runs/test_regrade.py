"""Regrading: the same judge says the same; another says what changed and why."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import zstandard

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.runs.campaign import Campaign
from medagentbenchv2.runs.folder import frames
from medagentbenchv2.runs.player import ScriptedPlayer
from medagentbenchv2.runs.regrade import regrade
from medagentbenchv2.setup import Setup

SETUP = Setup(tasks_variant="new_tasks")


async def run(out: Path, agent: str = "oracle") -> Path:
    one = Campaign(SETUP, ScriptedPlayer(agent_of(agent)), out, tuple(SETUP.tasks))
    await one.run()
    return one.folder


def rewrite(folder: Path, **changes: object) -> None:
    """Change the saved traces; None removes a key."""
    path = folder / "traces.jsonl.zst"
    traces = [orjson.loads(zstandard.decompress(frame)) | changes for frame in frames(path.read_bytes())]
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


async def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"config\.json"):
        await regrade(tmp_path)
