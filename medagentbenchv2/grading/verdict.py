"""The judge's word on one rollout: named checks, each with what was expected and what was found."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from medagentbenchv2.grading.expectation import GRADING_VERSION, Profile

Status = Literal["completed", "no_finish", "limit_reached", "context_limit", "agent_invalid_action"]
"""How a rollout ended; an infrastructure error is never judged."""


class Check(BaseModel):
    """One thing that was looked at."""

    model_config = ConfigDict(frozen=True)
    name: str
    """`finish`, `answer`, or the order's label and field."""
    passed: bool
    group: Literal["answer", "orders", "protocol"]
    category: str | None = None
    """The failure category when it did not pass."""
    expected: Any = None
    found: Any = None


class Failure(BaseModel):
    """The primary failure: first level answer, orders, protocol; second level the category."""

    model_config = ConfigDict(frozen=True)
    group: Literal["answer", "orders", "protocol"]
    category: str


class Verdict(BaseModel):
    """All checks of one rollout under one profile."""

    model_config = ConfigDict(frozen=True)
    profile: Profile
    status: Status
    checks: tuple[Check, ...]
    answer: list[Any] | None
    """What `finish` was called with; None when it was not."""
    grading_version: str = GRADING_VERSION

    @property
    def correct(self) -> bool:
        """True when every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def reward(self) -> float:
        """1.0 when every check passed, else 0.0."""
        return 1.0 if self.correct else 0.0

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def failure(self) -> Failure | None:
        """The primary failure: how the rollout ended, then what was done to the chart, then what was said."""
        for group in ("protocol", "orders", "answer"):
            for check in self.failed:
                if check.group == group:
                    return Failure(group=check.group, category=check.category or group)
        return None

    def to_json(self) -> dict[str, Any]:
        """The verdict as JSON-able data, with reward and primary failure."""
        failure = self.failure
        return {
            **self.model_dump(mode="json"),
            "reward": self.reward,
            "failure": failure.model_dump() if failure else None,
        }
