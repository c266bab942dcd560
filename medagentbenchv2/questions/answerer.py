"""What every kind of model offers the run: answers and failures, one at a time, as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.questions.answer import Answer, Failure
from medagentbenchv2.questions.personas import Persona
from medagentbenchv2.questions.question import Question

Record = Callable[[Answer | Failure, Question], None]
"""Takes what has just come for a question; it is on disk when this returns."""


class ModelUnavailableError(InfrastructureError):
    """A whole model can't be asked (gated, missing, no memory, no key); one line, and the other models go on."""


class NoAnswerError(InfrastructureError):
    """The model answered, but there is nothing in it to keep."""


class Answerer(Protocol):
    """A model that can be asked."""

    async def answer(self, questions: Sequence[Question], record: Record) -> None:
        """Ask all questions, handing each outcome to `record`. Raises ModelUnavailableError."""


@dataclass(frozen=True)
class Asking:
    """Under which settings a model is asked: what its answers have in common."""

    model: str
    settings_key: str
    persona: Persona

    def answered(self, question: Question, text: str | None, **rest: Any) -> Answer:
        """An answer of now."""
        return Answer(
            question_key=question.key,
            settings_key=self.settings_key,
            number=question.number,
            id=question.id,
            text=text,
            model=self.model,
            persona=self.persona.name,
            date=now(),
            **rest,
        )

    def failed(self, question: Question | None, reason: str, kind: str) -> Failure:
        """A failure of now; without a question, of the whole model."""
        return Failure(
            question_key=question.key if question else None,
            settings_key=self.settings_key,
            number=question.number if question else None,
            id=question.id if question else None,
            reason=" ".join(reason.split()),
            kind=kind,
            date=now(),
        )


def now() -> str:
    """The time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
