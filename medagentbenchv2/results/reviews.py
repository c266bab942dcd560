"""What clinicians said about tasks: the share agreed with by family, and how far they agree with each other.

A task counts as agreed when everybody who judged it agrees; unsure is not agreement. Tasks, not verdicts, are counted:
two verdicts on one task are no two independent observations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.agreement import Agreement, among
from medagentbenchv2.results.statistics.proportion import Interval, wilson
from medagentbenchv2.tasks.review import VERDICTS, Review

AGREE, DISAGREE = VERDICTS[-1], VERDICTS[0]


@dataclass(frozen=True)
class Agreed:
    """Tasks that their reviewers agree with, among those judged."""

    family: str
    """A family's slug, or all."""
    tasks: int
    agreed: int
    verdicts: dict[str, int]
    """How often each verdict was given."""

    @property
    def interval(self) -> Interval:
        """The share with Wilson's 95 % interval."""
        interval = wilson(self.agreed, self.tasks)
        assert interval is not None, "a row stands for at least one task"
        return interval


@dataclass(frozen=True)
class Reviewed:
    """Everything that reviews say."""

    rows: tuple[Agreed, ...]
    """By family, in the order of the file; the last one is all."""
    remarks: tuple[Review, ...]
    """What is not agreed with, or has a comment, by task."""
    between: tuple[Agreement, ...]
    """Each pair of reviewers, and all together where there are more than two; empty for one."""
    unjudged: int
    """Rows without a verdict."""

    def to_json(self) -> dict[str, Any]:
        """JSON-able data."""
        return {
            "agreed": [asdict(row) | {"interval": asdict(row.interval)} for row in self.rows],
            "remarks": [asdict(review) for review in self.remarks],
            "between_reviewers": [asdict(one) for one in self.between],
            "unjudged": self.unjudged,
        }


def summarise(reviews: Sequence[Review], unjudged: int = 0) -> Reviewed:
    """Count, compare and list.

    Raises ArgumentError where there is no verdict, or where several reviewers are to be compared without statsmodels.
    """
    if not reviews:
        raise ArgumentError(f"files: none of {unjudged} rows has a verdict; write one of {', '.join(VERDICTS)} in each")
    families = list(dict.fromkeys(review.family for review in reviews))
    by_family = [_agreed(family, [r for r in reviews if r.family == family]) for family in families]
    said: dict[str, dict[Any, str]] = {}
    for review in reviews:
        said.setdefault(review.reviewer, {})[review.task_id] = review.verdict
    order = {task_id: place for place, task_id in enumerate(dict.fromkeys(r.task_id for r in reviews))}
    remarks = [review for review in reviews if review.comment or review.verdict != AGREE]
    return Reviewed(
        rows=(*by_family, _agreed("all", reviews)),
        remarks=tuple(sorted(remarks, key=lambda review: order[review.task_id])),
        between=tuple(among(said, "verdict", VERDICTS)) if len(said) > 1 else (),
        unjudged=unjudged,
    )


def _agreed(family: str, reviews: Iterable[Review]) -> Agreed:
    given = sorted(reviews, key=lambda review: review.task_id)
    tasks = [{one.verdict for one in group} for _, group in groupby(given, key=lambda review: review.task_id)]
    counts = Counter(review.verdict for review in given)
    return Agreed(
        family=family,
        tasks=len(tasks),
        agreed=sum(verdicts == {AGREE} for verdicts in tasks),
        verdicts={verdict: counts[verdict] for verdict in VERDICTS},
    )
