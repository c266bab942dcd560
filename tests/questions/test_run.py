"""What a run promises: the persona reaches the wire, nothing is lost, doubled, misaligned or passed off as whole."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from filelock import FileLock

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions import PERSONAS
from tests.model_server import Reply, Request, serving
from tests.questions.asking import hosted, numbered, rows, run, write_questions


def echo(request: Request) -> Reply:
    return Reply(f"About {request.question}")


def refuse(status: int, **stated: object) -> Reply:
    return Reply(status=status, body={"error": {"message": "refused", **stated}})


def test_the_persona_is_the_system_message_on_the_wire(tmp_path: Path) -> None:
    with serving(echo) as server:
        run(tmp_path, [hosted(server)], ["What is HER2?"], persona="cardiologist")
    assert server.requests[0].body["messages"] == [
        {"role": "system", "content": PERSONAS["cardiologist"]},
        {"role": "user", "content": "What is HER2?"},
    ]


def test_a_model_that_takes_no_system_message_gets_the_persona_before_the_question(tmp_path: Path) -> None:
    with serving(echo) as server:
        run(tmp_path, [hosted(server, persona_role="user", persona="Be brief")], ["q"], personas={"Be brief": "Brief."})
    assert server.requests[0].body["messages"] == [{"role": "user", "content": "Brief.\n\nq"}]


def test_without_a_persona_only_the_question_is_sent(tmp_path: Path) -> None:
    with serving(echo) as server:
        run(tmp_path, [hosted(server)], ["q"], persona="none")
    assert server.requests[0].body["messages"] == [{"role": "user", "content": "q"}]


def test_answers_lie_numbered_in_a_folder_per_model_with_how_they_came_about(tmp_path: Path) -> None:
    price = {"input": 1.0, "output": 10.0}
    with serving(echo) as server:
        model = hosted(server, "org/model:free", sampling={"temperature": 0.5}, price=price)
        (summary,) = run(tmp_path, [model], ["a", "b"], markdown=True)
    assert numbered(tmp_path, "org_model_free") == {"1.txt": "About a\n", "2.txt": "About b\n"}
    assert "# Question 2\n\nb\n" in (tmp_path / "answers/org_model_free/2.md").read_text()
    first = next(row for row in rows(tmp_path, "org_model_free") if row["id"] == "1")
    assert (first["finish_reason"], first["truncated"], first["persona"]) == ("stop", False, "oncology_researcher")
    assert (first["input_tokens"], first["output_tokens"]) == (100, 20)
    assert first["cost"] == pytest.approx(0.0003)
    assert summary.cost == pytest.approx(0.0006)
    assert first["revision"] == "org/model:free-2026-01-01"
    assert first["sampling"] == {"temperature": 0.5}
    assert first["date"].endswith("+00:00")


def test_a_truncated_answer_says_so_wherever_it_lies(tmp_path: Path) -> None:
    with serving(lambda _: Reply("The answer is", finish_reason="length")) as server:
        (summary,) = run(tmp_path, [hosted(server)], ["q"], markdown=True)
    assert summary.truncated == 1
    assert rows(tmp_path)[0]["truncated"] is True
    assert rows(tmp_path)[0]["text"] == "The answer is"
    for name in ("1.txt", "1.md"):
        assert "[truncated after 20 tokens:" in (tmp_path / "answers/org_model" / name).read_text()
    assert json.loads((tmp_path / "answers/org_model/index.json").read_text())[0]["status"] == "truncated"


def test_an_answer_that_was_filtered_half_way_is_not_whole(tmp_path: Path) -> None:
    with serving(lambda _: Reply("Half of", finish_reason="content_filter")) as server:
        run(tmp_path, [hosted(server)], ["q"])
    assert rows(tmp_path)[0]["truncated"] is True


def test_errors_are_kept_apart_and_never_numbered_as_answers(tmp_path: Path) -> None:
    with serving(lambda r: refuse(400) if r.question == "b" else echo(r)) as server:
        (summary,) = run(tmp_path, [hosted(server)], ["a", "b", "c"])
    assert set(numbered(tmp_path)) == {"1.txt", "3.txt"}
    (failure,) = rows(tmp_path, name="errors.jsonl")
    assert (failure["number"], failure["kind"]) == (2, "endpoint")
    assert "400: refused" in failure["reason"]
    assert (summary.answered, summary.failed, summary.well) == (2, 1, False)


def test_an_empty_answer_is_an_error_that_says_what_to_raise(tmp_path: Path) -> None:
    with serving(lambda _: Reply("", finish_reason="length")) as server:
        run(tmp_path, [hosted(server)], ["q"])
    assert rows(tmp_path) == []
    assert rows(tmp_path, name="errors.jsonl")[0]["reason"].endswith("raise max_tokens")


def test_a_failing_model_leaves_the_others_alone_and_is_asked_once(tmp_path: Path) -> None:
    with serving(lambda r: refuse(404) if r.model == "no/such" else echo(r)) as server:
        models = [hosted(server, "no/such", concurrency=1), hosted(server), hosted(server, "k", api_key_var="NO_KEY")]
        broken, well, keyless = run(tmp_path, models, [f"q{n}" for n in range(5)])
    assert (broken.answered, well.answered, keyless.answered) == (0, 5, 0)
    assert "404" in str(broken.unavailable)
    assert "NO_KEY is not set" in str(keyless.unavailable)
    assert sum(request.model == "no/such" for request in server.requests) == 1


def test_what_is_answered_is_not_asked_again(tmp_path: Path) -> None:
    failing = {"b"}
    with serving(lambda r: refuse(400) if r.question in failing else echo(r)) as server:
        run(tmp_path, [hosted(server)], ["a", "b"])
        failing.clear()
        (summary,) = run(tmp_path, [hosted(server)])
        assert [request.question for request in server.requests] == ["a", "b", "b"]
        (again,) = run(tmp_path, [hosted(server)])
    assert (summary.kept, summary.answered, summary.well) == (1, 2, True)
    assert (again.kept, len(server.requests)) == (2, 3)


def test_a_changed_list_never_misaligns(tmp_path: Path) -> None:
    with serving(echo) as server:
        run(tmp_path, [hosted(server)], ["a", "b", "c", "d"])
        run(tmp_path, [hosted(server)], ["d", "new", "b"])
    assert numbered(tmp_path) == {"1.txt": "About d\n", "2.txt": "About new\n", "3.txt": "About b\n"}
    assert sorted(r.question for r in server.requests) == ["a", "b", "c", "d", "new"]


def test_another_persona_or_sampling_is_asked_anew_and_the_old_answers_stay(tmp_path: Path) -> None:
    with serving(echo) as server:
        run(tmp_path, [hosted(server)], ["a"])
        run(tmp_path, [hosted(server)], persona="none")
        run(tmp_path, [hosted(server, sampling={"temperature": 1})], persona="none")
        (back,) = run(tmp_path, [hosted(server)])
    assert (len(server.requests), len(rows(tmp_path)), back.kept) == (3, 3, 1)


def test_a_line_that_a_kill_cut_short_is_asked_again(tmp_path: Path) -> None:
    with serving(echo) as server:
        run(tmp_path, [hosted(server, concurrency=1)], ["a", "b"])
        path = tmp_path / "answers/org_model/answers.jsonl"
        path.write_bytes(path.read_bytes()[:-30])
        (summary,) = run(tmp_path, [hosted(server)])
    assert (summary.kept, summary.answered) == (1, 2)
    assert [row["id"] for row in rows(tmp_path)] == ["1", "2"]


def test_two_runs_on_one_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    with (
        serving(echo) as server,
        FileLock(tmp_path / "answers/.lock"),
        pytest.raises(ArgumentError, match="another run"),
    ):
        run(tmp_path, [hosted(server)], ["a"])


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "answers/org_model/1.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    with serving(echo) as server, pytest.raises(ArgumentError, match="holds other files"):
        run(tmp_path, [hosted(server)], ["a"])
    assert mine.read_text() == "mine"
    assert server.requests == []


def test_the_users_own_list_is_left_alone_even_in_the_runs_folder(tmp_path: Path) -> None:
    path = write_questions(tmp_path / "answers/questions.jsonl", [{"question": "a", "tags": []}])
    before = path.read_bytes()
    with serving(echo) as server:
        run(tmp_path, [hosted(server)], ["a"])
        assert path.read_bytes() == before


def test_no_more_requests_are_under_way_than_allowed(tmp_path: Path) -> None:
    most = 0
    begun_at: list[float] = []

    def script(request: Request) -> Reply:
        nonlocal most
        now = sum(1 for begun in begun_at if time.monotonic() - begun < 0.05) + 1
        begun_at.append(time.monotonic())
        most = max(most, now)
        return Reply("x", latency_s=0.06)

    with serving(script) as server:
        run(tmp_path, [hosted(server)], [f"q{n}" for n in range(12)], concurrency=3)
    assert most == 3


def test_a_hundred_questions_to_four_models_at_200_ms_take_under_ten_seconds(tmp_path: Path) -> None:
    with serving(lambda r: Reply(f"About {r.question}", latency_s=0.2)) as server:
        started = time.monotonic()
        summaries = run(tmp_path, [hosted(server, f"m{n}") for n in range(4)], [f"q{n}" for n in range(100)])
        seconds = time.monotonic() - started
    assert [summary.answered for summary in summaries] == [100] * 4
    assert seconds < 10


def test_the_index_counts_every_model_also_of_earlier_runs(tmp_path: Path) -> None:
    with serving(echo) as server:
        run(tmp_path, [hosted(server, "first")], ["a", "b"])
        run(tmp_path, [hosted(server, "second")], ["a", "b", "c"])
    index = json.loads((tmp_path / "answers/index.json").read_text())
    assert [(m["name"], m["answered"], m["missing"]) for m in index["models"]] == [("first", 2, 1), ("second", 3, 0)]
    assert [q["number"] for q in index["questions"]] == [1, 2, 3]


def test_a_secret_header_is_sent_and_not_written_down(tmp_path: Path) -> None:
    with serving(echo) as server:
        run(tmp_path, [hosted(server, headers={"X-Token": "hush-hush"})], ["a"])
    assert server.requests[0].headers["x-token"] == "hush-hush"
    written = b"".join(path.read_bytes() for path in (tmp_path / "answers").rglob("*") if path.is_file())
    assert b"X-Token" in written
    assert b"hush-hush" not in written
