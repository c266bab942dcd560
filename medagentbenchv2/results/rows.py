"""One row of runs.jsonl: how a rollout ended and what was wrong with it."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator, model_validator


class Status(StrEnum):
    """How a rollout ended, as spelt on disk. Only `completed` can be correct under strict grading."""

    COMPLETED = "completed"
    INVALID_ACTION = "agent_invalid_action"
    LIMIT_REACHED = "limit_reached"
    CONTEXT_LIMIT = "context_limit"
    ERROR = "error"
    NO_FINISH = "no_finish"


PUBLISHED_STATUSES = {
    "agent invalid action": Status.INVALID_ACTION,
    "task limit reached": Status.LIMIT_REACHED,
    "agent context limit": Status.CONTEXT_LIMIT,
    "task error": Status.ERROR,
}
"""The published files' spelling -> ours."""

TAXONOMY: dict[str, tuple[str, ...]] = {
    "answer": ("missing", "wrong_length", "wrong_type", "wrong_value"),
    "orders": (
        "missing_order", "extra_order", "wrong_patient", "wrong_resource", "wrong_code", "wrong_status", "wrong_dose",
        "wrong_route", "wrong_time", "wrong_priority", "missing_note", "not_discontinued",
    ),
    "protocol": ("no_finish", "turn_limit", "invalid_action", "context_limit"),
    "infrastructure": (),
}  # fmt: skip
"""Failure categories, level 1 -> level 2."""

PROTOCOL_FAILURES = {
    Status.NO_FINISH: "no_finish",
    Status.LIMIT_REACHED: "turn_limit",
    Status.INVALID_ACTION: "invalid_action",
    Status.CONTEXT_LIMIT: "context_limit",
}
"""The protocol failure that a status means by itself."""


class Check(BaseModel):
    """One thing that the judge looked at."""

    model_config = ConfigDict(frozen=True)
    name: str
    passed: bool
    group: str | None = None
    category: str | None = None
    expected: Any = None
    found: Any = None


class Failure(BaseModel):
    """The primary failure of a rollout; the details are its failed checks."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)
    level1: str = Field(validation_alias=AliasChoices("level1", "group"))
    """answer, orders, protocol or infrastructure."""
    level2: str | None = Field(default=None, validation_alias=AliasChoices("level2", "category"))
    """The category within it, as in TAXONOMY."""
    detail: str | None = None
    """What happened, in words, where there is more to say than the category."""

    @field_validator("level1")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in TAXONOMY:
            raise ValueError(f"{value!r} is not a failure group; use one of {', '.join(TAXONOMY)}")
        return value


class Row(BaseModel):
    """One rollout. The first seven keys, in this order, are those of the published tool."""

    model_config = ConfigDict(frozen=True)
    index: int = Field(ge=0)
    task_id: str = Field(min_length=1)
    status: Status
    correct: bool
    result: list[Any] | None = None
    """What `finish` was called with; None when it was not, or when it is not a JSON list."""
    num_turns: int | None = Field(default=None, ge=0)
    time: datetime | None = None
    """When the rollout ended. Files of the published tool carry no offset: read as UTC."""
    attempt: int = Field(default=1, ge=1)
    family: str | None = None
    reward: float | None = None
    checks: list[Check] = Field(default_factory=list)
    failure: Failure | None = None
    input_tokens: int | None = Field(default=None, ge=0)
    """All prompt tokens, those read from the provider's cache included."""
    cached_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)
    latency_s: float | None = Field(default=None, ge=0)
    cost: float | None = Field(default=None, ge=0)
    """US dollars."""
    fingerprint: str | dict[str, str] | None = None
    """The run side's fingerprint, or both sides by name."""

    @field_validator("status", mode="before")
    @classmethod
    def _accept_published_spelling(cls, value: object) -> object:
        return PUBLISHED_STATUSES.get(value, value) if isinstance(value, str) else value

    @field_validator("time")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    @model_validator(mode="after")
    def _no_correct_error(self) -> "Row":
        if self.status is Status.ERROR and self.correct:
            raise ValueError("correct: an infrastructure error is never scored, so it cannot be correct")
        return self

    @property
    def scored(self) -> bool:
        """False for an infrastructure error, which is outside every denominator."""
        return self.status is not Status.ERROR

    @property
    def primary_failure(self) -> Failure | None:
        """Why the rollout failed, from the verdict or else from its status; None when it did not or nobody knows."""
        if self.correct:
            return None
        if self.failure is not None:
            return self.failure
        if self.status is Status.ERROR:
            return Failure(level1="infrastructure")
        if self.status in PROTOCOL_FAILURES:
            return Failure(level1="protocol", level2=PROTOCOL_FAILURES[self.status])
        return None

    def to_line(self) -> bytes:
        """The row as one line of runs.jsonl, newline included, keys in the order above."""
        return self.model_dump_json().encode() + b"\n"
