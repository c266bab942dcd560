"""When patients come: stays (emergency, intensive care, ward) and visits (clinic, infusion, dialysis, telephone).

How often is worked out backwards from the size of the chart: so many observations, of which the archetype spends this
share in that setting, at so many observations a day there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from medagentbenchv2.hospital.bits import Bits, Ints
from medagentbenchv2.hospital.causes import CAUSES, Cause
from medagentbenchv2.hospital.census import Census
from medagentbenchv2.hospital.panels import CADENCES, PANELS, PLACE, Setting
from medagentbenchv2.hospital.problems import ARCHETYPES

DAY = 1440
VISITS: tuple[str, ...] = ("clinic", "infusion", "dialysis", "telephone")
"""Kinds of visit."""

# Thousandths of a chart's observations by setting.
_MIX: dict[str, dict[Setting, int]] = {
    "outpatient": {"clinic": 800, "emergency": 80, "ward": 120},
    "renal": {"clinic": 390, "emergency": 70, "ward": 410, "dialysis": 130},
    "oncology": {"clinic": 160, "infusion": 420, "emergency": 60, "ward": 360},
    "surgical": {"clinic": 320, "emergency": 60, "ward": 620},
    "critical": {"clinic": 40, "emergency": 20, "ward": 330, "icu": 610},
}
_SURPLUS = 104
"""Per cent of what is needed: draws beyond the chart's size are dropped at random, as missed measurements are."""
_MEAN_WARD_DAYS = {"outpatient": 3, "renal": 4, "oncology": 5, "surgical": 4, "critical": 7}
_MEAN_ICU_DAYS = 6
_STILL_THERE = {"outpatient": 20, "renal": 130, "oncology": 130, "surgical": 220, "critical": 400}
"""Thousandths of the patients whose last stay has not ended when the charts end."""


@dataclass(frozen=True)
class Stays:
    """Stays as columns; times are minutes since 1970. Emergency until `boarded`, ICU until `stepped_down`, then ward."""

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

    def caused_by(self, group: str) -> np.ndarray:
        """Which stays have this group of acute problems among their causes."""
        chosen = np.array([group in cause.groups for cause in CAUSES])
        return np.asarray(chosen[self.cause])


@dataclass(frozen=True)
class Visits:
    """Visits as columns."""

    patient: Ints
    minute: Ints
    kind: Ints
    """Index into VISITS."""


def admit(census: Census, bits: Bits, start: int, end: int) -> Stays:
    """All stays of all patients between two minutes."""
    need = {setting: _units(census, setting).tolist() for setting in ("emergency", "ward", "icu")}
    words = iter(bits.words(400 * census.count + 4000).tolist())
    rows: list[tuple[int, ...]] = []
    for patient in range(census.count):
        name = ARCHETYPES[int(census.archetype[patient])]
        episodes = _episodes(words, name, *(need[setting][patient] for setting in ("emergency", "ward", "icu")))
        if not episodes:
            continue
        held = {group for cause in CAUSES if (group := cause.needs) and census.group(group)[patient]}
        here = next(words) % 1000 < _STILL_THERE[name]
        rows.extend(_place(words, patient, name, held, episodes, start, end, here))
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 7)
    return Stays(*(table[:, column] for column in range(7)))


def _units(census: Census, setting: Setting) -> Ints:
    """Thousandths of days (or of visits) that each patient spends in a setting."""
    rate = np.zeros(census.count, dtype=np.int64)
    for cadence in CADENCES:
        if cadence.setting != setting:
            continue
        codes = PANELS[PLACE[cadence.panel]].codes
        size = len(codes) - ("SBP" in codes)
        ticks = 1000 if not cadence.every else (300 if setting == "emergency" else DAY) * 1000 // cadence.every
        weight = census.group(cadence.only) * 1000 if cadence.only else 1000
        if cadence.only and not census.group(cadence.only).any():
            weight = 300
        rate += size * ticks * cadence.share // 1000 * weight // 1000
    share = np.array([_MIX[name].get(setting, 0) for name in ARCHETYPES], dtype=np.int64)[census.archetype]
    if setting == "dialysis":
        share = np.where(census.group("esrd"), share, 0)
    return census.observations * share * _SURPLUS * 10 // np.maximum(rate, 1)


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
    words: Iterator[int], patient: int, name: str, held: set[str], episodes: list[tuple[str, int, int]], start: int, end: int, here: bool
) -> list[tuple[int, ...]]:
    slot = (end - start) // len(episodes)
    rows = []
    for place, (care, icu, ward) in enumerate(episodes):
        spread = max(slot - icu - ward - 2 * DAY, 1)
        at = start + place * slot + next(words) % spread
        cause = _cause(words, name, held, care, at)
        elective = CAUSES[cause].care == "surgery" and not set(CAUSES[cause].groups) & {"fracture", "appendicitis", "cholecystitis"}
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


def visit(census: Census, stays: Stays, bits: Bits, start: int, end: int) -> Visits:
    """All visits of all patients between two minutes, on working days and not during a stay."""
    patients, kinds = [], []
    for kind, name in enumerate(VISITS):
        if name == "telephone":
            clinic = np.bincount(np.concatenate([who[what == 0] for who, what in zip(patients, kinds, strict=True)]), minlength=census.count)
            count = clinic * 6 // 10 + census.observations // 900
        else:
            count = (_units(census, name) + bits.below(1000, census.count)) // 1000  # type: ignore[arg-type]
        patients.append(np.repeat(np.arange(census.count), count))
        kinds.append(np.full(int(count.sum()), kind, dtype=np.int64))
    minute = np.concatenate([_spread(who, bits, start, end, kind[0] if len(kind) else 0) for who, kind in zip(patients, kinds, strict=True)])
    patient, kind = np.concatenate(patients), np.concatenate(kinds)
    day = minute // DAY
    day -= np.maximum((day + 3) % 7 - 4, 0)
    minute = day * DAY + 480 + bits.below(90, len(day)) * 5 + bits.below(5, len(day))
    free = ~_during(stays, patient, minute) & (minute < end)
    order = np.lexsort((minute, patient))
    order = order[free[order]]
    return Visits(patient[order], minute[order], kind[order])


def _spread(patient: Ints, bits: Bits, start: int, end: int, kind: int) -> Ints:
    """Minutes spread over the window, one in each of as many slots as the patient has visits."""
    count = np.bincount(patient, minlength=1)[patient]
    rank = np.arange(len(patient)) - np.searchsorted(patient, patient)
    if VISITS[kind] == "infusion":
        # Courses of six cycles three weeks apart, with pauses between the courses.
        rank, within = rank // 6, rank % 6
        slot = (end - start) // ((count + 5) // 6)
        room = np.maximum(slot - 6 * 21 * DAY, DAY)
        first = start + rank * slot + (bits.below(1000, len(patient))[np.searchsorted(patient * 1000 + rank, patient * 1000 + rank)] * room) // 1000
        return first + within * np.minimum(21 * DAY, slot // 6)
    slot = (end - start) // np.maximum(count, 1)
    return start + rank * slot + bits.below(1000, len(patient)) * slot // 1000


def _during(stays: Stays, patient: Ints, minute: Ints) -> np.ndarray:
    if not stays.count:
        return np.zeros(len(patient), dtype=bool)
    before = np.searchsorted((stays.patient << 32) + stays.start, (patient << 32) + minute, side="right") - 1
    last = np.maximum(before, 0)
    return (before >= 0) & (stays.patient[last] == patient) & (minute < stays.end[last])


