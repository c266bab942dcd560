"""A medical question as data, and the list of them that a JSONL file holds.

One JSON object per line: `question`, and where known `id`, `reference` (a text, or several that count as right),
`choices` (a list, labelled A, B, C..., or an object of letter and text) and `tags`.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from medagentbenchv2.errors import ArgumentError, not_among

FIELDS = ("question", "id", "reference", "choices", "tags")
CHOICE_INSTRUCTION = "Begin your answer with the letter of the one best choice."


@dataclass(frozen=True)
class Question:
    """One question of a list."""

    number: int
    """Place in the list, from 1; the number of its answer files."""
    question: str
    id: str
    """The author's name for it; the number where none was given."""
    references: tuple[str, ...] = ()
    """Texts that count as right; for a choice question the right letter."""
    choices: tuple[tuple[str, str], ...] = ()
    """Letter and text of each choice, in order."""
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """16 hex digits of what is asked, whatever its place in the list: answers are kept under it."""
        return content_key([self.question, self.choices])

    @property
    def prompt(self) -> str:
        """What a model is asked: the question, and its choices with how to choose."""
        if not self.choices:
            return self.question
        lines = "\n".join(f"{letter}. {text}" for letter, text in self.choices)
        return f"{self.question}\n\n{lines}\n\n{CHOICE_INSTRUCTION}"

    def row(self) -> dict[str, Any]:
        """The question as a line of questions.jsonl, readable back."""
        row: dict[str, Any] = {"question": self.question, "id": self.id}
        if self.references:
            row["reference"] = self.references[0] if len(self.references) == 1 else list(self.references)
        if self.choices:
            row["choices"] = dict(self.choices)
        if self.tags:
            row["tags"] = list(self.tags)
        return row


def content_key(content: Any) -> str:
    """16 hex digits of the SHA-256 of JSON-able content; the same content has the same key on every machine."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def read_questions(path: Path) -> list[Question]:
    """The questions of a JSONL file, in order; blank lines are skipped.

    Raises ArgumentError that names file and line where a line can't be used, or asks what another already asks.
    """
    if not path.is_file():
        raise ArgumentError(f"questions: there is no file {path}")
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ArgumentError(f"questions: {path} is not UTF-8 text ({error.reason}); save it as UTF-8") from None
    rows = []
    for line_number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append((f"{path}:{line_number}", orjson.loads(line)))
            except orjson.JSONDecodeError as error:
                raise ArgumentError(f"questions: {path}:{line_number} is not JSON: {error}") from None
    questions = [_question(number, row, where) for number, (where, row) in enumerate(rows, 1)]
    if not questions:
        raise ArgumentError(f"questions: {path} holds none; write one JSON object with a 'question' per line")
    _refuse_twins(questions, [where for where, _ in rows])
    return questions


def select(questions: Iterable[Question], name: str) -> Question:
    """The question of a number or id; raises ArgumentError where there is none."""
    listed = list(questions)
    for question in listed:
        if name in (str(question.number), question.id):
            return question
    raise ArgumentError(f"question: there is no {name!r}; the list holds 1 to {len(listed)}")


def _question(number: int, row: object, where: str) -> Question:
    if not isinstance(row, dict):
        raise ArgumentError(f'questions: {where} is not an object; write {{"question": ...}}')
    for name in row:
        if name not in FIELDS:
            raise ArgumentError(f"{where}: {not_among('field', name, FIELDS)}")
    text = row.get("question")
    if not isinstance(text, str) or not text.strip():
        raise ArgumentError(f"questions: {where} has no question; 'question' must be a text that is not blank")
    choices = _choices(row.get("choices"), where)
    references = _texts(row.get("reference"), "reference", where)
    if choices:
        references = tuple(_letter(reference, choices, where) for reference in references)
    name = row.get("id")
    if name is not None and (not isinstance(name, str | int) or isinstance(name, bool) or not str(name).strip()):
        raise ArgumentError(f"questions: {where}: id {name!r} must be a text or a whole number")
    return Question(
        number=number,
        question=text,
        id=str(number if name is None else name),
        references=references,
        choices=choices,
        tags=_texts(row.get("tags"), "tags", where),
    )


def _choices(value: object, where: str) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if isinstance(value, list) and len(value) <= len(string.ascii_uppercase):
        value = dict(zip(string.ascii_uppercase, value, strict=False))
    if not isinstance(value, dict) or len(value) < 2 or not all(isinstance(text, str) for text in value.values()):
        raise ArgumentError(
            f"questions: {where}: choices must be a list of 2 to 26 texts, or an object of letter and text"
        )
    letters = [str(letter).strip().upper() for letter in value]
    if any(letter not in string.ascii_uppercase or len(letter) != 1 for letter in letters):
        raise ArgumentError(f"questions: {where}: choices are labelled {', '.join(value)}; use single letters A to Z")
    return tuple(zip(letters, value.values(), strict=True))


def _letter(reference: str, choices: tuple[tuple[str, str], ...], where: str) -> str:
    for letter, text in choices:
        if reference.strip() in (text.strip(), letter, letter.lower()):
            return letter
    raise ArgumentError(
        f"questions: {where}: reference {reference!r} is none of the choices; give a letter or a choice's exact text"
    )


def _texts(value: object, name: str, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise ArgumentError(f"questions: {where}: {name} must be a text or a list of texts, none of them blank")
    return tuple(texts)


def _refuse_twins(questions: list[Question], places: list[str]) -> None:
    """No two questions may be the same, nor share an id: answers are found by content and shown by id."""
    for what in ("key", "id"):
        seen: dict[str, str] = {}
        for question, place in zip(questions, places, strict=True):
            name = getattr(question, what)
            if name in seen:
                shared = "asks the same" if what == "key" else f"has the same id {name!r}"
                raise ArgumentError(f"questions: {place} {shared} as {seen[name]}; remove or change one of them")
            seen[name] = place
