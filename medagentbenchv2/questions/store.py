"""One model's folder on disk: answers kept line by line under their content, and numbered files made from them.

answers.jsonl   one line per answer, appended and flushed as it comes; the only truth
errors.jsonl    one line per failure, apart from the answers; history, a later answer settles it
model.json      which model, settings and persona the current answers belong to
1.txt, 2.txt    the current list's answers by number (also .md with markdown; .npy for an encoder); made anew each run
index.json      number, id, key, file and status of each question of the current list
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.answer import Answer, Failure
from medagentbenchv2.questions.question import Question

MODEL_FILE = "model.json"
ASKED_FILE = "asked.jsonl"
"""The run's own copy of the current list; not questions.jsonl, which a user may keep in the same folder."""
_NUMBERED = re.compile(r"[0-9]+\.(txt|md|npy)")


def write_file(path: Path, content: bytes) -> None:
    """Write so that a reader sees the old file or the new one, never half of it; what is there already stays."""
    if path.is_file() and path.read_bytes() == content:
        return
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def write_json(path: Path, data: Any) -> None:
    """Write indented JSON, whole or not at all."""
    write_file(path, orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file; none where there is no file. A last line that a kill cut short is left out."""
    if not path.is_file():
        return []
    lines = path.read_bytes().split(b"\n")
    rows = []
    for number, line in enumerate(lines[:-1], 1):
        try:
            rows.append(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            raise ArgumentError(f"{path}:{number} is not JSON ({error}); mend or remove the line") from None
    return rows


def append_line(path: Path, row: Any) -> None:
    """Append one row in one write, after removing what a kill left of an unfinished one."""
    with path.open("ab+") as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
        file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


class ModelFolder:
    """The folder of one model within a run's folder."""

    def __init__(self, path: Path, *, markdown: bool = False) -> None:
        self.path = path
        self.markdown = markdown

    def claim(self, description: Mapping[str, Any]) -> None:
        """Make the folder, or take up our own again. Raises ArgumentError where it holds something else."""
        if self.path.exists() and not (self.path / MODEL_FILE).is_file() and any(self.path.iterdir()):
            raise ArgumentError(f"out: {self.path} holds other files; choose another folder")
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / MODEL_FILE, description)

    @property
    def description(self) -> dict[str, Any]:
        """What model.json says."""
        return dict(orjson.loads((self.path / MODEL_FILE).read_bytes()))

    def answers(self, settings_key: str) -> dict[str, Answer]:
        """The answers given under these settings, by question key; of two to one question the later."""
        rows = read_lines(self.path / "answers.jsonl")
        return {row["question_key"]: Answer.from_row(row) for row in rows if row["settings_key"] == settings_key}

    def failures(self, settings_key: str) -> dict[str | None, Failure]:
        """The last failure under these settings, by question key (None: of the whole model)."""
        rows = read_lines(self.path / "errors.jsonl")
        return {row["question_key"]: Failure.from_row(row) for row in rows if row["settings_key"] == settings_key}

    def record(self, outcome: Answer | Failure, question: Question | None) -> None:
        """Keep what has just come, and show an answer under its number."""
        name = "answers.jsonl" if isinstance(outcome, Answer) else "errors.jsonl"
        append_line(self.path / name, asdict(outcome))
        if isinstance(outcome, Answer) and question is not None:
            self._show(question, outcome)

    def show_all(self, questions: Sequence[Question], settings_key: str) -> None:
        """Make the numbered files and index.json anew for the current list."""
        answers, failures = self.answers(settings_key), self.failures(settings_key)
        shown = [(question, answers[question.key]) for question in questions if question.key in answers]
        current = {name for question, answer in shown for name in self._names(question, answer)}
        for path in self.path.iterdir():
            if _NUMBERED.fullmatch(path.name) and path.name not in current:
                path.unlink()
        index = []
        for question in questions:
            answer = answers.get(question.key)
            entry = {"number": question.number, "id": question.id, "question_key": question.key}
            file = self._show(question, answer) if answer else None
            index.append(
                {**entry, "file": file, "status": status(answer, failures.get(question.key) or failures.get(None))}
            )
        write_json(self.path / "index.json", index)
        self._show_embeddings(questions, answers)

    def _names(self, question: Question, answer: Answer) -> list[str]:
        """The numbered files of an answer, the answer itself first."""
        if answer.embedding is not None:
            return [f"{question.number}.npy"]
        return [f"{question.number}.txt", *([f"{question.number}.md"] if self.markdown else [])]

    def _show(self, question: Question, answer: Answer) -> str:
        name, *beside = self._names(question, answer)
        if answer.embedding is not None:
            np.save(self.path / name, np.asarray(answer.embedding, dtype=np.float32))
        else:
            write_file(self.path / name, as_text(answer).encode())
        for other in beside:
            write_file(self.path / other, as_markdown(question, answer).encode())
        return name

    def _show_embeddings(self, questions: Sequence[Question], answers: Mapping[str, Answer]) -> None:
        """An encoder's matrix of vectors and their cosine similarities, rows and columns in the list's order."""
        embedded = [(q.number, a.embedding) for q in questions if (a := answers.get(q.key)) and a.embedding is not None]
        if not embedded:
            return
        numbers = [number for number, _ in embedded]
        vectors = np.asarray([vector for _, vector in embedded], dtype=np.float32)
        similar = similarity(vectors)
        np.save(self.path / "embeddings.npy", vectors)
        np.save(self.path / "similarity.npy", similar)
        lines = [",".join(["question", *map(str, numbers)])]
        lines += [
            ",".join([str(n), *(f"{value:.6f}" for value in row)]) for n, row in zip(numbers, similar, strict=True)
        ]
        write_file(self.path / "similarity.csv", ("\n".join(lines) + "\n").encode())


