"""What a list of questions may hold, and how it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions import Question, read_questions
from medagentbenchv2.questions.question import CHOICE_INSTRUCTION, select
from tests.questions.asking import write_questions


def read(tmp_path: Path, *rows: object) -> list[Question]:
    return read_questions(write_questions(tmp_path / "q.jsonl", rows))


def test_a_question_needs_nothing_but_its_text(tmp_path: Path) -> None:
    first, second = read(tmp_path, "What is HER2?", {"question": "And TP53?", "id": "tp53", "tags": ["gene"]})
    assert (first.number, first.id, first.prompt) == (1, "1", "What is HER2?")
    assert (second.number, second.id, second.tags) == (2, "tp53", ("gene",))


def test_choices_are_labelled_and_asked_with_their_letters(tmp_path: Path) -> None:
    row = {"question": "First line?", "choices": ["Osimertinib", "Cisplatin"], "reference": "Cisplatin"}
    (question,) = read(tmp_path, row)
    assert question.prompt == f"First line?\n\nA. Osimertinib\nB. Cisplatin\n\n{CHOICE_INSTRUCTION}"
    assert question.references == ("B",)


def test_choices_may_carry_their_own_letters(tmp_path: Path) -> None:
    (question,) = read(tmp_path, {"question": "q", "choices": {"b": "two", "d": "four"}, "reference": "d"})
    assert question.choices == (("B", "two"), ("D", "four"))
    assert question.references == ("D",)


def test_the_key_is_of_what_is_asked_not_of_its_place(tmp_path: Path) -> None:
    a, b = read(tmp_path, "a", "b")
    b2, a2 = read(tmp_path, {"question": "b", "id": "x", "reference": "r"}, "a")
    assert (a.key, b.key) == (a2.key, b2.key)
    (with_choices,) = read(tmp_path, {"question": "a", "choices": ["1", "2"]})
    assert with_choices.key != a.key


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"question": "  "}, r"q\.jsonl:1 has no question"),
        ({"text": "hello"}, "'text' is not allowed"),
        ({"question": "q", "refrence": "r"}, "did you mean 'reference'"),
        ({"question": "q", "choices": ["only one"]}, "2 to 26 texts"),
        ({"question": "q", "choices": {"AB": "x", "C": "y"}}, "single letters"),
        ({"question": "q", "choices": ["x", "y"], "reference": "z"}, "none of the choices"),
        ({"question": "q", "tags": [""]}, "tags must be a text"),
        ({"question": "q", "id": True}, "id True must be"),
        (["q"], "is not an object"),
    ],
)
def test_a_bad_row_is_refused_by_its_line(tmp_path: Path, row: object, complaint: str) -> None:
    with pytest.raises(ArgumentError, match=complaint):
        read(tmp_path, row)


def test_the_same_question_twice_is_refused_by_both_lines(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"q\.jsonl:3 asks the same as .*q\.jsonl:1"):
        read(tmp_path, "a", "b", "a")
    with pytest.raises(ArgumentError, match="has the same id '2'"):
        read(tmp_path, {"question": "a", "id": "2"}, "b")


def test_a_file_that_is_missing_empty_or_broken_says_so(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="there is no file"):
        read_questions(tmp_path / "no.jsonl")
    (tmp_path / "q.jsonl").write_text("\n\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match="holds none"):
        read_questions(tmp_path / "q.jsonl")
    (tmp_path / "q.jsonl").write_text('{"question": "a"}\n{"question": ', encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"q\.jsonl:2 is not JSON"):
        read_questions(tmp_path / "q.jsonl")


def test_blank_lines_windows_line_ends_and_a_byte_order_mark_are_taken(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_bytes(b'\xef\xbb\xbf{"question": "a"}\r\n\r\n{"question": "b"}\r\n')
    assert [q.question for q in read_questions(tmp_path / "q.jsonl")] == ["a", "b"]


def test_a_question_is_found_by_number_or_id(tmp_path: Path) -> None:
    listed = read(tmp_path, {"question": "a", "id": "alpha"}, "b")
    assert select(listed, "alpha") is select(listed, "1") is listed[0]
    with pytest.raises(ArgumentError, match="the list holds 1 to 2"):
        select(listed, "3")


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@given(text=texts, choices=st.none() | st.lists(texts, min_size=2, max_size=5, unique=True), tags=st.lists(texts))
def test_a_question_survives_being_written_and_read(
    tmp_path_factory: pytest.TempPathFactory, text: str, choices: list[str] | None, tags: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("q")
    row = {"question": text, "tags": tags, **({"choices": choices} if choices else {})}
    (first,) = read(folder, row)
    assert read(folder, first.row()) == [first]
