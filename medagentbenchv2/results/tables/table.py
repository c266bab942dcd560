"""A table as plain data, and how its cells are written."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

Cell = str | int | None


@dataclass(frozen=True)
class Table:
    """Headers and rows, ready for CSV; None is an empty cell."""

    name: str
    """File name without suffix."""
    about: str
    """One sentence for the README."""
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def to_csv(self) -> str:
        """The table as CSV with line feeds. Raises ValueError when a row and the headers differ in length."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.headers)
        for row in self.rows:
            if len(row) != len(self.headers):
                raise ValueError(f"{self.name}: a row of {len(row)} cells under {len(self.headers)} headers")
            writer.writerow(["" if cell is None else cell for cell in row])
        return buffer.getvalue()

    def records(self) -> list[dict[str, Cell]]:
        """The rows as objects, for JSON."""
        return [dict(zip(self.headers, row, strict=True)) for row in self.rows]


def percent(share: Fraction | float | None) -> str | None:
    """A share (0 to 1) as percent with one decimal, as the published tables have it."""
    return None if share is None else f"{float(share * 100) + 0.0:.1f}"


def decimals(value: float | None, places: int) -> str | None:
    """A number with fixed decimals."""
    return None if value is None else f"{value:.{places}f}"


def p_value(value: float) -> str:
    """A p value with three significant digits."""
    return f"{value:.3g}"


def names(labels: Sequence[str]) -> str:
    """Models that share a place, in one cell."""
    return "; ".join(labels)
