"""What every face reports of an ended rollout: the verdict that pays, and metrics of weight 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from medagentbenchv2.fhir.ehr import Write
from medagentbenchv2.grading.expectation import Expectation, Profile
from medagentbenchv2.grading.fields import Category
from medagentbenchv2.grading.judge import judge
from medagentbenchv2.grading.verdict import Status, Verdict
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.tasks.task import Task


@dataclass(frozen=True)
class Ended:
    """What is left of a rollout when it has ended: all that is judged and measured."""

    task: Task
    expectations: dict[Profile, Expectation]
    writes: Sequence[Write]
    answer: list[Any] | None
    status: Status
    calls: int
    invalid_calls: int

    @classmethod
    def of(cls, rollout: Rollout) -> Ended:
        """A rollout as it stands; one that was never ended counts as `no_finish`."""
        status = rollout.status or "no_finish"
        writes, calls, invalid = rollout.ehr.writes, rollout.calls, rollout.invalid_calls
        return cls(rollout.task, rollout.expectations, writes, rollout.answer, status, calls, invalid)

    def verdict(self, profile: Profile) -> Verdict:
        """The judge's word under one profile."""
        return judge(self.expectations[profile], self.writes, self.answer, self.status, profile)


@dataclass(frozen=True)
class Score:
    """One ended rollout, judged under both profiles."""

    ended: Ended
    verdict: Verdict
    """Under the profile that pays the reward."""
    strict: Verdict
    published: Verdict

    def metrics(self) -> dict[str, float]:
        """Every metric by name."""
        return {name: metric(self) for name, metric in METRICS.items()}


def score(ended: Rollout | Ended, profile: Profile) -> Score:
    """Judge an ended rollout under both profiles; `profile` picks the one that pays."""
    end = ended if isinstance(ended, Ended) else Ended.of(ended)
    strict, published = end.verdict("strict"), end.verdict("published")
    return Score(end, strict if profile == "strict" else published, strict, published)


def _failed(group: str, category: str) -> Callable[[Score], float]:
    def metric(found: Score) -> float:
        return float(any(c.group == group and c.category == category for c in found.verdict.failed))

    metric.__doc__ = f"1.0 when a check of the verdict failed as {group}: {category}."
    return metric


def strict_reward(found: Score) -> float:
    """The reward under the strict profile."""
    return found.strict.reward


def published_reward(found: Score) -> float:
    """The reward under the published profile."""
    return found.published.reward


def query_success(found: Score) -> float:
    """The reward of a query task (divide its mean by that of query_task); 0.0 for an action task."""
    return found.verdict.reward * query_task(found)


def action_success(found: Score) -> float:
    """The reward of an action task (divide its mean by 1 - that of query_task); 0.0 for a query task."""
    return found.verdict.reward * (1.0 - query_task(found))


def query_task(found: Score) -> float:
    """1.0 for a task of a query family, 0.0 for an action family."""
    return float(found.ended.task.family.kind == "query")


def tool_calls(found: Score) -> float:
    """Tool calls made, malformed ones included."""
    return float(found.ended.calls)


def invalid_calls(found: Score) -> float:
    """Tool calls that were malformed: told to the agent, not executed."""
    return float(found.ended.invalid_calls)


def writes(found: Score) -> float:
    """Accepted writes."""
    return float(len(found.ended.writes))


METRICS: dict[str, Callable[[Score], float]] = {
    "strict_reward": strict_reward,
    "published_reward": published_reward,
    "query_success": query_success,
    "action_success": action_success,
    "query_task": query_task,
    "tool_calls": tool_calls,
    "invalid_calls": invalid_calls,
    "writes": writes,
    **{f"answer_{name}": _failed("answer", name) for name in ("missing", "wrong_length", "wrong_type", "wrong_value")},
    **{f"orders_{name}": _failed("orders", name) for name in get_args(Category)},
    **{
        f"protocol_{name}": _failed("protocol", name)
        for name in ("no_finish", "turn_limit", "context_limit", "invalid_action")
    },
}
"""Metric name -> function; every face reports the same ones."""
