"""Scores: SQuAD's normalisation, choices read from free text, and means that name their uncertainty."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.questions.compare import read_run
from medagentbenchv2.questions.scoring import chosen_letter, exact_match, score_models, token_f1
from tests.model_server import Reply, serving
from tests.questions.asking import hosted, run

CHOICES = (("A", "Vitamin K"), ("B", "Prothrombin complex"), ("C", "Protamine"), ("D", "Idarucizumab"))


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("B. It acts within minutes.", "B"),
        ("**B.** Prothrombin complex", "B"),
        ("(B) Prothrombin complex", "B"),
        ("**B**\n\nBecause it replaces the factors.", "B"),
        ("B) because", "B"),
        ("The answer is B.", "B"),
        ("The correct answer is: **B**", "B"),
        ("Answer: (C)", "C"),
        ("I would choose option D because it is specific.", "D"),
        ("A. slow\nB. fast\nC. for heparin\nSo the best choice is B.", "B"),
        ("The answer is A. No, wait: the answer is B.", "B"),
        ("The answer is C. Option B is wrong.", "C"),
        ("so \\boxed{D}", "D"),
        ("prothrombin complex.", "B"),
        ("A patient with bleeding needs factors.", None),
        ("The answer is a clotting factor.", None),
        ("A. slow\nB. fast\nC. for heparin", None),
        ("E", None),
        ("", None),
    ],
)
def test_the_chosen_letter_is_read_from_how_models_write_it(text: str, letter: str | None) -> None:
    assert chosen_letter(text, CHOICES) == letter


def test_exact_match_ignores_case_punctuation_and_articles() -> None:
    assert exact_match("The  HER2 receptor.", ["her2 receptor"])
    assert exact_match("aspirin", ["paracetamol", "Aspirin!"])
    assert not exact_match("HER2", ["HER3"])


def test_token_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    # 2 of 4 words said, 2 of 3 words asked for.
    assert token_f1("give calcium gluconate intravenously", ["calcium gluconate first"]) == pytest.approx(4 / 7)
    assert token_f1("b b b", ["b"]) == pytest.approx(0.5)
    assert token_f1("x", ["y", "x"]) == 1
    assert token_f1("the", ["a"]) == 1
    assert token_f1("word", ["the"]) == 0


words = st.text("abc xyz.", max_size=20)


@given(words, words)
def test_token_f1_is_symmetric_bounded_and_one_where_texts_match(one: str, other: str) -> None:
    assert token_f1(one, [other]) == pytest.approx(token_f1(other, [one]))
    assert 0 <= token_f1(one, [other]) <= 1
    assert token_f1(one, [one]) == 1


def test_means_are_over_the_answered_questions_with_a_reference(tmp_path: Path) -> None:
    replies = {"capital?": "Paris", "colour?": "a dark red", "open?": "whatever"}
    asked = [
        {"question": "capital?", "reference": "paris"},
        {"question": "colour?", "reference": "red"},
        {"question": "fails?", "reference": "x"},
        "open?",
        {"question": "one?", "choices": ["x", "y"], "reference": "A"},
        {"question": "two?", "choices": ["x", "z"], "reference": "B"},
    ]

    def script(request):
        first = request.question.split("\n")[0]
        if first == "fails?":
            return Reply(status=400, body={"error": {"message": "no"}})
        return Reply(replies.get(first, "A. x" if first == "one?" else "Both, in a way."))

    with serving(script) as server:
        run(tmp_path, [hosted(server)], asked)
    scores = {row.measure: row for row in score_models(read_run(tmp_path / "answers"))}
    assert (scores["exact_match"].mean, scores["exact_match"].n) == (0.5, 2)
    assert scores["token_f1"].mean == pytest.approx((1 + 2 / 3) / 2)
    choice = scores["choice_accuracy"]
    assert (choice.mean, choice.n, choice.unreadable) == (0.5, 2, 1)
    # Wilson's interval of 1 in 2, by its formula.
    assert (choice.low, choice.high) == (pytest.approx(0.0945, abs=1e-4), pytest.approx(0.9055, abs=1e-4))
