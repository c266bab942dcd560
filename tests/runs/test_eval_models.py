"""`eval` over endpoints: what is refused, retried, counted, and never written down."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock, Timeout

from medagentbenchv2.cli import main
from medagentbenchv2.results.api import read
from tests.model_server import Reply, Request, Script, serving

KEY = "sk-campaign-0123456789abcdef"
HEADER = "team-secret-9876543210"


@dataclass(frozen=True)
class Ended:
    """How a command ended, what it printed, what reached the endpoint and what it wrote."""

    status: int
    stdout: str
    stderr: str
    requests: list[Request]
    out: Path

    def rows(self, model: str = "m") -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.out / model / "runs.jsonl").read_text().splitlines()]

    def json(self, name: str, model: str = "m") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / model / name).read_text())
        return found


Evaluate = Callable[..., Ended]


@pytest.fixture
def evaluate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Evaluate:
    """Run `eval` on two tasks (or as told) against a script; `models` are lines of TOML, one model each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")
    (tmp_path / ".env").write_text(f"CAMPAIGN_KEY={KEY}\nTEAM={HEADER}\n")

    def go(script: Script, *more: str, models: tuple[str, ...] = ('model = "m"',)) -> Ended:
        with serving(script) as server:
            entry = f'[[models]]\nbase_url = "{server.base_url}"\napi_key_var = "CAMPAIGN_KEY"\n'
            (tmp_path / "models.toml").write_text("\n".join(f"{entry}{model}\n" for model in models))
            line = ["eval", "--config", "models.toml", "--variant", "new_tasks", "-n", "2", "--concurrency", "1", *more]
            monkeypatch.setattr(sys, "argv", ["medagentbenchv2", *line])
            capfd.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
            out, err = capfd.readouterr()
            return Ended(int(ended.value.code or 0), out, err, server.requests, tmp_path / "outputs" / "new_tasks")

    return go


def silent(_: Request) -> Reply:
    return Reply("I am done.")


def refusing(**stated: object) -> Script:
    return lambda _: Reply(status=400, body={"error": {"message": "no", **stated}})


def test_a_refused_key_ends_one_model_in_one_line_and_the_others_go_on(evaluate: Evaluate) -> None:
    def script(request: Request) -> Reply:
        script.asked += 1  # type: ignore[attr-defined]
        return Reply(status=401) if request.model == "bad" and script.asked > 1 else Reply("done")  # type: ignore[attr-defined]

    script.asked = 0  # type: ignore[attr-defined]
    done = evaluate(script, models=('model = "bad"', 'model = "good"'))
    assert done.status == 1
    (line,) = [line for line in done.stderr.splitlines() if line.strip()]
    assert "bad" in line
    assert "401: the key was refused (CAMPAIGN_KEY)" in line
    assert len(done.rows("bad")) == done.json("summary.json", "bad")["total"] == 1
    assert done.json("summary.json", "bad")["planned"] == 2
    assert len(done.rows("good")) == 2


def test_what_is_wrong_with_the_second_model_is_said_before_the_first_is_asked(evaluate: Evaluate) -> None:
    done = evaluate(silent, models=('model = "a"', 'model = "b"\nheaders = { X = "env:NOT_SET" }'))
    assert (done.status, done.requests) == (1, [])
    assert "NOT_SET" in done.stderr
    evaluate(silent, models=('model = "b"',))
    done = evaluate(silent, models=('model = "a"', 'model = "b"'))
    assert (done.status, done.requests) == (1, [])
    assert "--resume" in done.stderr


def test_a_folder_that_another_run_writes_to_is_noticed_before_the_first_model_is_asked(evaluate: Evaluate) -> None:
    folder = evaluate(silent, models=('model = "b"',)).out / "b"
    with FileLock(folder / ".lock"):
        done = evaluate(silent, "--resume", models=('model = "a"', 'model = "b"'))
    assert (done.status, done.requests) == (1, [])
    assert "b is being written by another run" in done.stderr
    assert evaluate(silent, "--resume", models=('model = "a"', 'model = "b"')).status == 0


def test_a_later_models_folder_is_held_while_the_first_is_asked(evaluate: Evaluate) -> None:
    taken = []

    def script(request: Request) -> Reply:
        if request.model == "a":
            with pytest.raises(Timeout):
                FileLock("outputs/new_tasks/b/.lock").acquire(timeout=0)
            taken.append(request.model)
        return Reply("done")

    assert evaluate(script, models=('model = "a"', 'model = "b"')).status == 0
    assert taken == ["a", "a"]


def test_two_models_never_share_a_folder(evaluate: Evaluate) -> None:
    done = evaluate(silent, models=('model = "a/b"', 'model = "a:b"'))
    assert (done.status, done.requests) == (1, [])
    assert "a_b" in done.stderr


