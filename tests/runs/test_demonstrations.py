"""Demonstrations: correct, from training worlds alone, and the same conversation in every file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import orjson
import pytest
from typer.testing import CliRunner

from medagentbenchv2.agents.behaviours import Constant, Erring, Oracle
from medagentbenchv2.cli.agent import agent_app
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.runs.demonstrations import Demonstration, demonstrations
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.generated import GENERATED
from medagentbenchv2.tasks.task import CANARY

FEW = ("qtc_management", "patient_age")
SETUP = Setup(tasks_variant=GENERATED, split="train", task_types=FEW)


async def first(agent: Any, number: int, setup: Setup = SETUP, **options: Any) -> list[Demonstration]:
    found: list[Demonstration] = []
    async for demonstration in demonstrations(agent, setup, **options):
        found.append(demonstration)
        if len(found) == number:
            return found
    raise AssertionError("demonstrations end")


async def test_every_demonstration_earns_the_reward_when_its_calls_are_made_again() -> None:
    for demonstration in await first(Oracle(), 25):
        rollout = await SETUP.open(demonstration.task)
        answers = [m["content"] for m in demonstration.messages if m["role"] == "tool"]
        calls = [c["function"] for m in demonstration.messages for c in m.get("tool_calls", ())]
        assert [await rollout.call(call["name"], call["arguments"]) for call in calls] == answers
        assert rollout.verdict("strict").correct


async def test_they_come_from_training_worlds_and_go_on_into_the_next() -> None:
    found = await first(Oracle(), 45)
    assert [d.task.world for d in found] == [1] * 20 + [2] * 20 + [3] * 5
    assert not any(CANARY in json.dumps(d.row("hf")) for d in found)


async def test_after_the_last_world_of_a_seed_the_next_seed_follows() -> None:
    found = await first(Oracle(), 25, first_world=3999)
    assert [(d.seed, d.task.world) for d in found] == [(0, 3999)] * 20 + [(1, 1)] * 5


@pytest.mark.parametrize("world", [0, 4000, -1])
async def test_evaluation_worlds_are_refused(world: int) -> None:
    with pytest.raises(ArgumentError, match="first_world"):
        await first(Oracle(), 1, first_world=world)


async def test_wrong_rollouts_are_left_out() -> None:
    right = {d.task.id for d in await first(Erring(0.5), 10)}
    everything = [d.task.id for d in await first(Oracle(), 40)]
    assert right < set(everything)
    assert right != set(everything[:10])


async def test_an_agent_that_solves_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medagentbenchv2.runs.demonstrations.PATIENCE", 20)
    with pytest.raises(ArgumentError, match="got 20 tasks in a row wrong"):
        await first(Constant("null"), 1)


def written(tmp_path: Path, name: str, *options: str) -> Path:
    path = tmp_path / name
    command = ["traces", "oracle", "--out", str(path), "-n", "24", "--task-types", ",".join(FEW), *options]
    done = CliRunner().invoke(agent_app, command)
    assert done.exit_code == 0, done.output
    return path


@pytest.mark.parametrize("style", ["openai", "hf"])
def test_parquet_and_json_lines_hold_the_same_conversations(tmp_path: Path, style: str) -> None:
    lines = written(tmp_path, "a.jsonl", "--style", style).read_bytes().splitlines()
    table = datasets.Dataset.from_parquet(str(written(tmp_path, "a.parquet", "--style", style)), cache_dir=tmp_path)
    assert len(lines) == len(table) == 24
    for line, row in zip(lines, table, strict=True):
        told = orjson.loads(line)
        assert [_full(message) for message in told["messages"]] == [_full(message) for message in row["messages"]]
        assert _parsed(row["tools"]) == told["tools"]
        assert {name: row[name] for name in told if name not in ("messages", "tools")} == {
            name: value for name, value in told.items() if name not in ("messages", "tools")
        }


def _parsed(value: Any) -> Any:
    """A JSON column: objects where this `datasets` knows the type, else their text."""
    return orjson.loads(value) if isinstance(value, str) else value


def _full(message: dict[str, Any]) -> dict[str, Any]:
    """Without what is absent, and arguments as objects."""
    calls = [
        {**call, "function": {"name": call["function"]["name"], "arguments": _parsed(call["function"]["arguments"])}}
        for call in message.get("tool_calls") or ()
    ]
    kept = {name: value for name, value in message.items() if value is not None and name != "tool_calls"}
    return kept | ({"tool_calls": calls} if calls else {})


def test_the_openai_form_is_what_fine_tuning_takes(tmp_path: Path) -> None:
    for line in written(tmp_path, "a.jsonl").read_bytes().splitlines():
        row = orjson.loads(line)
        assert set(row) == {"messages", "tools"}
        assert [m["role"] for m in row["messages"][:3]] == ["system", "user", "assistant"]
        offered = {tool["function"]["name"] for tool in row["tools"]}
        open_calls: set[str] = set()
        for message in row["messages"]:
            for call in message.get("tool_calls", ()):
                assert call["function"]["name"] in offered
                assert isinstance(orjson.loads(call["function"]["arguments"]), dict)
                open_calls.add(call["id"])
            if message["role"] == "tool":
                open_calls.remove(message["tool_call_id"])
        assert not open_calls


def test_the_command_refuses_world_0_and_unknown_forms(tmp_path: Path) -> None:
    out = ["traces", "oracle", "--out", str(tmp_path / "a.jsonl")]
    for options, said in (
        (["--first-world", "0"], "world 0 is the public evaluation world"),
        (["--style", "sharegpt"], "style: 'sharegpt'"),
        (["--format", "csv"], "format: 'csv'"),
    ):
        done = CliRunner().invoke(agent_app, [*out, *options])
        assert isinstance(done.exception, ArgumentError)
        assert said in str(done.exception)
