"""The judge works blind, is never paid twice, and its agreement with others is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.agreement import PREFERENCES, agreement, agreements
from medagentbenchv2.questions.answerer import ModelUnavailableError
from medagentbenchv2.questions.compare import Run, read_run
from medagentbenchv2.questions.config import HostedModel
from medagentbenchv2.questions.judging import VERDICTS, judge_all, preferences, read_judgements
from medagentbenchv2.questions.ratings import answer_key, read_ratings
from tests.model_server import Reply, Request, serving
from tests.questions.asking import hosted, run

ASKED = [
    {"question": "q1", "reference": "right"},
    {"question": "q2", "choices": ["right", "wrong"], "reference": "A"},
    {"question": "q3"},
]


def models_and_judge(request: Request) -> Reply:
    """Two models, `good` and `poor`; a judge that reads the answer; one that finds everything correct."""
    if request.model == "good":
        return Reply("A. right")
    if request.model == "poor":
        return Reply("B. wrong" if "q3" not in request.question else "A. right")
    answer = json.loads(request.question)["answer"]
    verdict = "correct" if request.model == "kind" or answer.startswith("A.") else "incorrect"
    return Reply(f'Here it is:\n```json\n{{"reason": "so", "verdict": "{verdict}"}}\n```')


@pytest.fixture
def judged_by(tmp_path: Path):
    """Asks the two models, then as many judges as named; gives the run and what reached the judges."""
    with serving(models_and_judge) as server:
        run(tmp_path, [hosted(server, "good"), hosted(server, "poor")], ASKED)
        found = read_run(tmp_path / "answers")
        before = len(server.requests)

        def judging(*names: str):
            judges = [HostedModel(**hosted(server, name)) for name in names]
            return found, judge_all(found, judges), server.requests[before:]

        yield judging


def test_each_distinct_answer_is_judged_once_and_kept(judged_by) -> None:
    # Six answers, of which two are the same to the same question.
    _, (first,), requests = judged_by("strict")
    assert (first.verdicts, first.cached, len(requests)) == (5, 0, 5)
    _, (again,), requests = judged_by("strict")
    assert (again.verdicts, again.cached, len(requests)) == (5, 5, 5)


def test_the_judge_sees_question_reference_and_answer_and_no_model(judged_by) -> None:
    _, _, requests = judged_by("strict")
    material = [json.loads(request.question) for request in requests]
    by_question = {item["question"].split("\n")[0]: item for item in material}
    assert by_question["q1"]["reference"] == ["right"]
    assert by_question["q2"]["reference"] == ["A. right"]
    assert set(by_question["q3"]) == {"question", "answer"}
    assert "good" not in json.dumps(material)
    assert "poor" not in json.dumps(material)


def test_verdicts_rank_each_pair_of_models(judged_by) -> None:
    found, _, _ = judged_by("strict")
    preferred = preferences(found, read_judgements(found.path)["strict"])
    by_question = {question.question: preferred[question.key, "good", "poor"] for question in found.questions}
    assert by_question == {"q1": "first", "q2": "first", "q3": "tie"}


def test_a_judge_without_a_verdict_is_a_failure_and_not_a_verdict(tmp_path: Path) -> None:
    with serving(lambda r: Reply("x") if r.model == "m" else Reply('{"verdict": "excellent"}')) as server:
        run(tmp_path, [hosted(server, "m")], ["q"])
        found = read_run(tmp_path / "answers")
        (judged,) = judge_all(found, [HostedModel(**hosted(server, "judge"))])
    assert judged.verdicts == 0
    assert "question 1: the judge gave no verdict" in judged.failures[0]
    assert read_judgements(found.path) == {}


def test_a_judge_that_is_refused_ends_in_one_line(tmp_path: Path) -> None:
    def script(request: Request) -> Reply:
        return Reply("x") if request.model == "m" else Reply(status=404, body={"error": {"message": "no such model"}})

    with serving(script) as server:
        run(tmp_path, [hosted(server, "m")], ["q"])
        with pytest.raises(ModelUnavailableError, match="404: no such model"):
            judge_all(read_run(tmp_path / "answers"), [HostedModel(**hosted(server, "judge"))])


def rating(found: Run, rater: str, number: int, left: str, right: str, verdict: str) -> dict[str, str]:
    """A line as the page saves it."""
    question = found.questions[number - 1]
    texts = {response.folder: str(response.text) for response in found.of(question)}
    answers = {"left_answer": answer_key(texts[left]), "right_answer": answer_key(texts[right])}
    return {"rater": rater, "question_key": question.key, "left": left, "right": right, "rating": verdict, **answers}


def save(path: Path, *rows: dict[str, str]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_rating_means_the_same_on_whichever_side_a_model_stood(judged_by, tmp_path: Path) -> None:
    found, _, _ = judged_by()
    path = save(
        tmp_path / "r.jsonl",
        rating(found, "ann", 1, "good", "poor", "left"),
        rating(found, "bob", 1, "poor", "good", "right"),
        rating(found, "ann", 2, "poor", "good", "left"),
        rating(found, "ann", 3, "good", "poor", "neither"),
    )
    ratings, stale = read_ratings(path, found)
    assert [(r.rater, r.preferred) for r in ratings] == [
        ("ann", "first"),
        ("bob", "first"),
        ("ann", "second"),
        ("ann", "tie"),
    ]
    assert stale == 0


def test_ratings_of_answers_that_have_changed_since_do_not_count(judged_by, tmp_path: Path) -> None:
    found, _, _ = judged_by()
    old = rating(found, "ann", 1, "good", "poor", "left") | {"left_answer": "0" * 16}
    assert read_ratings(save(tmp_path / "r.jsonl", old), found) == ([], 1)
    with pytest.raises(ArgumentError, match="'better' is not one of"):
        read_ratings(save(tmp_path / "r.jsonl", {**old, "rating": "better"}), found)
    with pytest.raises(ArgumentError, match="has no 'rater'"):
        read_ratings(save(tmp_path / "r.jsonl", {"rating": "left", "left": "a", "right": "b"}), found)


def test_agreement_is_measured_between_judges_choices_and_people(judged_by, tmp_path: Path) -> None:
    found, _, _ = judged_by("strict", "kind")
    path = save(
        tmp_path / "r.jsonl",
        rating(found, "ann", 1, "good", "poor", "left"),
        rating(found, "ann", 3, "good", "poor", "tie"),
    )
    rows = {row.raters: row for row in agreements(found, read_ratings(path, found)[0])}
    assert (rows["strict", "kind"].n, rows["strict", "kind"].share) == (5, 3 / 5)
    assert (rows["strict", "right choice"].n, rows["strict", "right choice"].kappa) == (2, 1.0)
    assert (rows["strict", "ann"].n, rows["strict", "ann"].kappa) == (2, 1.0)
    assert rows["kind", "ann"].share == 0.5


def test_kappa_is_cohens_of_two_and_fleiss_of_more() -> None:
    # Cohen's worked two-by-two: 20 both yes, 15 both no, 5 and 10 apart: kappa 0.4.
    one = dict(enumerate(["y"] * 20 + ["y"] * 5 + ["n"] * 10 + ["n"] * 15))
    two = dict(enumerate(["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15))
    found = agreement({"one": one, "two": two}, "choice", ("n", "y"))
    assert (found.n, found.share, found.kappa) == (50, 0.7, pytest.approx(0.4))
    assert found.low is not None
    assert found.low < 0.4 < found.high
    three = agreement({"one": one, "two": two, "three": one}, "choice", ("n", "y"))
    # Fleiss by hand: observed (35 + 15 / 3) / 50 = 0.8, by chance (80 / 150)^2 + (70 / 150)^2 = 0.5022.
    assert three.kappa == pytest.approx((0.8 - 0.50222) / (1 - 0.50222), abs=1e-4)
    assert three.low is None


def test_kappa_is_undefined_where_all_fall_into_one_category_or_nothing_is_shared() -> None:
    same = agreement({"a": {1: "tie", 2: "tie"}, "b": {1: "tie", 2: "tie"}}, "preference", PREFERENCES)
    assert (same.share, same.kappa) == (1.0, None)
    apart = agreement({"a": {1: "correct"}, "b": {2: "correct"}}, "verdict", VERDICTS)
    assert (apart.n, apart.share, apart.kappa) == (0, None, None)
