"""What kind of patient each one is: archetype, problem list, constitution, and how large a chart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from medagentbenchv2.hospital.analytes import FACTORS
from medagentbenchv2.hospital.bits import Bits, Ints, Mask
from medagentbenchv2.hospital.people import Person
from medagentbenchv2.hospital.problems import ARCHETYPES, CHRONIC

PUBLISHED = {"Observation": 563_426, "Procedure": 124_969, "Condition": 74_821, "MedicationRequest": 21_991}
"""Records of the published hospital's 100 charts (MedAgentBench's EHR)."""

HEADROOM = {"Observation": 26, "Procedure": 0, "Condition": 0, "MedicationRequest": 17}
"""Thousandths by which the background exceeds the published totals: what families clear, more than they plant."""

_SHARES = (460, 140, 160, 140, 100)
_ORDER = ("outpatient", "surgical", "renal", "oncology", "critical")
"""Archetypes from those that young adults have to those that they rarely have, with thousandths of the patients."""

# Observations in a chart at the 0, 25, 50, 75 and 100 % quantiles of each archetype: half of all charts stay below
# 1,800 although the mean is 5,634, because a tenth of the patients spent months in intensive care.
_CHART_SIZES: dict[str, tuple[int, ...]] = {
    "outpatient": (320, 650, 1000, 1350, 1750),
    "renal": (1250, 2800, 4300, 6800, 10500),
    "oncology": (1250, 2800, 4500, 7500, 13000),
    "surgical": (650, 1500, 2900, 4300, 7500),
    "critical": (17000, 22000, 28000, 35000, 46000),
}

# Of each of these a patient has at most one.
_EXCLUSIVE: tuple[tuple[str, ...], ...] = (
    ("N18.31", "N18.4", "N18.6"),
    ("E11.9", "E11.22"),
    ("I10", "I12.9"),
    ("E78.5", "E78.2"),
    ("E66.9", "E66.01"),
    ("I50.22", "I50.32"),
    ("J44.9", "J45.909"),
    ("K70.30", "K76.0"),
    ("F20.9", "F31.9"),
    ("C50.911", "C61", "C34.90", "C18.9", "C25.9", "C83.30", "C90.00"),
)


_AGEING = {"ANEMIA": (60, 22), "PRESSURE": (45, 28), "NUTRITION": (65, -18), "HEART": (55, 18), "LUNG": (60, 10)}
"""By factor: the age from which on it changes, and by how many thousandths of a standard deviation a year."""
_FRAILTY = {"ANEMIA": 1300, "NUTRITION": -1200, "INFLAM": 500, "RENAL": 700, "LUNG": 300}
"""How patients who are prone to intensive care differ from others between their stays."""


@dataclass(frozen=True)
class Census:
    """The charted patients as columns, one entry a patient."""

    archetype: Ints
    """Index into ARCHETYPES."""
    male: Ints
    """0 for women, 1 for men."""
    birth: Ints
    """Birth date as days since 1970."""
    observations: Ints
    """How many observations the chart shall hold."""
    has: Mask
    """(patient, chronic problem): who has what."""
    constitution: Ints
    """(patient, factor): lasting deviation in thousandths of a standard deviation."""
    scale: int
    """Size of the charts in thousandths of the published ones."""

    @property
    def count(self) -> int:
        """How many patients."""
        return len(self.archetype)

    def group(self, name: str) -> Mask:
        """Who has a problem of this group."""
        return np.asarray(self.has[:, _group_members(name)].any(axis=1))

    def total(self, kind: str) -> int:
        """How many records of a kind all charts together shall hold."""
        return total(kind, self.count, self.scale)


def total(kind: str, count: int, scale: int) -> int:
    """How many records of a kind the background of `count` patients holds."""
    return PUBLISHED[kind] * (1000 + HEADROOM[kind]) // 1000 * count * scale // 100_000


def take_census(people: list[Person], bits: Bits, today: int, scale: int) -> Census:
    """Archetypes in fixed shares, problems by archetype, sex and age, chart sizes that add up to the published total.

    `today` counts days since 1970.
    """
    male = np.array([person.gender == "male" for person in people], dtype=np.int64)
    birth = np.array([person.birth_date.toordinal() for person in people], dtype=np.int64) - _EPOCH
    age = (today - birth) * 100 // 36525
    archetype = _archetypes(age, bits)
    has = _problem_lists(archetype, male, age, bits)
    sizes = _chart_sizes(archetype, bits, total("Observation", len(people), scale))
    return Census(archetype, male, birth, sizes, has, _constitution(has, archetype, age, bits), scale)


def _archetypes(age: Ints, bits: Bits) -> Ints:
    count = len(age)
    # The young stand in the front part of the queue, where outpatients and surgical patients are.
    part = np.where(age < 40, 40, np.where(age < 55, 75, 100))
    queue = np.argsort(bits.below(1_000_000, count) * part, kind="stable")
    ladder = np.cumsum(_SHARES)
    step = np.searchsorted(ladder, (np.arange(count) * 1000 + 500) // max(count, 1), side="right")
    names = np.array([ARCHETYPES.index(name) for name in _ORDER], dtype=np.int64)
    archetype = np.empty(count, dtype=np.int64)
    archetype[queue] = names[step]
    return archetype


def _chart_sizes(archetype: Ints, bits: Bits, total: int) -> Ints:
    count = len(archetype)
    weight = np.zeros(count, dtype=np.int64)
    for kind, name in enumerate(ARCHETYPES):
        members = np.flatnonzero(archetype == kind)
        if not len(members):
            continue
        knots = np.array(_CHART_SIZES[name], dtype=np.int64)
        place = (bits.order(len(members)) * 4000 + bits.below(4000, len(members))) // len(members)
        step, part = place // 1000, place % 1000
        weight[members] = (knots[step] * (1000 - part) + knots[step + 1] * part) // 1000
    sizes = weight * total // max(int(weight.sum()), 1)
    sizes[: total - int(sizes.sum())] += 1
    return sizes


def _problem_lists(archetype: Ints, male: Ints, age: Ints, bits: Bits) -> Mask:
    count = len(archetype)
    shares = np.array([problem.shares for problem in CHRONIC], dtype=np.int64)[:, archetype].T
    for place, problem in enumerate(CHRONIC):
        barred = (age < problem.ages[0]) | (age > problem.ages[1])
        if problem.sex != "any":
            barred |= male == (problem.sex == "female")
        shares[barred, place] = 0
    has = bits.chance(shares.ravel(), shares.size).reshape(shares.shape)
    for codes in _EXCLUSIVE:
        places = [_place(code) for code in codes]
        ladder = np.cumsum(shares[:, places], axis=1)
        draw = bits.below(np.maximum(ladder[:, -1], 1000), count)
        has[:, places] = (draw[:, None] < ladder) & (draw[:, None] >= ladder - shares[:, places])
    return _consistent(has, archetype)


def _consistent(has: Mask, archetype: Ints) -> Mask:
    """What follows from something else on the list, and what rules it out."""

    def column(code: str) -> Mask:
        return np.asarray(has[:, _place(code)])

    kidney = column("N18.31") | column("N18.4") | column("N18.6")
    for code in ("D63.1", "N25.81", "I12.9"):
        has[:, _place(code)] &= kidney
    has[:, _place("E11.9")] |= column("E11.22") & ~kidney
    has[:, _place("E11.22")] &= kidney
    # E11.9 means that there are no complications.
    for code in ("E11.65", "E11.42", "E11.319"):
        has[:, _place(code)] &= column("E11.22")
    has[:, _place("Z79.4")] &= column("E11.9") | column("E11.22")
    has[:, _place("I12.9")] |= column("I10") & kidney
    has[:, _place("I10")] &= ~kidney
    has[:, _place("Z99.2")] = column("N18.6")
    has[:, _place("Z94.0")] &= ~column("N18.6")
    has[:, _place("I12.0")] = column("I12.9") & column("N18.6")
    has[:, _place("I12.9")] &= ~column("N18.6")
    treated = archetype == ARCHETYPES.index("oncology")
    has[:, _place("Z51.11")] &= treated
    has[:, _place("D70.1")] &= column("Z51.11")
    solid = column("C34.90") | column("C18.9") | column("C25.9") | column("C50.911") | column("C61")
    for code in ("C78.7", "C79.51"):
        has[:, _place(code)] &= solid
    has[:, _place("C78.7")] &= ~column("C61")
    return has


def _constitution(has: Mask, archetype: Ints, age: Ints, bits: Bits) -> Ints:
    effects = np.zeros((len(CHRONIC), len(FACTORS)), dtype=np.int64)
    for place, problem in enumerate(CHRONIC):
        for name, size in problem.effects:
            effects[place, FACTORS.index(name)] += size
    severity = 700 + bits.below(600, len(has))
    own = bits.normal(len(has) * len(FACTORS)).reshape(len(has), len(FACTORS)) * 350 // 1000
    lasting = (has.astype(np.int64) @ effects) * severity[:, None] // 1000 + own
    for name, (from_age, size) in _AGEING.items():
        lasting[:, FACTORS.index(name)] += np.maximum(age - from_age, 0) * size
    for name, size in _FRAILTY.items():
        lasting[:, FACTORS.index(name)] += np.where(archetype == ARCHETYPES.index("critical"), size, 0)
    return lasting


_EPOCH = 719_163
"""Ordinal of 1970-01-01."""


@cache
def _place(code: str) -> int:
    return next(place for place, problem in enumerate(CHRONIC) if problem.code == code)


@cache
def _group_members(name: str) -> Ints:
    return np.array([place for place, problem in enumerate(CHRONIC) if problem.group == name], dtype=np.int64)
