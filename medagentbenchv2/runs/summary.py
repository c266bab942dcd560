"""summary.json: the published tool's keys, then ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from medagentbenchv2.results.rows import Row, Status
from medagentbenchv2.results.statistics.proportion import wilson
from medagentbenchv2.results.statistics.repeats import pass_hat_k

WILSON = "Wilson 95 %, these tasks, one attempt each"
BY_REPORT = (
    "none here: with repeated attempts the interval is a bootstrap of tasks, which `medagentbenchv2 report` makes "
    "(pip install 'medagentbenchv2[report]')"
)


def summarise(
    model: str, rows: Iterable[Row], planned: int, fingerprint: dict[str, str], retried: Iterable[Row] = ()
) -> dict[str, Any]:
    """The figures of a run; infrastructure errors are counted and stand outside every denominator.

    `total` counts the rows that there are, `planned` those that were asked for: they differ when a run was cut short.
    Tokens and cost are those of the scored rows; `spent` adds those of infrastructure errors, of the present ones and
    of those that `retried` holds because a later attempt took their place.
    """
    every, again = list(rows), list(retried)
    scored = [row for row in every if row.scored]
    correct = sum(row.correct for row in scored)
    counts = {status: sum(row.status is status for row in every) for status in Status}
    return {
        "model": model,
        "total": len(every),
        "completed": counts[Status.COMPLETED],
        "correct": correct,
        "invalid_action": counts[Status.INVALID_ACTION],
        "limit_reached": counts[Status.LIMIT_REACHED],
        "context_limit": counts[Status.CONTEXT_LIMIT],
        "error": counts[Status.ERROR],
        "no_finish": counts[Status.NO_FINISH],
        "task_breakdown": _breakdown(scored, lambda row: row.task_id.rpartition("_")[0] or row.task_id),
        "elapsed_seconds": round(busy_seconds(every), 3),
        "accuracy": round(100 * correct / len(scored), 2) if scored else None,
        "planned": planned,
        "by_family": _breakdown(scored, lambda row: row.family or ""),
        **_ours(every, scored, correct),
        "spent": {**_bill([*every, *again]), "errors": counts[Status.ERROR] + len(again)},
        "fingerprint": fingerprint,
    }


def _ours(every: list[Row], scored: list[Row], correct: int) -> dict[str, Any]:
    tallies = tally(scored)
    attempts = max((row.attempt for row in every), default=1)
    once = all(total == 1 for _, total in tallies.values())
    interval = wilson(correct, len(scored)) if once else None
    return {
        "interval": [round(100 * interval.low, 2), round(100 * interval.high, 2)] if interval else None,
        "interval_method": WILSON if once else BY_REPORT,
        "pass_hat_k": {str(k): pass_hat_k(list(tallies.values()), k) for k in range(1, attempts + 1)},
        **_bill(scored),
    }


def _bill(rows: list[Row]) -> dict[str, float | None]:
    """Tokens and US dollars of some rows; None where no row states them."""
    return {
        "input_tokens": _sum(row.input_tokens for row in rows),
        "cached_tokens": _sum(row.cached_tokens for row in rows),
        "output_tokens": _sum(row.output_tokens for row in rows),
        "cost": _sum(row.cost for row in rows),
    }


def busy_seconds(rows: Iterable[Row]) -> float:
    """Seconds during which at least one of the rollouts was under way.

    So a resumed run counts the time of all its parts and none of the pauses between them, and rollouts that ran side
    by side count once.
    """
    ends = [(row.time.timestamp(), row.latency_s or 0.0) for row in rows if row.time is not None]
    total, until = 0.0, float("-inf")
    for start, end in sorted((end - seconds, end) for end, seconds in ends):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def tally(rows: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """Task id -> correct and all scored attempts."""
    counts: dict[str, tuple[int, int]] = {}
    for row in rows:
        correct, total = counts.get(row.task_id, (0, 0))
        counts[row.task_id] = (correct + row.correct, total + 1)
    return counts


def _breakdown(rows: list[Row], key: Callable[[Row], str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        entry = found.setdefault(key(row), {"total": 0, "correct": 0})
        entry["total"] += 1
        entry["correct"] += row.correct
    return found


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
