"""When what is measured: panels taken at visits and, around the clock, during stays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medagentbenchv2.hospital.bits import Bits, Ints, scattered_below
from medagentbenchv2.hospital.census import Census
from medagentbenchv2.hospital.panels import CADENCES, PANELS, PLACE, Cadence
from medagentbenchv2.hospital.stays import Stays
from medagentbenchv2.hospital.visits import VISITS, Visits
from medagentbenchv2.hospital.workload import DAY

SIZES = np.array([len(panel.codes) - ("SBP" in panel.codes) for panel in PANELS], dtype=np.int64)
"""Readings that a draw of each panel leaves in the chart (systolic and diastolic pressure make one)."""

_LOTS = sorted({cadence.lot or cadence.panel for cadence in CADENCES})
_NOWHERE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Draws:
    """Panels taken, as columns, in the order of PANELS."""

    panel: Ints
    patient: Ints
    minute: Ints
    stay: Ints
    """Index of the stay, -1 at a visit."""

    def take(self, index: Ints) -> Draws:
        """The draws that an index selects."""
        return Draws(self.panel[index], self.patient[index], self.minute[index], self.stay[index])


def draw(census: Census, stays: Stays, visits: Visits, key: int, bits: Bits, end: int) -> Draws:
    """Every draw before `end`, thinned at random to each patient's number of observations."""
    parts = [_ticks(cadence, census, stays, visits, key, end) for cadence in CADENCES]
    panel = np.concatenate([np.full(len(who), PLACE[c.panel]) for c, (who, _, _) in zip(CADENCES, parts, strict=True)])
    patient, minute, stay = (np.concatenate(column) for column in zip(*parts, strict=True))
    everything = Draws(panel, patient, minute, stay)
    return everything.take(_fitting(everything, census, bits))


def _fitting(draws: Draws, census: Census, bits: Bits) -> Ints:
    """Indices, by panel, of a random selection that leaves each patient the readings that the chart shall hold."""
    shuffled = np.argsort((draws.patient << 40) + bits.below(1 << 30, len(draws.patient)), kind="stable")
    patient = draws.patient[shuffled]
    running = np.cumsum(SIZES[draws.panel[shuffled]])
    first = np.searchsorted(patient, np.arange(census.count))
    before = np.concatenate([[0], running])[first][patient]
    kept = np.sort(shuffled[running - before <= census.observations[patient]])
    return kept[np.argsort(draws.panel[kept], kind="stable")]


def _ticks(
    cadence: Cadence, census: Census, stays: Stays, visits: Visits, key: int, end: int
) -> tuple[Ints, Ints, Ints]:
    """(patient, minute, stay) of one cadence's draws."""
    if cadence.setting in VISITS:
        patient, nominal, stay = _at_visits(cadence, census, visits)
        minute = nominal + cadence.later
    else:
        patient, nominal, stay, until = _in_stays(cadence, census, stays)
        minute = nominal
        if cadence.jitter:
            # Panels of one round share the same delay, because one needle draws them all.
            minute = nominal + scattered_below(cadence.jitter + 1, key, patient, nominal)
        end_of = np.minimum(until, end)
        inside = minute < end_of
        patient, nominal, stay, minute = patient[inside], nominal[inside], stay[inside], minute[inside]
    lot = _LOTS.index(cadence.lot or cadence.panel)
    chance = scattered_below(1000, key + 1 + lot, patient, nominal)
    taken = (chance >= cadence.past) & (chance < cadence.past + cadence.share) & (minute < end)
    return patient[taken], minute[taken], stay[taken]


def _at_visits(cadence: Cadence, census: Census, visits: Visits) -> tuple[Ints, Ints, Ints]:
    chosen = visits.kind == VISITS.index(cadence.setting)
    if cadence.only:
        chosen &= census.group(cadence.only)[visits.patient]
    patient, minute = visits.patient[chosen], visits.minute[chosen]
    return patient, minute, np.full(len(patient), -1, dtype=np.int64)


def _in_stays(cadence: Cadence, census: Census, stays: Stays) -> tuple[Ints, Ints, Ints, Ints]:
    """(patient, nominal minute, stay, end of that part of the stay) of every tick of the clock."""
    bounds = {
        "emergency": (stays.start, stays.boarded),
        "icu": (stays.boarded, stays.stepped_down),
        "ward": (stays.stepped_down, stays.end),
    }
    start, stop = bounds[cadence.setting]
    chosen = stop > start
    if cadence.only:
        chosen = chosen & (census.group(cadence.only)[stays.patient] | stays.caused_by(cadence.only))
    index = np.flatnonzero(chosen)
    if not len(index):
        return _NOWHERE, _NOWHERE, _NOWHERE, _NOWHERE
    anchor = start[index] - start[index] % DAY + cadence.at
    if cadence.setting == "emergency":
        anchor = start[index] + 6
    first = -((anchor - start[index]) // cadence.every)
    count = np.maximum((stop[index] - 1 - anchor) // cadence.every - first + 1, 0)
    owner = np.repeat(np.arange(len(index)), count)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    minute = anchor[owner] + (first[owner] + rank) * cadence.every
    stay = index[owner]
    return stays.patient[stay], minute, stay, stop[stay]
