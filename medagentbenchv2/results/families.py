"""Which family a row belongs to, and how reports call it. Names come from the family registry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from medagentbenchv2.results.rows import Row

EDITIONS = {"new_patient_tasks": "v2", "new_tasks": "v2", "test_data_v2": "v1"}
"""Variant -> the edition whose numbering its task ids follow; `generated` names families itself."""
PLACES = {"v2": 0, "v1": 1}
"""Edition -> its place in reports; others after."""
_TASK_ID = re.compile(r"task(\d+)(?:_|$)")


class Registered(Protocol):
    """What a report needs of a registered family."""

    @property
    def slug(self) -> str:
        """Its name in code."""
        ...

    @property
    def number(self) -> int:
        """Its number within its edition."""
        ...

    @property
    def edition(self) -> str:
        """`v1`, `v2` or `own`."""
        ...

    @property
    def kind(self) -> str:
        """`query` or `action`."""
        ...

    @property
    def title(self) -> str:
        """A short description."""
        ...


@dataclass(frozen=True)
class Group:
    """A family as it stands in tables and plots."""

    key: str
    """The Task column: task<N> in the numbered variants, else the slug."""
    title: str
    """The Description column; empty for a family that the registry does not know."""
    kind: str
    """query, action, or empty where unknown."""
    slug: str
    order: tuple[int, int, str]
    """Sorts as the registry does: by edition, then number."""

    @property
    def label(self) -> str:
        """Number and description, for axes; the description alone where the key is only its slug."""
        if self.key == self.slug:
            return self.title or self.key
        return f"{self.key} {self.title}".strip()


def load_families() -> dict[str, Registered]:
    """The registered families by slug."""
    from medagentbenchv2.tasks.registry import FAMILIES

    return dict(FAMILIES)


class Catalogue:
    """Sorts the rows of one variant into families."""

    def __init__(self, variant: str, families: Mapping[str, Registered]) -> None:
        """Take the variant, whose edition settles what task3 means, and the registered families by slug."""
        self.edition = EDITIONS.get(variant)
        self.by_slug = dict(families)
        self.by_number = {f.number: f for f in families.values() if f.edition == self.edition}

    def group(self, row: Row) -> Group:
        """The family of a row: the one it names, else the one of its task id's number."""
        match = _TASK_ID.match(row.task_id)
        registered = self.by_slug.get(row.family or "") or (self.by_number.get(int(match[1])) if match else None)
        if registered is not None:
            numbered = self.edition is not None and registered.edition == self.edition
            key = f"task{registered.number}" if numbered else registered.slug
            order = (PLACES.get(registered.edition, len(PLACES)), registered.number, registered.slug)
            return Group(key, registered.title, registered.kind, registered.slug, order)
        key = row.family or (f"task{match[1]}" if match else row.task_id.rpartition("_")[0] or row.task_id)
        return Group(key, "", "", key, (2, int(match[1]) if match else 0, key))


def sort_groups(groups: Iterable[Group]) -> list[Group]:
    """Each group once, in the registry's order."""
    return sorted(set(groups), key=lambda group: group.order)