def test_neither_key_nor_header_is_written_though_the_endpoint_repeats_them(evaluate: Evaluate) -> None:
    def echo(request: Request) -> Reply:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["x-team"] == HEADER
        seen = f"{KEY} and {HEADER}"
        first = "Bearer" not in json.dumps(request.body)
        return (
            Reply(f"you sent {seen}")
            if first and request.model == "a"
            else Reply(status=400, body={"error": {"message": seen}})
        )

    headers = '\nheaders = { X-Team = "env:TEAM" }'
    done = evaluate(echo, models=(f'model = "a"{headers}', f'model = "b"{headers}'))
    assert {row["status"] for row in done.rows("a") + done.rows("b")} == {"no_finish", "error"}
    said = done.stdout + done.stderr
    run = read([done.out]).runs
    said += "".join(json.dumps([t.messages, t.extra]) for one in run for t in one.traces())
    said += "".join(path.read_text() for path in done.out.rglob("*.json*") if path.suffix != ".zst")
    assert KEY not in said
    assert HEADER not in said
    assert "[key]" in said
    assert done.json("config.json", "a")["headers"] == ["X-Team"]


@pytest.mark.parametrize(
    ("script", "more", "status"),
    [
        (silent, (), "no_finish"),
        (silent, ("--protocol", "text"), "agent_invalid_action"),
        (lambda _: Reply("GET http://localhost/fhir/Patient"), ("--protocol", "text"), "limit_reached"),
        (lambda _: Reply("FINISH([1])"), ("--protocol", "text"), "completed"),
        (refusing(code="context_length_exceeded"), (), "context_limit"),
        (refusing(message="too many tokens for the context length"), (), "error"),
        (lambda _: Reply(status=500), (), "error"),
    ],
)
def test_how_a_rollout_ended_is_its_status(
    script: Script, more: tuple[str, ...], status: str, evaluate: Evaluate
) -> None:
    done = evaluate(script, *more, models=('model = "m"\nmax_retries = 0',))
    assert {row["status"] for row in done.rows()} == {status}
    summary = done.json("summary.json")
    assert summary["total"] == 2
    assert done.status == (1 if status == "error" else 0)
    assert (summary["accuracy"] is None) is (status == "error")


def test_rollouts_without_an_answer_are_played_again_by_resume(evaluate: Evaluate) -> None:
    models = ('model = "m"\nmax_retries = 0',)
    assert evaluate(lambda _: Reply(status=503), models=models).json("summary.json")["error"] == 2
    done = evaluate(silent, "--resume", models=models)
    assert done.status == 0
    assert [row["status"] for row in done.rows()] == ["no_finish", "no_finish"]
    assert len(list(read([done.out]).runs[0].traces())) == 2


