"""The programs that people run, for real, against scripted agents behind a local OpenAI-compatible endpoint."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medagentbenchv2.results.api import read
from tests.clients.conftest import ROOT

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
@pytest.mark.parametrize("version", ["medarc", "0.1.14", "0.2.1", "0.3.0", "0.3.1"])
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
    assert [row["reward"] for row in rows(tmp_path)] == [reward] * 5


def traces(folder: Path) -> list[dict[str, Any]]:
    """The saved traces of the one v1 run under a folder, one agent each."""
    (saved,) = folder.rglob("traces.jsonl")
    return [trace for line in saved.read_text().splitlines() for trace in json.loads(line)["traces"]]


def v1_eval(program: Path, run: Run, url: str, *more: str) -> None:
    client = ("--client.base-url", url, "--client.api-key-var", "FAKE_KEY")
    run(program, "medagentbenchv2", "-m", "agent", *client, "--no-push", "--no-rich", *more)


@pytest.mark.matrix
@pytest.mark.parametrize(("version", "program"), [("0.3.0", "eval"), ("0.3.1", "eval"), ("0.4.0", "vf-eval")])
@pytest.mark.parametrize(("agent", "reward"), REWARDS)
def test_v1_eval_of_every_version_gives_the_same_rewards(
    version: str,
    program: str,
    agent: str,
    reward: float,
    serve: Callable[..., str],
    stack: Callable[[str], Path],
    run: Run,
    tmp_path: Path,
) -> None:
    types = ("--env.taskset.task-types", "task1", "task8")
    v1_eval(stack(version) / program, run, serve(agent), "-n", "5", "-r", "2", *types)
    found = traces(tmp_path)
    assert [trace["errors"] for trace in found] == [[]] * 10
    assert {trace["rewards"]["medagentbench_reward"]["score"] for trace in found} == {reward}
    assert {trace["metrics"]["strict_reward"] for trace in found} == {reward}
    assert all(trace["ok"] and trace["info"]["success"] == bool(reward) for trace in found)


@pytest.mark.matrix
@pytest.mark.parametrize(("version", "program"), [("0.3.1", "eval"), ("0.4.0", "vf-eval")])
@pytest.mark.parametrize(("agent", "reward"), REWARDS)
def test_a_harness_of_the_framework_works_through_the_shared_toolset(
    version: str,
    program: str,
    agent: str,
    reward: float,
    serve: Callable[..., str],
    stack: Callable[[str], Path],
    run: Run,
    tmp_path: Path,
) -> None:
    v1_eval(stack(version) / program, run, serve(agent), "-n", "3", "--env.agent.harness.id", "null")
    found = traces(tmp_path)
    assert [trace["errors"] for trace in found] == [[]] * 3
    assert [trace["rewards"]["medagentbench_reward"]["score"] for trace in found] == [reward] * 3
    assert {trace["stop_condition"] for trace in found} == {"finished"}


@pytest.mark.matrix
@pytest.mark.parametrize(("version", "program"), [("0.3.1", "validate"), ("0.4.0", "vf-validate")])
def test_v1_validate_finds_every_task_valid(version: str, program: str, stack: Callable[[str], Path], run: Run) -> None:
    done = run(stack(version) / program, "medagentbenchv2", "-n", "3", "--runtime.type", "subprocess", "--no-rich")
    assert '"valid": 3' in done.stdout


@pytest.mark.matrix
def test_load_environment_where_there_is_v1_alone_returns_the_v1_env(stack: Callable[[str], Path], run: Run) -> None:
    code = "import medagentbenchv2 as m; e = m.load_environment(max_turns=5); print(type(e), e.config.agent.max_turns)"
    assert "MedAgentBenchV1Env'> 5" in run(stack("0.4.0") / "python", "-c", code).stdout


@pytest.mark.matrix
def test_prime_since_0_8_sends_local_evaluations_elsewhere(
    serve: Callable[..., str], stack: Callable[[str], Path], run: Run
) -> None:
    prime = [stack("prime-newest") / "prime", "eval", "run", "medagentbenchv2", "-m", "openai/gpt-5-mini"]
    done = run(*prime, "-b", serve("oracle"), "-k", "FAKE_KEY", "-n", "5", ok=False)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert "no longer runs evaluations locally" in said
    assert "vf-eval" in said


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


BENCH = """\
name: oracle
models:
  agent:
    model: agent
    api_base_url: {url}
    api_key_var: FAKE_KEY
jobs:
  - {{model: agent, env: medagentbenchv2}}
"""


@pytest.mark.matrix
def test_medarc_bench_and_process_keep_each_tasks_id_type_and_success(
    serve: Callable[..., str], stack: Callable[[str], Path], run: Run, tmp_path: Path
) -> None:
    (tmp_path / "configs/envs").mkdir(parents=True)
    example = (ROOT / "examples/medarc/medagentbenchv2.yaml").read_text()
    (tmp_path / "configs/envs/medagentbenchv2.yaml").write_text(example.replace("examples: -1", "examples: 5"))
    (tmp_path / "run.yaml").write_text(BENCH.format(url=serve("oracle")))
    medarc = stack("medarc") / "medarc-eval"
    run(medarc, "bench", "-c", "run.yaml", "--no-auto-resume", "--on-complete", "new")
    run(medarc, "process", "--yes", "--max-workers", "1")
    (table,) = tmp_path.rglob("processed/agent/medagentbenchv2.parquet")
    code = f"import pandas; print(pandas.read_parquet({str(table)!r})['extras'].to_json(orient='values'))"
    extras = [json.loads(text) for text in json.loads(run(stack("medarc") / "python", "-c", code).stdout)]
    assert len(extras) == 5
    kept = {"task_id", "task_type", "success", "family", "error"}
    assert all(set(one) == kept and one["success"] is True and one["error"] is None for one in extras)
    (found,) = read([table]).runs
    assert (found.model, found.variant) == ("agent", "new_patient_tasks")
    assert [row.correct for row in found.rows] == [True] * 5


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
