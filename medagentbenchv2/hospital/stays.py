"""When patients are admitted: through the emergency department or for an operation, to intensive care, to a ward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from medagentbenchv2.hospital.bits import Bits, Ints, Mask
from medagentbenchv2.hospital.causes import CAUSES, Cause
from medagentbenchv2.hospital.census import Census
from medagentbenchv2.hospital.panels import Setting
from medagentbenchv2.hospital.problems import ARCHETYPES
from medagentbenchv2.hospital.workload import DAY, units

_SETTINGS: tuple[Setting, ...] = ("emergency", "ward", "icu")
_MEAN_WARD_DAYS = {"outpatient": 3, "renal": 4, "oncology": 5, "surgical": 4, "critical": 7}
_MEAN_ICU_DAYS = 6
_UNPLANNED = frozenset({"fracture", "appendicitis", "cholecystitis"})
"""Operations that nobody plans: their patients come through the emergency department."""
_STILL_THERE = {"outpatient": 20, "renal": 130, "oncology": 130, "surgical": 220, "critical": 400}
"""Thousandths of the patients whose last stay has not ended when the charts end."""


@dataclass(frozen=True)
class Stays:
    """Stays as columns, minutes since 1970. Emergency until `boarded`, ICU until `stepped_down`, then ward."""

    patient: Ints
    start: Ints
    boarded: Ints
    stepped_down: Ints
    end: Ints
    """Planned discharge, which may lie after the end of the charts."""
    cause: Ints
    """Index into CAUSES."""
    severity: Ints
    """Thousandths of the cause's usual severity."""

    @property
    def count(self) -> int:
        """How many stays."""
        return len(self.patient)

    def caused_by(self, group: str) -> Mask:
        """Which stays have this group of acute problems among their causes."""
        chosen = np.array([group in cause.groups for cause in CAUSES])
        return np.asarray(chosen[self.cause])


def admit(census: Census, bits: Bits, start: int, end: int) -> Stays:
    """All stays of all patients between two minutes."""
    need = {setting: units(census, setting).tolist() for setting in _SETTINGS}
    words = iter(bits.words(400 * census.count + 4000).tolist())
    rows: list[tuple[int, ...]] = []
    for patient in range(census.count):
        name = ARCHETYPES[int(census.archetype[patient])]
        episodes = _episodes(words, name, *(need[setting][patient] for setting in _SETTINGS))
        if not episodes:
            continue
        held = {group for cause in CAUSES if (group := cause.needs) and census.group(group)[patient]}
        here = next(words) % 1000 < _STILL_THERE[name]
        rows.extend(_place(words, patient, name, held, episodes, start, end, here))
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 7)
    return Stays(*(table[:, column] for column in range(7)))


def _episodes(words: Iterator[int], name: str, emergency: int, ward: int, icu: int) -> list[tuple[str, int, int]]:
    """(care, ICU minutes, ward minutes) of each episode, in random order."""
    icu_stays = (icu + 500) // 1000 and max(1, icu // (_MEAN_ICU_DAYS * 1000))
    stays = (ward + 300) // 1000 and max(1, ward // (_MEAN_WARD_DAYS[name] * 1000), icu_stays)
    icu_stays = min(icu_stays, stays)
    in_ward, in_icu = _parts(words, ward, stays), _parts(words, icu, icu_stays)
    episodes = [("icu", in_icu[k], in_ward[k]) for k in range(icu_stays)]
    episodes += [("ward", 0, in_ward[k]) for k in range(icu_stays, stays)]
    episodes += [("emergency", 0, 0)] * ((emergency + next(words) % 1000) // 1000)
    return [episode for _, _, episode in sorted((next(words), k, episode) for k, episode in enumerate(episodes))]


def _parts(words: Iterator[int], days: int, count: int) -> list[int]:
    """Thousandths of days, cut into `count` unequal parts, in minutes."""
    weights = [300 + next(words) % 1000 + next(words) % 1000 for _ in range(count)]
    return [days * DAY // 1000 * weight // sum(weights) for weight in weights]


def _place(
    words: Iterator[int],
    patient: int,
    name: str,
    held: set[str],
    episodes: list[tuple[str, int, int]],
    start: int,
    end: int,
    here: bool,
) -> list[tuple[int, ...]]:
    slot = (end - start) // len(episodes)
    rows = []
    for place, (care, icu, ward) in enumerate(episodes):
        spread = max(slot - icu - ward - 2 * DAY, 1)
        at = start + place * slot + next(words) % spread
        cause = _cause(words, name, held, care, at)
        elective = CAUSES[cause].care == "surgery" and _UNPLANNED.isdisjoint(CAUSES[cause].groups)
        if place == len(episodes) - 1 and here and care != "emergency":
            at = end - (icu + ward) * (150 + next(words) % 700) // 1000
        at -= at % DAY
        if elective:
            at += 345 + next(words) % 90
            at -= max((at // DAY + 3) % 7 - 4, 0) * DAY
            boarded = at
        else:
            at += (120 + (next(words) % DAY + next(words) % DAY) // 2) % DAY
            boarded = at + 170 + next(words) % 260
        length = min(ward, max(slot - icu - 2 * DAY, DAY))
        done = boarded + icu + length
        if length:
            done = max(done - done % DAY + 640 + next(words) % 330, boarded + icu + 360)
        rows.append((patient, at, boarded, boarded + icu, done, cause, 600 + next(words) % 400 + next(words) % 400))
    return [row for row in rows if row[1] < end]


def _cause(words: Iterator[int], name: str, held: set[str], care: str, at: int) -> int:
    archetype = ARCHETYPES.index(name)

    def fits(cause: Cause) -> bool:
        kind = "ward" if cause.care == "surgery" else cause.care
        kind = "ward" if kind == "icu" and name != "critical" else kind
        return kind == care and at >= cause.since and (not cause.needs or cause.needs in held)

    weights = [cause.shares[archetype] if fits(cause) else 0 for cause in CAUSES]
    draw = next(words) % sum(weights)
    for place, weight in enumerate(weights):
        draw -= weight
        if draw < 0:
            return place
    raise AssertionError("weights add up to more than any draw")
