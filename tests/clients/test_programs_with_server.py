"""The documented commands with a FHIR server, for real: `ehr serve` on its default port, scripted agents as models."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
FHIR_API_BASE = "http://localhost:8080/fhir/"
HERE = Path(sys.executable).parent
REWARDS = [("oracle", 1.0), ("null", 0.0)]


@pytest.fixture(scope="module")
def fhir_api_base() -> Iterator[str]:
    """`medagentbenchv2 ehr serve`, as documented: no options, so the published image's own address."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 8080)) == 0:
            pytest.skip("something else listens on port 8080")
    command = [sys.executable, "-m", "medagentbenchv2", "ehr", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "http://127.0.0.1:8080/fhir/" in process.stdout.readline()
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{FHIR_API_BASE}metadata", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield FHIR_API_BASE
        process.terminate()


def rows(folder: Path) -> list[dict[str, Any]]:
    """The saved rows of the one run under a folder."""
    (results,) = folder.rglob("results.jsonl")
    return [json.loads(line) for line in results.read_text().splitlines()]


def writes() -> int:
    """How many records the server's default session has been given."""
    with urllib.request.urlopen("http://127.0.0.1:8080/session/default") as answer:
        return int(json.load(answer)["writes"])


@pytest.mark.matrix
@pytest.mark.sample
@pytest.mark.parametrize(("agent", "reward"), REWARDS)
def test_prime_eval_run_over_a_server_as_documented(
    agent: str,
    reward: float,
    fhir_api_base: str,
    serve: Callable[..., str],
    stack: Callable[[str], Path],
    run: Run,
    tmp_path: Path,
) -> None:
    arguments = json.dumps({"fhir_api_base": fhir_api_base})
    prime = [stack("prime") / "prime", "eval", "run", "medagentbenchv2", "-m", "openai/gpt-5-mini"]
    run(*prime, "-b", serve(agent), "-k", "FAKE_KEY", "-n", "5", "-s", "-a", arguments)
    assert [row["reward"] for row in rows(tmp_path)] == [reward] * len(rows(tmp_path))
    assert len(rows(tmp_path)) >= 5
    assert writes() == 0


@pytest.mark.matrix
@pytest.mark.sample
@pytest.mark.parametrize(("agent", "reward"), REWARDS)
def test_medarc_eval_over_a_server_as_documented(
    agent: str,
    reward: float,
    fhir_api_base: str,
    serve: Callable[..., str],
    stack: Callable[[str], Path],
    run: Run,
    tmp_path: Path,
) -> None:
    medarc = [stack("medarc") / "medarc-eval", "medagentbenchv2", "-m", "openai/gpt-5-mini"]
    types = ["--task-types", "task1", "--task-types", "task2"]
    run(*medarc, "-b", serve(agent), "-k", "FAKE_KEY", "-n", "5", "-s", "--fhir-api-base", fhir_api_base, *types)
    assert [row["reward"] for row in rows(tmp_path)] == [reward] * len(rows(tmp_path))
    assert len(rows(tmp_path)) >= 5
    assert writes() == 0


@pytest.mark.matrix
def test_our_own_eval_over_a_server(fhir_api_base: str, run: Run) -> None:
    done = run(HERE / "python", "-m", "medagentbenchv2", "eval", "-n", "20", "--fhir-api-base", fhir_api_base)
    assert "Unclosed" not in done.stderr
    assert writes() == 0


@pytest.mark.matrix
def test_vf_eval_over_a_server(fhir_api_base: str, serve: Callable[..., str], run: Run, tmp_path: Path) -> None:
    command = [HERE / "vf-eval", "medagentbenchv2", "-m", "agent", "-b", serve("oracle"), "-k", "FAKE_KEY", "-s"]
    run(*command, "-n", "10", "-r", "2", "-a", json.dumps({"fhir_api_base": fhir_api_base}))
    assert [row["reward"] for row in rows(tmp_path)] == [1.0] * 20
