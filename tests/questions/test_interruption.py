"""A run that is killed loses what was under way and nothing else; a key in .env is used and never shown."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.model_server import ModelServer, Reply, serving
from tests.questions.asking import numbered, rows, write_questions

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from medagentbenchv2.cli.ask import ask_app; ask_app()", "run"]
KEY = "sk-only-in-dotenv-42"


def command(folder: Path, server: ModelServer, *more: str) -> list[str]:
    """`ask run` of the folder's questions to one model of the server."""
    where = ["--questions", "questions.jsonl", "--base-url", server.base_url, "--model", "org/model"]
    return [*COMMAND, *where, *more]


def environment() -> dict[str, str]:
    """Ours, with the package to be found and without the key."""
    return {name: value for name, value in os.environ.items() if name != "MY_KEY"} | {"PYTHONPATH": str(ROOT)}


def test_a_killed_run_goes_on_without_a_lost_or_a_doubled_answer(tmp_path: Path) -> None:
    asked = [f"question {n}" for n in range(60)]
    write_questions(tmp_path / "questions.jsonl", asked)
    answers = tmp_path / "answers/org_model/answers.jsonl"
    with serving(lambda r: Reply(f"About {r.question}", latency_s=0.1)) as server:
        run = subprocess.Popen(command(tmp_path, server), cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not answers.exists() or answers.read_bytes().count(b"\n") < 10:
            assert time.monotonic() < deadline
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
        run.wait()
        kept = {row["question_key"] for row in rows(tmp_path)}
        before = len(server.requests)
        assert 10 <= len(kept) < 60
        again = subprocess.run(
            command(tmp_path, server), cwd=tmp_path, env=environment(), check=False, capture_output=True
        )
    assert again.returncode == 0
    assert len(server.requests) - before == 60 - len(kept)
    keys = [row["question_key"] for row in rows(tmp_path)]
    assert len(keys) == len(set(keys)) == 60
    assert numbered(tmp_path) == {f"{n}.txt": f"About {text}\n" for n, text in enumerate(asked, 1)}


def test_a_key_in_dotenv_is_sent_and_neither_printed_nor_written(tmp_path: Path) -> None:
    write_questions(tmp_path / "questions.jsonl", ["a", "b"])
    (tmp_path / ".env").write_text(f"MY_KEY={KEY}\n", encoding="utf-8")
    echo_key = Reply(status=400, body={"error": {"message": f"bad request by {KEY}"}})
    with serving(lambda r: echo_key if r.question == "b" else Reply("fine")) as server:
        line = command(tmp_path, server, "--api-key-var", "MY_KEY")
        ended = subprocess.run(line, cwd=tmp_path, env=environment(), check=False, capture_output=True)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert ended.returncode == 1
    written = [path.read_bytes() for path in (tmp_path / "answers").rglob("*") if path.is_file()]
    assert KEY.encode() not in b"".join([ended.stdout, ended.stderr, *written])
