"""Counts by family and kind, as a table for people."""

from __future__ import annotations

from collections import Counter


class Tally:
    """How many of what."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def add(self, family: str, kind: str) -> None:
        """Count one."""
        self.counts[family, kind] += 1

    @property
    def total(self) -> int:
        """All of them."""
        return self.counts.total()

    def table(self, title: str) -> str:
        """A line per family with its kinds, then all families together."""
        families: dict[str, Counter[str]] = {}
        for (family, kind), number in self.counts.items():
            families.setdefault(family, Counter())[kind] += number
        everything = sum(families.values(), Counter[str]())
        rows = {**families, "all": everything}
        return "\n".join([title, *(f"  {name:22}{_line(kinds)}" for name, kinds in rows.items())])


def _line(kinds: Counter[str]) -> str:
    said = ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()))
    return f"{kinds.total():7}: {said}"
