"""Choosing tasks by type: `task1` is exactly task1 (never task10), and slugs work everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from medagentbenchv2.errors import ArgumentError, not_among
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.task import Task


def split_types(task_types: str | Sequence[str] | None) -> list[str] | None:
    """Task types from a list, or from strings with commas; None for all. Raises ArgumentError for what is neither."""
    if task_types is None:
        return None
    if not isinstance(task_types, (str, list, tuple, set, frozenset)):
        raise ArgumentError(f"task_types: {task_types!r} is not a list; give one such as ['task1', 'task8']")
    given = [task_types] if isinstance(task_types, str) else list(task_types)
    return [part.strip() for item in given for part in str(item).split(",") if part.strip()] or None


def select(tasks: Iterable[Task], task_types: str | Sequence[str] | None, where: str) -> list[Task]:
    """The tasks whose type or family is named, in their own order; all of them for None.

    Raises ArgumentError for a name that no task here has, or that two families here share.
    """
    pool = list(tasks)
    wanted = split_types(task_types)
    if wanted is None:
        return pool
    by_name: dict[str, set[str]] = {}
    for task in pool:
        by_name.setdefault(task.family.task_type, set()).add(task.family.slug)
        by_name.setdefault(task.family.slug, set()).add(task.family.slug)
    slugs: set[str] = set()
    for name in wanted:
        if name in FAMILIES and name not in by_name:
            held = ", ".join(dict.fromkeys(task.family.slug for task in pool))
            raise ArgumentError(
                f"task_types: {where} holds no task of {name!r}, only of {held}; every family has tasks in the variant "
                "generated with a seed of 1 or more"
            )
        if name not in by_name:
            raise ArgumentError(f"{not_among('task_types', name, by_name)} (in {where})")
        if len(by_name[name]) > 1:
            raise ArgumentError(
                f"task_types: {name!r} names two families of {where}; use a slug: {', '.join(sorted(by_name[name]))}"
            )
        slugs |= by_name[name]
    return [task for task in pool if task.family.slug in slugs]


def select_families(task_types: str | Sequence[str] | None) -> tuple[str, ...]:
    """The slugs of all families, or of those named, in the registry's order.

    Raises ArgumentError for a name that no family has, or (task3) that two share.
    """
    wanted = split_types(task_types)
    if wanted is None:
        return tuple(FAMILIES)
    for name in wanted:
        if name not in FAMILIES:
            shared = [f.slug for f in FAMILIES.values() if f.task_type == name]
            hint = f" ({name} is {' or '.join(shared)})" if shared else ""
            raise ArgumentError(f"{not_among('task_types', name, FAMILIES)}{hint}")
    return tuple(slug for slug in FAMILIES if slug in wanted)
