"""How a patient's body changes over time: factors that all analytes share, which is why analytes move together.

A factor at a moment is the sum of the patient's constitution (with its slow progression), two noises that wander over
months and days, and the course of the stay: steep onset, slow recovery.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medagentbenchv2.hospital.analytes import FACTORS
from medagentbenchv2.hospital.bits import Bits, Ints, scatter
from medagentbenchv2.hospital.causes import CAUSES
from medagentbenchv2.hospital.census import Census
from medagentbenchv2.hospital.stays import Stays
from medagentbenchv2.hospital.workload import DAY

# Minutes between knots, standard deviation at the knots in thousandths.
_WANDERING: tuple[tuple[int, int], ...] = ((75 * DAY, 560), (3 * DAY, 560), (7 * 60, 320))
_SLOW = {"SUGAR": 450, "LIPID": 350, "BODY": 150, "THYROID": 450}
"""Factors that do not change within days, with the standard deviation of their change over months."""
_UNLIKE = {
    "KALEMIA": 1500, "WATER": 1500, "MAGNESIUM": 1500, "CALCIUM": 1000, "LIVER": 1500, "MARROW": 900, "COAG": 1000,
    "HEART": 700, "ACID": 900, "ANEMIA": 800, "SUGAR": 0, "LIPID": 0, "BODY": 0, "THYROID": 0,
}  # fmt: skip
"""Standard deviation of a factor's peak from stay to stay, in thousandths; 350 for those not named."""
_CLOCK, _CLOCK_PEAK = FACTORS.index("CLOCK"), 17 * 60
_TABLE = 1 << 14
_COURSE = np.array([820, 1000, 880, 700, 520, 380, 270, 190, 140], dtype=np.int64)
"""Severity, in thousandths of the peak, at every eighth of a stay."""


@dataclass(frozen=True)
class Physiology:
    """The factors of all patients at all times."""

    census: Census
    stays: Stays
    key: int
    normals: Ints
    """A table of standard normals in thousandths, from which the noises take their knots."""
    effects: Ints
    """(stay, factor): peak effect in thousandths of a standard deviation."""
    progression: Ints
    """(patient,): change of the constitution over the whole chart, in thousandths."""
    start: int
    end: int

    def at(self, factor: int, patient: Ints, minute: Ints, stay: Ints) -> Ints:
        """A factor's value, in thousandths of a standard deviation, for each (patient, minute, stay or -1)."""
        if factor == _CLOCK:
            return np.asarray(np.abs((minute - _CLOCK_PEAK) % DAY - DAY // 2) * 2000 // (DAY // 2) - 1000)
        elapsed = (minute - self.start) * 1000 // (self.end - self.start)
        base = self.census.constitution[patient, factor]
        value = base + base * ((elapsed - 700) * self.progression[patient] // 1000) // 1000
        slow = _SLOW.get(FACTORS[factor])
        octaves = _WANDERING if slow is None else ((_WANDERING[0][0], slow),)
        for octave, (spacing, size) in enumerate(octaves):
            value = value + self._noise(factor * 4 + octave, patient, minute, spacing) * size // 1000
        if self.stays.count and bool(self.effects[:, factor].any()):
            value = value + self._course(factor, minute, stay)
        return np.asarray(value)

    def _noise(self, strand: int, patient: Ints, minute: Ints, spacing: int) -> Ints:
        knot, within = minute // spacing, minute % spacing
        # Dense knots are worth looking up once; patients times knots is small against the number of readings.
        low, high = int(knot.min(initial=0)), int(knot.max(initial=0)) + 2
        count = self.census.count * (high - low)
        if count < 4 * len(minute):
            grid = self._knots(strand, np.arange(count) // (high - low), np.arange(count) % (high - low) + low)
            place = patient * (high - low) + knot - low
            left, right = grid[place], grid[place + 1]
        else:
            left, right = self._knots(strand, patient, knot), self._knots(strand, patient, knot + 1)
        return np.asarray(left + (right - left) * within // spacing)

    def _knots(self, strand: int, patient: Ints, knot: Ints) -> Ints:
        place = (scatter(self.key + strand, patient, knot) & np.uint64(_TABLE - 1)).astype(np.int64)
        return np.asarray(self.normals[place])

    def _course(self, factor: int, minute: Ints, stay: Ints) -> Ints:
        stays = self.stays
        length = np.maximum(stays.end - stays.start, 1)[stay]
        place = np.clip((minute - stays.start[stay]) * 8000 // length, 0, 7999)
        step, part = place // 1000, place % 1000
        course = (_COURSE[step] * (1000 - part) + _COURSE[step + 1] * part) // 1000
        return np.where(stay >= 0, self.effects[stay, factor] * course // 1000, 0)


def physiology(census: Census, stays: Stays, key: int, bits: Bits, start: int, end: int) -> Physiology:
    """The physiology of all patients between two minutes."""
    peak = np.zeros((len(CAUSES), len(FACTORS)), dtype=np.int64)
    for place, cause in enumerate(CAUSES):
        for name, size in cause.effects:
            peak[place, FACTORS.index(name)] = size
    effects = peak[stays.cause] * stays.severity[:, None] // 1000
    # What no cause explains: treatment, and that no two courses are alike.
    unlike = np.array([_UNLIKE.get(name, 350) for name in FACTORS], dtype=np.int64)
    effects += bits.normal(effects.size).reshape(effects.shape) * unlike // 1000
    progression = bits.between(-200, 450, census.count)
    return Physiology(census, stays, key, bits.normal(_TABLE), effects, progression, start, end)
