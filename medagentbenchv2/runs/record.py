"""One ended rollout as a row of runs.jsonl and as a trace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from medagentbenchv2.grading.verdict import Verdict
from medagentbenchv2.results.rows import Check, Failure, Row, Status
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.runs.player import Played
from medagentbenchv2.tasks.task import CANARY, Task


@dataclass(frozen=True)
class Record:
    """What is known of one rollout when it has ended."""

    index: int
    task: Task
    attempt: int
    played: Played
    rollout: Rollout | None
    """None when the EHR could not even be opened."""
    verdict: Verdict | None
    """None for an infrastructure error."""
    trouble: str | None
    """The infrastructure error, in one line."""
    seconds: float
    fingerprint: dict[str, str]

    def row(self) -> Row:
        """The rollout as a row; what the checks expected and found stands in the trace alone."""
        verdict, played = self.verdict, self.played
        checks = verdict.checks if verdict else ()
        return Row(
            index=self.index,
            task_id=self.task.id,
            status=Status(verdict.status) if verdict else Status.ERROR,
            correct=bool(verdict and verdict.correct),
            result=verdict.answer if verdict else None,
            num_turns=played.turns,
            time=datetime.now(UTC),
            attempt=self.attempt,
            family=self.task.family.slug,
            reward=verdict.reward if verdict else None,
            checks=[Check(name=c.name, passed=c.passed, group=c.group, category=c.category) for c in checks],
            failure=self._failure(),
            input_tokens=played.tokens("input_tokens"),
            cached_tokens=played.tokens("cached_tokens"),
            output_tokens=played.tokens("output_tokens"),
            latency_s=round(self.seconds, 4),
            cost=played.cost,
            fingerprint=self.fingerprint["run"],
        )

    def trace(self, model: str, variant: str) -> dict[str, Any]:
        """Everything that judging again needs, and what the agent read and said."""
        rollout, task = self.rollout, self.task
        expectations = rollout.expectations.items() if rollout else ()
        writes = rollout.ehr.writes if rollout else ()
        return {
            "task_id": task.id,
            "attempt": self.attempt,
            "family": task.family.slug,
            "variant": variant,
            "world": task.world,
            "model": model,
            "slots": task.slots.model_dump(mode="json"),
            "now": task.now.isoformat(),
            "ours": task.ours,
            "messages": self.played.messages,
            "tool_calls": rollout.calls if rollout else 0,
            "requests": self.played.requests,
            "writes": [{"method": w.method, "kind": w.kind, "id": w.id, "resource": w.resource} for w in writes],
            "expectation": {profile: e.model_dump(mode="json") for profile, e in expectations},
            "verdict": self.verdict.to_json() if self.verdict else {},
            "error": self.trouble,
            "fingerprint": self.fingerprint,
            "canary": CANARY,
        }

    def _failure(self) -> Failure | None:
        if self.trouble is not None:
            return Failure(level1="infrastructure", detail=self.trouble)
        failure = self.verdict.failure if self.verdict else None
        return Failure(level1=failure.group, level2=failure.category) if failure else None
