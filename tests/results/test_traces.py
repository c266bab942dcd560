"""Saved traces: one zstd frame per rollout."""

from __future__ import annotations

import random
from pathlib import Path

import orjson
import pytest
import zstandard

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.traces import read_traces
from tests.results.made import row, trace


def _frames(*values: object) -> list[bytes]:
    return [zstandard.ZstdCompressor().compress(orjson.dumps(value) + b"\n") for value in values]


def _traces(count: int) -> list[dict[str, object]]:
    return [trace(row(f"task1_{k}"), random.Random(k), result_size=200) for k in range(count)]


def test_each_frame_is_one_trace_and_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl.zst"
    path.write_bytes(b"".join(_frames(*_traces(3))))
    found = list(read_traces(path))
    assert [t.task_id for t in found] == ["task1_0", "task1_1", "task1_2"]
    assert found[2].where == "traces.jsonl.zst, row 3"
    assert found[0].patient == "S0000010"


def test_keys_that_nobody_knows_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl.zst"
    path.write_bytes(_frames({"task_id": "task1_1", "weather": "fine"})[0])
    (found,) = read_traces(path)
    assert found.extra == {"weather": "fine"}
    assert found.messages == []


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_frame_cut_short_by_a_kill_costs_only_itself(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "traces.jsonl.zst"
    first, second = _frames(*_traces(2))
    path.write_bytes(first + second[:-cut])
    assert [t.task_id for t in read_traces(path)] == ["task1_0"]


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl.zst"
    path.write_bytes(b"not zstd at all, but long enough to be looked at")
    with pytest.raises(ArgumentError, match=r"traces\.jsonl\.zst.*broken"):
        list(read_traces(path))


def test_a_trace_of_no_task_is_refused_by_row(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl.zst"
    path.write_bytes(b"".join(_frames({"task_id": "task1_1"}, {"attempt": 1})))
    with pytest.raises(ArgumentError, match=r"row 2, field task_id"):
        list(read_traces(path))
