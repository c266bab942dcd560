"""Reading a run's folder back: every model's answer to a question, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.answer import Answer, Failure
from medagentbenchv2.questions.question import Question, read_questions, select
from medagentbenchv2.questions.store import ASKED_FILE, ModelFolder, model_folders, similarity, status


@dataclass(frozen=True)
class Response:
    """What one model has for one question: an answer, or why there is none."""

    model: str
    """The name it was given."""
    folder: str
    kind: str
    """openai, huggingface, encoder or folder."""
    answer: Answer | None
    failure: Failure | None

    @property
    def status(self) -> str:
        """answered, truncated, error or missing."""
        return status(self.answer, self.failure)

    @property
    def text(self) -> str | None:
        """The answer's text; None where there is none, as for an encoder."""
        return self.answer.text if self.answer else None

    @property
    def embedding(self) -> tuple[float, ...] | None:
        """An encoder's vector; None for everything else."""
        return self.answer.embedding if self.answer else None


@dataclass(frozen=True)
class Run:
    """A run's folder as it stands: its current questions, and each model's responses in the same order."""

    path: Path
    questions: tuple[Question, ...]
    models: tuple[dict[str, Any], ...]
    """The models' model.json, each with its `folder`."""
    responses: tuple[tuple[Response, ...], ...]
    """One row per question, one response per model in it."""

    def of(self, question: Question) -> tuple[Response, ...]:
        """Every model's response to a question."""
        return self.responses[question.number - 1]


def read_run(out: str | Path) -> Run:
    """Read the folder that a run wrote. Raises ArgumentError where it is none, or holds no model's answers."""
    path = Path(out)
    if not (path / ASKED_FILE).is_file():
        raise ArgumentError(f"out: {path} is not a folder that 'ask run' or 'ask import' wrote")
    questions = tuple(read_questions(path / ASKED_FILE))
    folders = model_folders(path)
    if not folders:
        raise ArgumentError(f"out: {path} holds no model's answers yet")
    columns = [_column(folder, questions) for folder in folders]
    return Run(
        path=path,
        questions=questions,
        models=tuple({"folder": folder.path.name, **folder.description} for folder in folders),
        responses=tuple(zip(*columns, strict=True)),
    )


def compare_responses(n: int | str, out: str | Path = "answers") -> list[Response]:
    """Every model's response to question `n` (number or id) of the run in `out`, models by folder name.

    Raises ArgumentError where there is no such run or question.
    """
    run = read_run(out)
    return list(run.of(select(run.questions, str(n))))


def nearest(run: Run, folder: str, question: Question, count: int = 3) -> list[tuple[Question, float]]:
    """An encoder's nearest other questions with their cosine similarity, nearest first."""
    import numpy as np

    place = [model["folder"] for model in run.models].index(folder)
    vectors = {q: row[place].embedding for q, row in zip(run.questions, run.responses, strict=True)}
    embedded = [(other, vector) for other, vector in vectors.items() if vector is not None]
    others = [other for other, _ in embedded]
    if question not in others:
        return []
    scores = similarity(np.asarray([vector for _, vector in embedded], dtype=np.float32))[others.index(question)]
    ranked = sorted(zip(others, scores.tolist(), strict=True), key=lambda pair: -pair[1])
    return [(other, score) for other, score in ranked if other != question][:count]


def _column(folder: ModelFolder, questions: Sequence[Question]) -> list[Response]:
    described = folder.description
    answers, failures = folder.answers(described["settings_key"]), folder.failures(described["settings_key"])
    whole = failures.get(None)
    return [
        Response(
            model=described["name"],
            folder=folder.path.name,
            kind=described["kind"],
            answer=(answer := answers.get(question.key)),
            failure=None if answer else failures.get(question.key) or whole,
        )
        for question in questions
    ]
