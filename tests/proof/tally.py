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
        """Kinds down, families across would be too wide: a line per family, then a line per kind."""
        families, kinds = Counter[str](), Counter[str]()
        for (family, kind), number in self.counts.items():
            families[family] += number
            kinds[kind] += number
        lines = [f"{title}: {self.total}"]
        lines += [f"  {name:32}{number:8}" for name, number in families.items()]
        lines += ["by kind", *(f"  {name:32}{number:8}" for name, number in sorted(kinds.items()))]
        return "\n".join(lines)