def test_what_a_retried_error_used_was_paid_and_is_kept_beside_what_is_scored(evaluate: Evaluate) -> None:
    def breaks_off(request: Request) -> Reply:
        """Answers one turn, which is paid for, and no other."""
        if any(message["role"] == "tool" for message in request.body["messages"]):
            return Reply(status=503)
        function = {"name": "fhir_patient_search", "arguments": '{"identifier": "S1"}'}
        turn = calling([{"id": "a", "type": "function", "function": function}])
        return replace(
            turn, body=turn.body | {"usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}}
        )

    models = ('model = "m"\nmax_retries = 0\nprice = { input = 10.0, output = 50.0 }',)
    two_turns = {"input_tokens": 200, "output_tokens": 40, "cost": pytest.approx(0.004)}
    first = evaluate(breaks_off, models=models).json("summary.json")
    assert first["spent"] == {**two_turns, "cached_tokens": None, "errors": 2}
    assert {name: first[name] for name in two_turns} == dict.fromkeys(two_turns)
    for _ in range(2):  # the second time there is nothing left to do, and nothing is counted twice
        done = evaluate(silent, "--resume", models=models)
        summary = done.json("summary.json")
        assert (summary["error"], summary["total"]) == (0, 2)
        assert {name: summary[name] for name in two_turns} == two_turns
        spent = {"input_tokens": 400, "cached_tokens": 0, "output_tokens": 80, "cost": pytest.approx(0.008)}
        assert summary["spent"] == {**spent, "errors": 2}
    (run,) = read([done.out]).runs
    assert len(run.rows) == 2
    assert run.notes == ("2 infrastructure errors were retried; the 240 tokens (0.0040 USD) they used are not counted",)


def test_tokens_and_cost_come_from_usage_and_the_files_prices(evaluate: Evaluate) -> None:
    price = "price = { input = 10.0, output = 50.0, cached = 1.0 }"
    done = evaluate(lambda _: Reply("done", cached_tokens=40), models=(f'model = "m"\n{price}',))
    summary = done.json("summary.json")
    assert (summary["input_tokens"], summary["cached_tokens"], summary["output_tokens"]) == (200, 80, 40)
    assert summary["cost"] == pytest.approx(2 * (60 * 10 + 40 * 1 + 20 * 50) / 1e6)
    assert done.json("config.json")["price"] == {"input": 10.0, "output": 50.0, "cached": 1.0}
    assert "$0.00" in done.stdout
    assert "240 tokens" in done.stdout


def test_each_attempt_sends_its_own_seed_and_none_where_told(evaluate: Evaluate) -> None:
    done = evaluate(silent, "--repeats", "2", "--seed", "7")
    assert sorted(request.body["seed"] for request in done.requests) == [7, 7, 8, 8]
    done = evaluate(silent, models=('model = "n"\nsampling = { seed = false, temperature = 0.5 }',))
    assert all("seed" not in request.body and request.body["temperature"] == 0.5 for request in done.requests)


def test_what_a_run_sets_itself_is_refused_in_sampling(evaluate: Evaluate) -> None:
    for name, value in (("seed", "3"), ("stream", "true"), ("tools", "[]")):
        done = evaluate(silent, models=(f'model = "m"\nsampling = {{ {name} = {value} }}',))
        assert (done.status, done.requests) == (1, [])
        assert f"sampling.{name}" in done.stderr


def test_another_sampling_is_another_run(evaluate: Evaluate) -> None:
    evaluate(silent, models=('model = "m"\nsampling = { temperature = 0.5 }',))
    done = evaluate(silent, "--resume", models=('model = "m"\nsampling = { temperature = 0.7 }',))
    assert (done.status, done.requests) == (1, [])
    assert "sampling was {'temperature': 0.5}, is {'temperature': 0.7}" in done.stderr


def test_the_config_says_everything_that_decides(evaluate: Evaluate) -> None:
    done = evaluate(silent, models=('model = "lab/m"\nname = "cold"\nsampling = { temperature = 0.0 }',))
    config = done.json("config.json", "cold")
    assert (config["model"], config["name"], config["profile"]) == ("lab/m", "cold", "strict")
    assert config["endpoint"] == "127.0.0.1"
    assert config["sampling"] == {"temperature": 0.0}
    assert set(config["fingerprint"]) == {"task", "run"}
    assert {"tasks", "prompt", "tools", "ehr", "grading_version", "model", "protocol", "tool_output", "max_turns",
            "harness"} <= set(config["fingerprint_parts"])  # fmt: skip
    (run,) = read([done.out]).runs
    assert (run.model, run.notes, run.variant) == ("lab/m", (), "new_tasks")


def test_repeated_attempts_have_their_interval_in_the_report(evaluate: Evaluate) -> None:
    done = evaluate(silent, "--repeats", "2")
    summary = done.json("summary.json")
    assert summary["interval"] is None
    assert "medagentbenchv2[report]" in summary["interval_method"]
    assert "95 % interval" not in done.stdout
    assert "medagentbenchv2 report" in " ".join(done.stdout.split())


HOSTILE = [
    'FINISH(["\\ud800"])', "FINISH([123456789012345678901234567890])", "FINISH([NaN])", "FINISH([1e999])",
    f"FINISH({'[' * 400}1{']' * 400})", "FINISH(" + "[" * 100_000, "GET \x00", "POST http://x/y\n{\"a\": \"\\ud800\"}",
    "",
]  # fmt: skip


def in_turn(replies: Sequence[Reply]) -> Script:
    """Each task hears one of the replies, always the same."""
    seen: dict[str, int] = {}
    return lambda request: replies[seen.setdefault(request.body["messages"][1]["content"], len(seen)) % len(replies)]


def test_no_text_of_a_model_ends_a_campaign(evaluate: Evaluate) -> None:
    done = evaluate(in_turn([Reply(text) for text in HOSTILE]), "--protocol", "text", "-n", "-1")
    assert done.status == 0
    assert len(done.rows()) == 10
    assert not any(row["correct"] for row in done.rows())
    assert len(list(read([done.out]).runs[0].traces())) == 10


CALLS: list[Any] = [
    [{"id": "a", "type": "function", "function": {"name": "finish", "arguments": '{"value": ["\\ud800"]}'}}],
    [{"id": "a", "type": "function", "function": {"name": "finish", "arguments": '{"value": [1e400]}'}}],
    [{"id": "a", "type": "function", "function": {"name": None, "arguments": None}}],
    [{"id": "a", "type": "function", "function": {"name": "finish", "arguments": {"value": [12]}}}],
    [{"id": "a", "type": "function"}],
    [{}],
]


def calling(calls: Any) -> Reply:
    message = {"role": "assistant", "content": None, "tool_calls": calls, "big": 10**30}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    return Reply(body={"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})


def test_no_tool_call_of_a_model_ends_a_campaign(evaluate: Evaluate) -> None:
    done = evaluate(in_turn([calling(calls) for calls in CALLS]), "-n", "-1")
    assert done.status == 0
    assert len(done.rows()) == 10
    assert len(list(read([done.out]).runs[0].traces())) == 10


def test_what_is_no_list_of_calls_is_the_endpoints_fault(evaluate: Evaluate) -> None:
    done = evaluate(in_turn([calling("finish"), calling(["finish"])]))
    assert [row["status"] for row in done.rows()] == ["error", "error"]


@pytest.mark.parametrize("header", ["Authorization=Bearer abc", "X-Api-Key=abcdef", "X-Team=sk-abcdef"])
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(
    header: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    line = ["eval", "--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--header", header]
    monkeypatch.setattr(sys, "argv", ["medagentbenchv2", *line])
    with pytest.raises(SystemExit):
        main()
    said = "".join(capfd.readouterr())
    assert "env:" in said
    assert "abc" not in said
