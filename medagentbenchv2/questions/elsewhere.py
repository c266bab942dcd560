"""Answers that were produced elsewhere: a folder of .txt or .md files, one per question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.answerer import Asking, ModelUnavailableError, Record
from medagentbenchv2.questions.config import AnswerFolder
from medagentbenchv2.questions.question import Question

SUFFIXES = (".txt", ".md")
# 7, 007, q7, question_7, answer-7.
_NUMBER = re.compile(r"(?:q|question|a|answer)?[ _\-]*0*([0-9]+)", re.IGNORECASE)


class FolderAnswerer:
    """Reads the answers of one folder; a file belongs to the question whose id or number its name is."""

    def __init__(self, model: AnswerFolder, asking: Asking) -> None:
        self.model = model
        self.asking = asking

    async def answer(self, questions: Sequence[Question], record: Record) -> None:
        """Take in every question's file; one without a file, or with a blank one, is a failure."""
        if not self.model.path.is_dir():
            raise ModelUnavailableError(f"path: there is no folder {self.model.path}")
        files = answer_files(self.model.path)
        for question in questions:
            found = _files_of(question, files)
            if len(found) > 1:
                names = ", ".join(path.name for path in found)
                reason = f"{names} could all be its answer; keep one"
                record(self.asking.failed(question, reason, "no_answer"), question)
                continue
            text = found[0].read_text(encoding="utf-8-sig", errors="replace") if found else ""
            if text.strip():
                record(self.asking.answered(question, text.strip()), question)
            else:
                reason = f"{found[0].name} is blank" if found else f"{self.model.path} has no file for it"
                record(self.asking.failed(question, reason, "no_answer"), question)


def answer_files(folder: Path) -> list[Path]:
    """The answer files of a folder, by name; where a .txt and an .md share a name, the .txt."""
    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES and path.is_file()]
    texts = {path.stem for path in files if path.suffix.lower() == ".txt"}
    return [path for path in files if path.suffix.lower() == ".txt" or path.stem not in texts]


def answer_folders(path: Path, name: str | None = None) -> list[AnswerFolder]:
    """The models of a folder: itself where it holds answer files, else each folder in it that does.

    Raises ArgumentError where there is none, or where one name is given to several.
    """
    if not path.is_dir():
        raise ArgumentError(f"import: there is no folder {path}")
    if answer_files(path):
        found = [path]
    else:
        found = [folder for folder in sorted(path.iterdir()) if folder.is_dir() and answer_files(folder)]
    if not found:
        raise ArgumentError(f"import: {path} holds no .txt or .md files, nor folders of them")
    if name and len(found) > 1:
        raise ArgumentError(f"model: {name!r} can't name the {len(found)} folders in {path}; import them one by one")
    return [AnswerFolder(model=name or folder.resolve().name, path=folder) for folder in found]


def _files_of(question: Question, files: Sequence[Path]) -> list[Path]:
    named = question.id != str(question.number)
    by_id = [path for path in files if named and path.stem == question.id]
    if by_id:
        return by_id
    numbers = [(path, _NUMBER.fullmatch(path.stem)) for path in files]
    return [path for path, match in numbers if match and int(match[1]) == question.number]
