"""How the tests of this room ask: a question file, hosted models on the test's own server, a run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from medagentbenchv2.questions import ModelSummary, ask_blocking, make_config
from medagentbenchv2.questions.store import read_lines
from tests.model_server import ModelServer


def write_questions(path: Path, questions: Iterable[str | dict[str, Any]]) -> Path:
    """A questions.jsonl of texts or whole rows."""
    rows = [{"question": item} if isinstance(item, str) else item for item in questions]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def hosted(server: ModelServer, name: str = "org/model", **settings: Any) -> dict[str, Any]:
    """A hosted model on the test's server."""
    return {"kind": "openai", "model": name, "base_url": server.base_url, "max_retries": 0, **settings}


def run(
    folder: Path, models: list[dict[str, Any]], questions: Iterable[Any] | None = None, **settings: Any
) -> list[ModelSummary]:
    """Ask within a folder: questions.jsonl (written anew where given) to answers/."""
    path = folder / "questions.jsonl"
    if questions is not None:
        write_questions(path, questions)
    plan = {"questions": path, "out": folder / "answers", "folder": folder, "models": models, **settings}
    return ask_blocking(make_config("test", plan))


def rows(folder: Path, model: str = "org_model", name: str = "answers.jsonl") -> list[dict[str, Any]]:
    """What a model's folder has in answers.jsonl or errors.jsonl."""
    return read_lines(folder / "answers" / model / name)


def numbered(folder: Path, model: str = "org_model") -> dict[str, str]:
    """The numbered answer files and their text."""
    files = (folder / "answers" / model).glob("[0-9]*.txt")
    return {path.name: path.read_text(encoding="utf-8") for path in files}
