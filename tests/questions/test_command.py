"""`ask` on the command line: what it prints, what it writes, and when it exits with 0."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medagentbenchv2.cli.ask import ask_app
from medagentbenchv2.errors import ArgumentError
from tests.model_server import Reply, Request, serving
from tests.questions.asking import write_questions

ASKED = [
    {"question": "one?", "id": "first", "reference": "yes"},
    {"question": "two?", "choices": ["x", "y"], "reference": "A"},
]


def script(request: Request) -> Reply:
    if request.model == "judge":
        return Reply('{"reason": "so", "verdict": "correct"}')
    if request.model == "broken":
        return Reply(status=404, body={"error": {"message": "no such model [v2]"}})
    return Reply("A. x" if "two?" in request.question else "Yes!", finish_reason="length")


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `ask` in a folder of its own, with two questions and a server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    write_questions(Path("q.jsonl"), ASKED)
    with serving(script) as server:

        def command(*line: str) -> Any:
            return CliRunner().invoke(ask_app, [part.replace("SERVER", server.base_url) for part in line])

        yield command


RUN = ("run", "--questions", "q.jsonl", "--base-url", "SERVER")


def test_a_run_by_options_prints_a_table_and_exits_with_0_when_all_is_answered(ask: Any) -> None:
    done = ask(*RUN, "--model", "org/a", "--model", "org/b", "--persona", "none", "--temperature", "0")
    assert done.exit_code == 0
    assert re.search(r"org/a\s+│ none\s+│ 2/2\s+│ 2\s+│ 0", done.stdout)
    assert json.loads(Path("answers/org_a/model.json").read_text())["sampling"] == {"temperature": 0.0}


def test_a_run_with_a_failing_model_exits_with_1_and_says_why_in_a_line(ask: Any) -> None:
    done = ask(*RUN, "--model", "broken", "--model", "org/a")
    assert done.exit_code == 1
    assert "broken can't be asked:" in done.stderr
    assert "no such model [v2]" in done.stderr
    assert Path("answers/org_a/1.txt").is_file()


def test_a_run_by_config_takes_options_over_it(ask: Any, tmp_path: Path) -> None:
    text = 'questions = "q.jsonl"\n[[models]]\nmodel = "org/a"\nbase_url = "SERVER"\n'
    # The fixture knows the address; the file gets it from a first run's model.json.
    ask(*RUN, "--model", "org/a")
    address = json.loads(Path("answers/org_a/model.json").read_text())["base_url"]
    Path("ask.toml").write_text(text.replace("SERVER", address), encoding="utf-8")
    done = ask("run", "--config", "ask.toml", "--out", "other", "--markdown", "--json")
    assert done.exit_code == 0
    (summary,) = json.loads(done.stdout)
    assert (summary["model"], summary["answered"], summary["truncated"]) == ("org/a", 2, 2)
    assert Path("other/org_a/1.md").is_file()


@pytest.mark.parametrize(
    "line", [("run",), ("run", "--questions", "q.jsonl"), ("run", "--config", "x", "--model", "m")]
)
def test_a_run_without_all_it_needs_says_what_to_give(ask: Any, line: tuple[str, ...]) -> None:
    done = ask(*line)
    assert isinstance(done.exception, ArgumentError)
    assert "--config" in str(done.exception)


@pytest.mark.parametrize("command", [RUN, ("judge",)])
def test_a_key_on_the_command_line_is_refused_and_not_repeated(ask: Any, command: tuple[str, ...]) -> None:
    done = ask(*command, "--model", "m", "--api-key", "sk-typed-by-mistake")
    assert done.exit_code == 2
    assert "--api-key-var" in done.stderr
    assert "sk-typed-by-mistake" not in done.output
    assert not Path("answers").exists()


def test_hugging_face_models_are_named_by_a_prefix(ask: Any) -> None:
    ask(
        "run",
        "--questions",
        "q.jsonl",
        "--model",
        "hf:no/such",
        "--model",
        "encoder:no/such-encoder",
        "--max-tokens",
        "5",
    )
    described = json.loads(Path("answers/no_such/model.json").read_text())
    assert (described["kind"], described["max_tokens"], described["trust_remote_code"]) == ("huggingface", 5, False)
    assert json.loads(Path("answers/no_such-encoder/model.json").read_text())["kind"] == "encoder"


def test_show_prints_every_models_answer_and_what_is_wrong_with_it(ask: Any) -> None:
    ask(*RUN, "--model", "org/a", "--model", "broken")
    shown = ask("show", "first")
    assert shown.exit_code == 0
    assert "one?" in shown.stdout
    assert "Yes!" in shown.stdout
    assert "truncated after 20 tokens" in shown.stdout
    assert "no such model [v2]" in shown.stdout
    data = json.loads(ask("show", "2", "--json").stdout)
    assert [row["status"] for row in data["responses"]] == ["error", "truncated"]


def test_compare_writes_page_and_tables_and_prints_scores(ask: Any) -> None:
    ask(*RUN, "--model", "org/a")
    done = ask("compare")
    assert done.exit_code == 0
    assert re.search(r"org/a\s+│ choice_accuracy\s+│ 1\.000\s+│ 0\.207 to 1\.000", done.stdout)
    for name in ("compare.html", "answers.csv", "scores.csv"):
        assert Path("answers", name).is_file()
    data = json.loads(ask("compare", "--html", "page.html", "--json").stdout)
    assert data["written"][0] == "page.html"
    assert {row["measure"] for row in data["scores"]} == {"exact_match", "token_f1", "choice_accuracy"}


def test_import_then_judge_reports_agreement(ask: Any) -> None:
    for name, text in (("one", "Yes"), ("two", "No")):
        Path("web", name).mkdir(parents=True)
        for number in ("1", "2"):
            Path("web", name, f"{number}.txt").write_text(f"{text} {number}", encoding="utf-8")
    assert ask("import", "web", "--questions", "q.jsonl").exit_code == 0
    judged = ask("judge", "--model", "judge", "--base-url", "SERVER")
    assert judged.exit_code == 0
    assert "judge: 4 answers judged, 0 of them before" in judged.stdout
    assert re.search(r"judge, right choice\s+│ choice\s+│ 2\s+│ 0\.0%", judged.stdout)
    data = json.loads(ask("judge", "--model", "judge", "--base-url", "SERVER", "--json").stdout)
    assert data["judges"][0]["cached"] == 4
    assert "judge: correct" in Path(ask("compare", "--json") and "answers/compare.html").read_text()


def test_every_option_has_help(ask: Any) -> None:
    for command in ("run", "show", "compare", "import", "judge"):
        text = ask(command, "--help").stdout
        options = re.findall(r"^[│ ]*\*?\s*(--[a-z-]+)(.*)$", text, re.MULTILINE)
        assert len(options) >= 3
        for option in options:
            assert len(option[1].split()) > 2, option
        assert "--api-key " not in text


def test_where_nothing_can_be_written_is_said_in_one_line(ask: Any) -> None:
    Path("file").write_text("in the way")
    done = ask(*RUN, "--model", "org/a", "--out", "file/x")
    assert isinstance(done.exception, ArgumentError)
    assert str(done.exception) == "out: 'file/x' cannot be written (Not a directory); choose another path"
    ask(*RUN, "--model", "org/a")
    done = ask("compare", "--html", ".")
    assert isinstance(done.exception, ArgumentError)
    assert str(done.exception) == "html: '.' is a folder; give a file such as compare.html"
    done = ask("compare", "--html", "file/x.html")
    assert isinstance(done.exception, ArgumentError)
    assert str(done.exception).startswith("html: 'file/x.html' cannot be written")


def test_a_judge_without_a_name_is_named_by_its_field(ask: Any) -> None:
    ask(*RUN, "--model", "org/a")
    done = ask("judge", "--model", "")
    assert isinstance(done.exception, ArgumentError)
    assert "field model" in str(done.exception)


def test_a_file_that_holds_no_rating_is_not_passed_over(ask: Any) -> None:
    ask(*RUN, "--model", "org/a")
    Path("ratings.jsonl").write_text('{"torn')
    done = ask("judge", "--ratings", "ratings.jsonl")
    assert isinstance(done.exception, ArgumentError)
    assert "ratings.jsonl holds no rating" in str(done.exception)
