"""traces.jsonl of verifiers v1, written by its own models where they are installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.api import read
from medagentbenchv2.results.rows import Status
from medagentbenchv2.results.run import Run


def node(parent: int | None, sampled: bool = False, **message: Any) -> dict[str, Any]:
    return {"parent": parent, "sampled": sampled, "message": message}


def episode(task: str = "task1_1", **trace: Any) -> dict[str, Any]:
    """One episode of one agent that looked, then finished."""
    call = {"id": "c1", "type": "function", "name": "finish", "arguments": '{"value": [1]}'}
    nodes = [
        node(None, role="user", content="q"),
        node(0, True, role="assistant", content="an abandoned branch"),
        node(0, True, role="assistant", content=None, tool_calls=[call]),
        node(2, role="tool", tool_call_id="c1", content="done"),
    ]
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "cached_input_tokens": 20, "cost": 0.5}
    task_data = {"type": "Task", "data": {"task_id": task, "family": "ct_followup"}, "key": task}
    base = {
        "task": task_data, "nodes": nodes, "calls": [{"node": 2, "model": "org/m", "usage": usage}], "ok": True,
        "rewards": {"medagentbench_reward": {"score": 1.0, "weight": 1.0}}, "metrics": {"strict_reward": 1.0},
        "info": {},
        "stop_condition": None, "errors": [], "timing": {"agent": {"start": 1795206173.0, "end": 1795206175.5}},
    }  # fmt: skip
    return {"id": "e", "env": {"id": "x"}, "task": task_data, "ok": True, "errors": [], "traces": [{**base, **trace}]}


def read_episodes(folder: Path, *episodes: dict[str, Any]) -> Run:
    place = folder / "medagentbenchv2--other--harness--1234abcd"
    place.mkdir()
    (place / "traces.jsonl").write_text("".join(json.dumps(value) + "\n" for value in episodes))
    return read([folder]).runs[0]


def test_an_episode_becomes_a_rollout(tmp_path: Path) -> None:
    run = read_episodes(tmp_path, episode())
    (row,) = run.rows
    assert (run.model, run.format, run.variant) == ("org/m", "verifiers-v1", "new_patient_tasks")
    assert (row.task_id, row.family, row.status, row.correct, row.result) == (
        "task1_1",
        "ct_followup",
        Status.COMPLETED,
        True,
        [1],
    )
    assert (row.input_tokens, row.cached_tokens, row.output_tokens, row.cost, row.latency_s) == (120, 20, 7, 0.5, 2.5)


def test_the_messages_are_those_of_the_last_branch(tmp_path: Path) -> None:
    (trace,) = read_episodes(tmp_path, episode()).traces()
    assert [message["role"] for message in trace.messages] == ["user", "assistant", "tool"]
    assert trace.messages[1]["tool_calls"][0]["function"]["name"] == "finish"


def test_episodes_of_one_task_are_its_attempts(tmp_path: Path) -> None:
    run = read_episodes(tmp_path, episode(), episode("task1_2"), episode(rewards={"r": {"score": 0.0}}))
    assert [(r.index, r.task_id, r.attempt, r.correct) for r in run.rows] == [
        (0, "task1_1", 1, True), (1, "task1_2", 1, True), (0, "task1_1", 2, False),
    ]  # fmt: skip


def test_an_errored_episode_is_infrastructure_with_its_message(tmp_path: Path) -> None:
    errors = [{"type": "ProviderError", "message": "503"}]
    (row,) = read_episodes(tmp_path, episode(ok=False, errors=errors, rewards={})).rows
    assert row.status is Status.ERROR
    assert row.failure is not None
    assert row.failure.detail == "ProviderError: 503"


def test_an_episode_without_a_trace_is_infrastructure(tmp_path: Path) -> None:
    (row,) = read_episodes(
        tmp_path, {**episode(), "traces": [], "ok": False, "errors": [{"type": "E", "message": "x"}]}
    ).rows
    assert row.status is Status.ERROR


def test_a_bad_reward_is_named_by_file_line_and_field(tmp_path: Path) -> None:
    bad = episode(
        timing={"agent": {"start": 9.0, "end": 3.0}}, calls=[{"usage": {"prompt_tokens": -5, "completion_tokens": 1}}]
    )
    with pytest.raises(ArgumentError, match=r"traces\.jsonl, line 2, field input_tokens"):
        read_episodes(tmp_path, episode(), bad)


def test_what_verifiers_itself_writes_is_read(tmp_path: Path) -> None:
    v1 = pytest.importorskip("verifiers.v1", reason="this verifiers has no v1")
    trace_module = pytest.importorskip("verifiers.v1.trace", reason="this verifiers has no v1 traces")
    episode_module = pytest.importorskip("verifiers.v1.episode", reason="this verifiers has no v1 episodes")
    written = episode()["traces"][0]
    parts = {"task": written["task"], "nodes": written["nodes"], "rewards": written["rewards"], "ok": True}
    wire = trace_module.WireTrace.model_validate({**parts, "agent": {"config": {}}})
    whole = episode_module.WireEpisode(task=wire.task, traces=[wire], ok=True)
    (row,) = read_episodes(tmp_path, whole.to_record()).rows
    assert v1 is not None
    assert (row.task_id, row.status, row.correct, row.num_turns) == ("task1_1", Status.COMPLETED, True, 2)
