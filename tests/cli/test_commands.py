"""Commands as a user types them: what they print, and how they fail."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from medagentbenchv2.cli import main


@dataclass(frozen=True)
class Done:
    """What a command printed."""

    stdout: str
    stderr: str


Command = Callable[..., Done]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def go(*arguments: str, ok: bool = True) -> Done:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["medagentbenchv2", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        assert (ended.value.code in (0, None)) is ok, out + err
        return Done(out, err)

    return go


def test_the_first_command_that_a_newcomer_types_ends_with_the_oracles_table(command: Command, tmp_path: Path) -> None:
    done = command("eval")
    assert "20/20" in done.stdout
    assert (tmp_path / "outputs/new_patient_tasks/oracle/runs.jsonl").read_text().count("\n") == 20


def test_the_module_runs_as_a_program_and_our_errors_have_no_traceback(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "medagentbenchv2", "tasks", "list", "--variant", "nope"]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("error: tasks_variant: 'nope' is not allowed")


def test_json_prints_data_alone(command: Command) -> None:
    (summary,) = json.loads(command("eval", "--agent", "null", "--json").stdout)
    assert summary["correct"] == 0
    assert summary["completed"] == 20
    assert len(json.loads(command("tasks", "list", "--json").stdout)) == 300


def test_show_prints_prompt_rule_and_what_is_right(command: Command) -> None:
    shown = command("tasks", "show", "task8_3").stdout
    for part in (
        "naloxone_coverage",
        "Instruction",
        "Context",
        "Rule",
        "Right (strict)",
        "Right (published)",
        "answer:",
    ):
        assert part in shown


def test_export_is_read_back_by_tasks_path(command: Command) -> None:
    command("tasks", "export", "--task-types", "task8", "--out", "mine.jsonl")
    done = command("eval", "--tasks-path", "mine.jsonl", "-n", "-1")
    assert "30/30" in done.stdout


def test_several_models_of_a_file_are_run_and_a_dead_endpoint_is_not_scored(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "models.toml"
    config.write_text('[[models]]\nmodel = "m"\nbase_url = "http://127.0.0.1:9/v1"\nmax_retries = 0\n')
    done = command("eval", "--config", "models.toml", "-n", "2", "--variant", "new_tasks", ok=False)
    assert "2 infrastructure errors are not scored" in done.stdout
    assert "2 errors: 127.0.0.1:9: could not be reached" in done.stdout
    summary = json.loads((tmp_path / "outputs/new_tasks/m/summary.json").read_text())
    assert (summary["error"], summary["accuracy"]) == (2, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["eval", "--variant", "nope"], ["tasks_variant", "'nope'", "new_patient_tasks"]),
        (["eval", "--task-types", "task11"], ["task_types", "'task11'"]),
        (["eval", "--tasks-path", "missing.json"], ["tasks_path", "missing.json"]),
        (["eval", "--fhir-api-base", "http://127.0.0.1:9/fhir"], ["fhir_api_base", "ehr serve"]),
        (["eval", "--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--api-key-var", "sk-123"], ["api_key_var"]),
        (["eval", "--base-url", "http://127.0.0.1:9/v1"], ["base_url", "--model"]),
        (["eval", "--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--header", "x"], ["header", "NAME=VALUE"]),
        (["eval", "--config", "missing.toml"], ["config", "missing.toml"]),
        (["eval", "--agent", "orcale"], ["agent", "oracle"]),
        (["eval", "-n", "0"], ["n: 0", "-1 for all"]),
        (["eval", "-n", "-5"], ["n: -5", "-1 for all"]),
        (["eval", "--temperature", "0"], ["temperature", "add --model"]),
        (["eval", "--api-key-var", "sk-123"], ["api_key_var", "add --model"]),
        (["eval", "--config", "models.toml", "--header", "K=sk-123"], ["header", "file of --config"]),
        (["eval", "--model", ""], ["field model", "at least 1 character"]),
        (["eval", "--out", "/proc/nothing"], ["out", "/proc/nothing", "choose another"]),
        (["tasks", "export", "--out", "."], ["out", "'.'", "choose another path"]),
        (["tasks", "export", "--out", "/proc/nothing"], ["out", "/proc/nothing", "choose another path"]),
        (["tasks", "leaks", "--seed", "-1"], ["seed", "-1"]),
        (["tasks", "leaks", "--eval-seed", "0"], ["eval_seed", "0"]),
        (["agent", "traces", "oracle", "-n", "1", "--out", "."], ["out", "choose another path"]),
        (["agent", "traces", "oracle", "-n", "1", "--out", "/proc/x.parquet"], ["out", "choose another path"]),
        (["agent", "serve", "oracle", "--port", "99999"], ["port", "99999", "--port"]),
        (["mcp", "--http", "99999"], ["http", "99999", "--http"]),
        (["report", ".", "--models", ".", "--out", "report"], ["PATH", "'.'", "holds no run"]),
        (["tasks", "show", "task8_99"], ["task_id", "task8_9"]),
    ],
)
def test_bad_input_is_one_clear_line_without_a_traceback(
    arguments: list[str], words: list[str], command: Command
) -> None:
    done = command(*arguments, ok=False)
    assert len(done.stderr.strip().splitlines()) == 1
    assert all(word in done.stderr for word in words)
    assert "sk-123" not in done.stderr + done.stdout


@pytest.mark.parametrize("serving", [("agent", "serve", "oracle", "--port"), ("mcp", "--http")])
def test_a_port_in_use_is_said_before_anything_is_promised(serving: tuple[str, ...], command: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = command(*serving, port, ok=False)
    assert f"cannot listen on 127.0.0.1, port {port}" in done.stderr
    assert "http://" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (["eval", "-n", "-1", "--repeats", "1000", "--out", "runs"], "runs/new_patient_tasks/oracle/runs.jsonl"),
        (["agent", "traces", "oracle", "-n", "1000000", "--out", "chats.jsonl"], "chats.jsonl"),
    ],
)
def test_ctrl_c_ends_a_long_run_at_once_with_130_and_what_was_done_is_kept(
    arguments: list[str], file: str, tmp_path: Path
) -> None:
    program = [sys.executable, "-m", "medagentbenchv2", *arguments]
    with subprocess.Popen(program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not ((tmp_path / file).is_file() and (tmp_path / file).stat().st_size) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in out + err
    assert len([json.loads(line) for line in (tmp_path / file).read_text().splitlines()]) > 0
