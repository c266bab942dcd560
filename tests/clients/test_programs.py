"""The programs that people run, for real, against scripted agents behind a local OpenAI-compatible endpoint."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
HERE = Path(sys.executable).parent
REWARDS = [("oracle", 1.0), ("null", 0.0)]


def rows(folder: Path) -> list[dict[str, Any]]:
    """The saved rows of the one run under a folder."""
    (results,) = folder.rglob("results.jsonl")
    return [json.loads(line) for line in results.read_text().splitlines()]


def rewards(folder: Path) -> set[float]:
    return {row["reward"] for row in rows(folder)}


def vf_eval(folder: Path, run: Run, url: str, *more: str) -> None:
    run(folder / "vf-eval", "medagentbenchv2", "-m", "agent", "-b", url, "-k", "FAKE_KEY", "-s", *more)


@pytest.mark.parametrize(("agent", "reward"), REWARDS)
def test_vf_eval_pays_the_oracle_and_not_the_null_agent(
    agent: str, reward: float, serve: Callable[..., str], run: Run, tmp_path: Path
) -> None:
    vf_eval(HERE, run, serve(agent), "-n", "5", "-r", "2")
    assert len(rows(tmp_path)) == 10
    assert rewards(tmp_path) == {reward}
    assert all(row["medagentbench_reward"] == row["strict_reward"] == reward for row in rows(tmp_path))


@pytest.mark.matrix
@pytest.mark.parametrize("version", ["0.1.14", "0.2.1", "0.3.1"])
@pytest.mark.parametrize(("agent", "reward"), REWARDS)
def test_vf_eval_of_every_version_gives_the_same_rewards(
    version: str,
    agent: str,
    reward: float,
    serve: Callable[..., str],
    stack: Callable[[str], Path],
    run: Run,
    tmp_path: Path,
) -> None:
    vf_eval(
        stack(version), run, serve(agent), "-n", "5", "-r", "1", "-a", json.dumps({"task_types": ["task1", "task8"]})
    )
    assert rewards(tmp_path) == {reward}


@pytest.mark.matrix
@pytest.mark.sample
@pytest.mark.parametrize(("agent", "reward"), REWARDS)
def test_prime_eval_run_as_documented(
    agent: str, reward: float, serve: Callable[..., str], stack: Callable[[str], Path], run: Run, tmp_path: Path
) -> None:
    arguments = json.dumps({"task_types": ["task1"]})
    prime = [stack("prime") / "prime", "eval", "run", "medagentbenchv2", "-m", "openai/gpt-5-mini"]
    run(*prime, "-b", serve(agent), "-k", "FAKE_KEY", "-n", "5", "-s", "-a", arguments)
    found = rows(tmp_path)
    assert {row["reward"] for row in found} == {reward}
    assert {
        json.loads(r["info"])["task_type"] if isinstance(r["info"], str) else r["info"]["task_type"] for r in found
    } == {"task1"}


@pytest.mark.matrix
@pytest.mark.sample
@pytest.mark.parametrize(("agent", "reward"), REWARDS)
def test_medarc_eval_as_documented(
    agent: str, reward: float, serve: Callable[..., str], stack: Callable[[str], Path], run: Run, tmp_path: Path
) -> None:
    medarc = [stack("medarc") / "medarc-eval", "medagentbenchv2", "-m", "openai/gpt-5-mini"]
    run(
        *medarc, "-b", serve(agent), "-k", "FAKE_KEY", "-n", "5", "-s", "--task-types", "task1", "--task-types", "task2"
    )
    assert rewards(tmp_path) == {reward}


@pytest.mark.matrix
@pytest.mark.sample
def test_the_documented_commands_with_a_server_reach_the_preflight(stack: Callable[[str], Path], run: Run) -> None:
    nowhere = "http://localhost:9/fhir/"
    prime = [stack("prime") / "prime", "eval", "run", "medagentbenchv2", "-m", "openai/gpt-5-mini", "-b"]
    done = run(
        *prime,
        "http://localhost:9/v1",
        "-k",
        "FAKE_KEY",
        "-n",
        "5",
        "-s",
        "-a",
        json.dumps({"fhir_api_base": nowhere}),
        ok=False,
    )
    assert "fhir_api_base: nothing answers" in done.stdout + done.stderr
    medarc = [stack("medarc") / "medarc-eval", "medagentbenchv2", "-m", "openai/gpt-5-mini", "-b"]
    types = ["--task-types", "task1", "--task-types", "task2"]
    done = run(
        *medarc,
        "http://localhost:9/v1",
        "-k",
        "FAKE_KEY",
        "-n",
        "5",
        "-s",
        "--fhir-api-base",
        nowhere,
        *types,
        ok=False,
    )
    assert "fhir_api_base: nothing answers" in done.stdout + done.stderr