def similarity(vectors: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Cosine similarity of each row with each: (n, d) to (n, n); a zero vector is similar to nothing."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    similar: np.ndarray[Any, np.dtype[np.float32]] = unit @ unit.T
    return similar


def status(answer: Answer | None, failure: Failure | None) -> str:
    """answered, truncated, error or missing."""
    if answer is not None:
        return "truncated" if answer.truncated else "answered"
    return "error" if failure is not None else "missing"


def truncation_note(answer: Answer) -> str | None:
    """The sentence that stands wherever a truncated answer is shown; None for a whole one."""
    if not answer.truncated:
        return None
    length = f" after {answer.output_tokens} tokens" if answer.output_tokens is not None else ""
    return f"[truncated{length}: the model stopped at its limit, this answer is not complete]"


def as_text(answer: Answer) -> str:
    """A numbered answer file: the text, and a last line that says so where it is truncated."""
    note = truncation_note(answer)
    return f"{(answer.text or '').rstrip()}\n" + (f"\n{note}\n" if note else "")


def as_markdown(question: Question, answer: Answer) -> str:
    """The same with the question above it and how it came about below."""
    choices = "".join(f"\n- {letter}. {text}" for letter, text in question.choices)
    facts = [
        ("model", answer.model),
        ("revision", answer.revision),
        ("persona", answer.persona),
        ("finish reason", answer.finish_reason),
        ("output tokens", answer.output_tokens),
        ("date", answer.date),
    ]
    footer = " · ".join(f"{name}: {value}" for name, value in facts if value not in (None, ""))
    head = f"# Question {question.number}\n\n{question.question}\n{choices}\n\n## Answer\n\n"
    return f"{head}{as_text(answer)}\n---\n\n{footer}\n"


def model_folders(out: Path) -> list[ModelFolder]:
    """The model folders of a run's folder, by name."""
    found: Iterable[Path] = out.iterdir() if out.is_dir() else ()
    return [ModelFolder(path) for path in sorted(found) if (path / MODEL_FILE).is_file()]
