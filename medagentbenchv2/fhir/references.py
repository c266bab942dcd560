"""Reference parameters: `S1`, `Patient/S1` and an absolute URL name the same target."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

_LONGEST = 512
"""Length of the references whose targets are kept: others come from nobody who means well."""


def target(reference: str) -> tuple[str, str]:
    """(type, id) of a reference as written; the type is empty when the reference names none."""
    return _kept_target(reference) if len(reference) <= _LONGEST else _target(reference)


def _target(reference: str) -> tuple[str, str]:
    plain = reference.partition("/_history/")[0].partition("?")[0]
    head, slash, id = plain.rpartition("/")
    if not slash:
        return "", plain
    return head.rpartition("/")[2], id


_kept_target = lru_cache(maxsize=8192)(_target)


@dataclass(frozen=True, slots=True)
class ReferenceMatcher:
    """The OR-ed values of one reference parameter."""

    targets: frozenset[tuple[str, str]]
    """(type, id); an empty type matches any."""

    @classmethod
    def of(cls, values: list[str], type: str) -> ReferenceMatcher:
        """Compile values; `type` is what an untyped value means ("" for any)."""
        found = (target(value) for value in values)
        return cls(frozenset((have or type, id) for have, id in found))

    def accepts(self, references: tuple[str, ...]) -> bool:
        """Whether any of the record's references names one of the targets."""
        return any(found in self.targets or ("", found[1]) in self.targets for found in map(target, references))

    def ids(self, type: str) -> frozenset[str]:
        """The ids that the values name within one type."""
        return frozenset(id for have, id in self.targets if have in ("", type))
