"""The frameworks' own worker pools: every rollout paid, the same results for any number of workers, one file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import ROOT
from tests.clients.mapped_by import watching

pytestmark = [
    pytest.mark.matrix,
    pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="the kernel tells who maps a file on Linux alone"),
]
Run = Callable[..., subprocess.CompletedProcess[str]]
NUMBER = 40
TRAINING = {"tasks_variant": "generated", "split": "train", "num_train_tasks": NUMBER}
SERVED = ("--variant", "generated", "--split", "train", "--num-train-tasks", str(NUMBER))
"""The scripted agent's arguments for the same tasks: two of each family, all in training world 1."""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., str]) -> Path:
    """A machine on which no world was made yet."""
    serve("oracle", *SERVED)  # begins before the folder is named, so that it maps nothing of it
    monkeypatch.setenv("MEDAGENTBENCHV2_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def programs(stack: Callable[[str], Path]) -> Callable[[str], Path]:
    """The folder of a version's programs; "installed" is the version that runs the tests."""
    return lambda version: Path(sys.executable).parent if version == "installed" else stack(version)


def shared_by(workers: int, cache: Path, program: Callable[[], list[Any]]) -> list[Any]:
    """What a program with so many workers finds; all must have mapped one file of the world, and none a copy."""
    with watching(cache) as watch:
        found = program()
    (made,) = (cache / "worlds").glob("*.map")
    sights = watch.of(made.name)
    assert len({sight.process for sight in sights}) == 1 + workers, "the program itself and its workers"
    assert {sight.inode for sight in sights} == {made.stat().st_ino}, "somebody made the world again"
    assert not any(sight.deleted for sight in sights)
    assert {sight.kib["Anonymous"] for sight in sights} == {0}, "pages of its own"
    assert min(sight.kib["Pss"] / sight.kib["Rss"] for sight in sights) < 0.75, "its pages were never shared"
    return found


def vf_eval(folder: Path, run: Run, url: str, workers: int, outputs: Path) -> list[dict[str, Any]]:
    """The saved rows in the tasks' order, without what a clock or a run's id decides."""
    command = [folder / "vf-eval", "medagentbenchv2", "-m", "agent", "-b", url, "-k", "FAKE_KEY", "-s"]
    run(*command, "-n", str(NUMBER), "-r", "1", "-a", json.dumps(TRAINING), "--num-workers", str(workers))
    (results,) = outputs.rglob("results.jsonl")
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    results.unlink()
    kept = ("example_id", "prompt", "completion", "info", "reward", "medagentbench_reward", "tool_calls", "writes")
    return sorted(({name: row[name] for name in kept} for row in rows), key=lambda row: int(row["example_id"]))


@pytest.mark.parametrize("version", [pytest.param("installed", marks=pytest.mark.sample), "0.1.14", "0.2.1"])
def test_vf_eval_finds_the_same_with_one_worker_and_with_two(
    version: str, serve: Callable[..., str], programs: Callable[[str], Path], run: Run, cache: Path, tmp_path: Path
) -> None:
    pytest.importorskip("verifiers.legacy", reason="this verifiers has v1 alone") if version == "installed" else None
    url = serve("oracle", *SERVED)
    two, one = (shared_by(n, cache, lambda n=n: vf_eval(programs(version), run, url, n, tmp_path)) for n in (2, 1))
    assert two == one
    assert [row["reward"] for row in two] == [1.0] * NUMBER


def served(folder: Path, run: Run, url: str, workers: int, outputs: Path) -> list[dict[str, Any]]:
    """The rows of the example, which asks a pool of workers as prime-rl does."""
    out = outputs / "rows.jsonl"
    command = [folder / "python", ROOT / "examples/train_prime_rl/serve.py", "--base-url", url, "--out", out]
    run(*command, "--number", str(NUMBER), "--workers", str(workers))
    return [json.loads(line) for line in out.read_text().splitlines()]


@pytest.mark.parametrize("version", [pytest.param("installed", marks=pytest.mark.sample), "0.4.0"])
def test_prime_rls_way_finds_the_same_with_one_worker_and_with_two(
    version: str, serve: Callable[..., str], programs: Callable[[str], Path], run: Run, cache: Path, tmp_path: Path
) -> None:
    pytest.importorskip("verifiers.v1.serve", reason="this verifiers has no v1") if version == "installed" else None
    url = serve("oracle", *SERVED)
    two, one = (shared_by(n, cache, lambda n=n: served(programs(version), run, url, n, tmp_path)) for n in (2, 1))
    assert two == one
    assert [(row["reward"], row["info"]["success"]) for row in two] == [(1.0, True)] * NUMBER
    assert len({row["task"] for row in two}) == NUMBER
