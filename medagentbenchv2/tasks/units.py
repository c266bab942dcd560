"""The unit that a family answers in, and what a reading of another unit is worth in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum

from medagentbenchv2.chart import Reading
from medagentbenchv2.grading.answer import EXACT, Number, none_found

CONVERTED = 0.05
"""Tolerance of a reading that had to be converted."""


@dataclass(frozen=True)
class Scale:
    """Readings of one analyte, brought to one unit."""

    unit: str
    worth: Mapping[str, float] = field(default_factory=dict)
    """Other unit -> what 1 of it is in `unit`."""

    def value(self, reading: Reading) -> float:
        """The reading in `unit`; a unit that is neither named nor listed is taken for it."""
        return reading.value * self.worth.get(reading.unit, 1.0)

    def mean(self, readings: Iterable[Reading]) -> float | None:
        """The arithmetic mean in `unit`, or None of no readings."""
        values = [self.value(reading) for reading in readings]
        return fsum(values) / len(values) if values else None

    def number(self, reading: Reading | None) -> Number:
        """The answer item that names a reading, -1 for none; a converted one is read to +-0.05."""
        if reading is None:
            return none_found()
        return Number(value=self.value(reading), tolerance=CONVERTED if reading.unit in self.worth else EXACT)


GLUCOSE = Scale("mg/dL", {"mmol/L": 18.0})
MAGNESIUM = Scale("mg/dL", {"mmol/L": 2.43})
