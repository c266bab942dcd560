"""A model that really generates, and badly: garbage, endless text and half tool calls meet every face, and each rollout
ends in a clean status, unscored where the server gave up and 0.0 otherwise.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import ROOT
from tests.clients.test_programs import rows, traces

pytestmark = pytest.mark.torch
Run = Callable[..., subprocess.CompletedProcess[str]]
HERE = Path(sys.executable).parent
TASKS, TURNS, TOKENS = 4, 3, 40


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The server's address, and the model's id."""
    needed = "needs pip install torch==2.13.0, then 'transformers[serving]'"
    for name in ("torch", "transformers", "fastapi"):
        pytest.importorskip(name, reason=needed)
    if not (HERE / "transformers").exists():
        pytest.skip(needed)
    from tests.clients.generative import make_model, served

    folder = tmp_path_factory.mktemp("model")
    make_model(folder)
    with served(folder) as url:
        yield url, str(folder)


def refuse_tracebacks(done: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("protocol", ["tools", "text"])
def test_our_own_eval_ends_every_rollout_in_a_clean_status(
    protocol: str, model: tuple[str, str], run: Run, tmp_path: Path
) -> None:
    url, name = model
    (tmp_path / "models.toml").write_text(
        f'[[models]]\nmodel = "{name}"\nname = "tiny"\nbase_url = "{url}"\nmax_retries = 0\n'
        f"sampling = {{ max_tokens = {TOKENS} }}\n"
    )
    limits = ("-n", str(TASKS), "--max-turns", str(TURNS), "--concurrency", "2", "--protocol", protocol)
    done = run(HERE / "python", "-m", "medagentbenchv2", "eval", "--config", "models.toml", *limits, ok=False)
    refuse_tracebacks(done)
    (saved,) = tmp_path.rglob("runs.jsonl")
    found = [json.loads(line) for line in saved.read_text().splitlines()]
    assert len(found) == TASKS
    assert done.returncode == int(any(row["status"] == "error" for row in found))
    for row in found:
        assert row["reward"] == (None if row["status"] == "error" else 0.0), row
        assert row["failure"]["level1"] == ("infrastructure" if row["status"] == "error" else row["failure"]["level1"])
        assert row["status"] != "completed" or row["result"] is not None
    assert any(row["status"] != "error" for row in found)


@pytest.mark.parametrize("protocol", ["tools", "text"])
def test_vf_eval_pays_nothing_and_finishes(protocol: str, model: tuple[str, str], run: Run, tmp_path: Path) -> None:
    url, name = model
    arguments = json.dumps({"protocol": protocol, "max_turns": TURNS})
    limits = ("-n", str(TASKS), "-r", "1", "-c", "2", "-t", str(TOKENS), "-s", "-a", arguments)
    done = run(HERE / "vf-eval", "medagentbenchv2", "-m", name, "-b", url, "-k", "FAKE_KEY", *limits)
    assert "AssertionError" not in done.stdout + done.stderr
    found = rows(tmp_path)
    assert len(found) == TASKS
    assert {row["reward"] for row in found} == {0.0}
    assert all(row["error"] is not None or row["stop_condition"] for row in found)


def test_v1_eval_pays_nothing_and_finishes(model: tuple[str, str], run: Run, tmp_path: Path) -> None:
    url, name = model
    client = ("--client.base-url", url, "--client.api-key-var", "FAKE_KEY", "--no-push", "--no-rich")
    limits = ("-n", str(TASKS), "-r", "1", "--env.agent.max-turns", str(TURNS))
    run(HERE / "eval", "medagentbenchv2", "-m", name, *client, *limits)
    found = traces(tmp_path)
    assert len(found) == TASKS
    for trace in found:
        rewards = [reward["score"] for reward in trace["rewards"].values()]
        assert set(rewards) <= {0.0}
        assert trace["errors"] or trace["info"]["verdict"]["failure"], trace


def test_the_plain_loop_of_the_examples_finishes_or_says_what_the_server_said(model: tuple[str, str], run: Run) -> None:
    url, name = model
    done = run(HERE / "python", ROOT / "examples/rollouts.py", "--base-url", url, "--model", name, "-n", "2", ok=False)
    said = done.stdout + done.stderr
    # The example has no retries: what the server refuses (broken arguments in the conversation) ends it.
    assert "mean reward 0.000" in said if done.returncode == 0 else "openai.InternalServerError" in said


def test_the_model_says_calls_text_and_halves_of_both(model: tuple[str, str]) -> None:
    """What the other tests rest on: it is a bad model of the right kind."""
    from medagentbenchv2.setup import Setup
    from medagentbenchv2.tools.registry import openai_tools
    from tests.clients.generative import ask

    url, name = model
    setup: Any = Setup()
    prompt = {"messages": setup.messages(setup.tasks[0]), "tools": openai_tools(), "max_tokens": TOKENS}
    said = [ask(url, Path(name), seed=seed, **prompt)["choices"][0] for seed in range(16)]
    assert {"tool_calls"} < {one["finish_reason"] for one in said}
    assert any(one["message"].get("content") for one in said)
