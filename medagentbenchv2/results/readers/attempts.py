"""Numbering the rows of one task, so that a second row is never averaged in silently."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from medagentbenchv2.results.rows import Row


def number_by_order(rows: Iterable[Row]) -> list[Row]:
    """Rows that carry no attempt: the first row of a task is attempt 1, the second attempt 2, and so on."""
    seen: defaultdict[str, int] = defaultdict(int)
    numbered = []
    for row in rows:
        seen[row.task_id] += 1
        numbered.append(row.model_copy(update={"attempt": seen[row.task_id]}))
    return numbered


def settle(rows: Iterable[Row]) -> tuple[list[Row], int, int]:
    """Rows that carry their attempt, after retries: a later row replaces an infrastructure error of its attempt.

    Returns the rows, how many errors were retried, and how many rows repeat a scored attempt; those take the next free
    attempt number of their task.
    """
    kept: dict[tuple[str, int], Row] = {}
    retried = doubled = 0
    for row in rows:
        key = (row.task_id, row.attempt)
        if key in kept and kept[key].scored and row.scored:
            doubled += 1
            while key in kept:
                key = (key[0], key[1] + 1)
            row = row.model_copy(update={"attempt": key[1]})
        elif key in kept:
            retried += 1
            if kept[key].scored:
                continue
        kept[key] = row
    return list(kept.values()), retried, doubled
