"""An answer and a failure as they are kept: one line each in answers.jsonl and errors.jsonl."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

TRUNCATED = frozenset({"length", "max_tokens", "model_length"})
"""Finish reasons by which a provider says that it stopped at a limit, not at the answer's end."""


@dataclass(frozen=True)
class Answer:
    """What one model gave to one question."""

    question_key: str
    settings_key: str
    """Model, sampling and persona that it was given under."""
    number: int
    """The question's place in the list when it was asked; later lists may place it elsewhere."""
    id: str
    text: str | None
    """None for an encoder."""
    finish_reason: str | None = None
    """The provider's word; None where it is not known, as for answers produced elsewhere."""
    truncated: bool | None = None
    """Whether the answer stops at a limit; None where it is not known."""
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    latency_s: float | None = None
    """Seconds; of a local batch, the batch's seconds divided by its size."""
    cost: float | None = None
    """US dollars, as the provider states them or by the price in the config; None where neither is known."""
    model: str = ""
    revision: str | None = None
    """What exactly answered: the provider's own name for the model, or the commit of a local one."""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    persona: str | None = None
    date: str = ""
    """ISO 8601, UTC."""
    retries: int = 0
    reasoning: str | None = None
    """What a reasoning model thought before it answered, where the provider shows it."""
    embedding: tuple[float, ...] | None = None
    """An encoder's vector."""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """An answer read back; entries of other versions are left aside."""
        known = {part.name for part in fields(cls)}
        kept = {name: value for name, value in row.items() if name in known}
        if kept.get("embedding") is not None:
            kept["embedding"] = tuple(kept["embedding"])
        return cls(**kept)


@dataclass(frozen=True)
class Failure:
    """Why a question, or a whole model, has no answer."""

    question_key: str | None
    """None: the model as a whole could not be asked."""
    settings_key: str
    number: int | None
    id: str | None
    reason: str
    """One line."""
    kind: str
    """unavailable, context_length, no_answer or endpoint."""
    date: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """A failure read back."""
        known = {part.name for part in fields(cls)}
        return cls(**{name: value for name, value in row.items() if name in known})
