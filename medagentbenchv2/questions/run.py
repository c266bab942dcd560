"""One run: every model is asked every question it has not answered yet, all models at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import filelock
import orjson

from medagentbenchv2.errors import ArgumentError, writing
from medagentbenchv2.questions.answer import Answer, Failure
from medagentbenchv2.questions.answerer import Answerer, Asking, ModelUnavailableError, now
from medagentbenchv2.questions.config import AnswerFolder, AskConfig, EncoderModel, GenerativeModel, HostedModel, Model
from medagentbenchv2.questions.hosted import HostedAnswerer
from medagentbenchv2.questions.question import Question, read_questions
from medagentbenchv2.questions.store import ASKED_FILE, ModelFolder, model_folders, status, write_file, write_json


class Progress(Protocol):
    """Is told how a run goes."""

    def begin(self, model: str, kept: int, total: int) -> None:
        """A model is about to be asked; `kept` of `total` questions are answered already."""

    def advance(self, model: str, outcome: Answer | Failure) -> None:
        """A question came to its end."""

    def unavailable(self, model: str, reason: str) -> None:
        """A model can't be asked."""


@dataclass(frozen=True)
class ModelSummary:
    """How one model stands after a run."""

    model: str
    folder: str
    kind: str
    persona: str
    questions: int
    kept: int
    """Answers that were there before."""
    answered: int
    """Answers there now, the truncated ones included."""
    truncated: int
    failed: int
    """Questions without an answer."""
    cost: float | None
    """US dollars of all current answers; None where unknown for any."""
    unavailable: str | None = None
    """Why the whole model could not be asked."""

    @property
    def well(self) -> bool:
        """Whether every question has an answer."""
        return self.failed == 0


async def ask(config: AskConfig, progress: Progress | None = None) -> list[ModelSummary]:
    """Ask, write below `config.out`, and say how each model stands, in the config's order.

    A model that fails leaves the others alone. What is answered already under the same model, sampling and persona is
    not asked again. Raises ArgumentError for a bad question list or a folder that another run is writing.
    """
    questions = read_questions(config.questions)
    with writing("out", config.out):
        config.out.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(config.out / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise ArgumentError(
            f"out: another run is writing to {config.out}; wait for it or choose another folder"
        ) from None
    try:
        write_file(config.out / ASKED_FILE, b"".join(orjson.dumps(q.row()) + b"\n" for q in questions))
        folders = [_claimed(config, model) for model in config.models]
        # Two local models at once would not fit into memory.
        local = asyncio.Lock()
        tasks = [
            _one(config, model, folder, questions, local, progress)
            for model, folder in zip(config.models, folders, strict=True)
        ]
        summaries = await asyncio.gather(*tasks)
        write_index(config.out, questions)
    finally:
        lock.release()
    return list(summaries)


def _asking(config: AskConfig, model: Model) -> Asking:
    return Asking(model.model, config.settings_key(model), config.persona_of(model))


def _claimed(config: AskConfig, model: Model) -> ModelFolder:
    folder = ModelFolder(config.out / model.folder, markdown=config.markdown)
    folder.claim(_description(model, _asking(config, model)))
    return folder


async def _one(
    config: AskConfig,
    model: Model,
    folder: ModelFolder,
    questions: Sequence[Question],
    local: asyncio.Lock,
    progress: Progress | None,
) -> ModelSummary:
    asking = _asking(config, model)
    before = folder.answers(asking.settings_key)
    # Answers made elsewhere are read anew each time: the files may have changed.
    known = {} if isinstance(model, AnswerFolder) else before
    to_ask = [question for question in questions if question.key not in known]
    kept = len(questions) - len(to_ask)
    folder.show_all(questions, asking.settings_key)
    if progress:
        progress.begin(model.title, kept, len(questions))

    def record(outcome: Answer | Failure, question: Question) -> None:
        if not (isinstance(outcome, Answer) and question.key in before and before[question.key].text == outcome.text):
            folder.record(outcome, question)
        if progress:
            progress.advance(model.title, outcome)

    unavailable = None
    try:
        if to_ask:
            await _answerer(model, asking, config.concurrency, local).answer(to_ask, record)
    except ModelUnavailableError as error:
        unavailable = str(error)
        folder.record(asking.failed(None, unavailable, "unavailable"), None)
        if progress:
            progress.unavailable(model.title, unavailable)
    folder.show_all(questions, asking.settings_key)
    return _summary(folder, model, asking, questions, kept, unavailable)


def _answerer(model: Model, asking: Asking, concurrency: int, local: asyncio.Lock) -> Answerer:
    """The right answerer; local ones are imported only when there is one."""
    if isinstance(model, HostedModel):
        return HostedAnswerer(model, asking, concurrency)
    if isinstance(model, GenerativeModel):
        from medagentbenchv2.questions.generative import GenerativeAnswerer

        return GenerativeAnswerer(model, asking, local)
    if isinstance(model, EncoderModel):
        from medagentbenchv2.questions.encoder import EncoderAnswerer

        return EncoderAnswerer(model, asking, local)
    from medagentbenchv2.questions.elsewhere import FolderAnswerer

    return FolderAnswerer(model, asking)


def _description(model: Model, asking: Asking) -> dict[str, Any]:
    # A header's value may be a secret; only its name is kept.
    spec = model.model_dump(mode="json", exclude={"headers", "persona", "name", "path"}, exclude_none=True)
    return {
        "name": model.title,
        **spec,
        "headers": sorted(getattr(model, "headers", {})),
        "persona": asking.persona.name,
        "persona_text": asking.persona.text,
        "settings_key": asking.settings_key,
        "package": version("medagentbenchv2"),
    }


def _summary(
    folder: ModelFolder, model: Model, asking: Asking, questions: Sequence[Question], kept: int, unavailable: str | None
) -> ModelSummary:
    known = folder.answers(asking.settings_key)
    current = [known[question.key] for question in questions if question.key in known]
    costs = [answer.cost for answer in current]
    return ModelSummary(
        model=model.title,
        folder=model.folder,
        kind=model.kind,
        persona=asking.persona.name,
        questions=len(questions),
        kept=kept,
        answered=len(current),
        truncated=sum(bool(answer.truncated) for answer in current),
        failed=len(questions) - len(current),
        cost=sum(cost for cost in costs if cost is not None) if None not in costs and costs else None,
        unavailable=unavailable,
    )


def write_index(out: Path, questions: Sequence[Question]) -> None:
    """index.json of the run's folder: every model in it, also of earlier runs, and how far each has come."""
    models = []
    for folder in model_folders(out):
        described = folder.description
        answers, failures = folder.answers(described["settings_key"]), folder.failures(described["settings_key"])
        states = [status(answers.get(q.key), failures.get(q.key) or failures.get(None)) for q in questions]
        counts = {state: states.count(state) for state in ("answered", "truncated", "error", "missing")}
        models.append({"folder": folder.path.name, **{n: described[n] for n in ("name", "kind", "persona")}, **counts})
    listed = [{"number": q.number, "id": q.id, "key": q.key} for q in questions]
    write_json(out / "index.json", {"written": now(), "questions": listed, "models": models})


def ask_blocking(config: AskConfig, progress: Progress | None = None) -> list[ModelSummary]:
    """`ask` for callers without an event loop."""
    return asyncio.run(ask(config, progress))


__all__ = ["ModelSummary", "Progress", "ask", "ask_blocking", "write_index"]
