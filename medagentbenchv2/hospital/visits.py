"""When patients come for a few hours or call: clinic, infusion, dialysis, telephone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medagentbenchv2.hospital.bits import Bits, Ints, Mask
from medagentbenchv2.hospital.census import Census
from medagentbenchv2.hospital.panels import Setting
from medagentbenchv2.hospital.stays import Stays
from medagentbenchv2.hospital.workload import DAY, units

VISITS: tuple[str, ...] = ("clinic", "infusion", "dialysis", "telephone")
"""Kinds of visit."""
_MEASURED: tuple[Setting, ...] = ("clinic", "infusion", "dialysis")
_CYCLES, _CYCLE = 6, 21 * DAY
"""Infusions come in courses of so many, so many minutes apart."""


@dataclass(frozen=True)
class Visits:
    """Visits as columns."""

    patient: Ints
    minute: Ints
    kind: Ints
    """Index into VISITS."""


def visit(census: Census, stays: Stays, bits: Bits, start: int, end: int) -> Visits:
    """All visits of all patients between two minutes, on working days and not during a stay."""
    often = [(units(census, setting) + bits.below(1000, census.count)) // 1000 for setting in _MEASURED]
    often.append(often[0] * 6 // 10 + census.observations // 900)
    everybody = np.arange(census.count)
    patients = [np.repeat(everybody, count) for count in often]
    spread = [_courses if name == "infusion" else _slots for name in VISITS]
    minute = np.concatenate([place(who, bits, start, end) for place, who in zip(spread, patients, strict=True)])
    patient = np.concatenate(patients)
    kind = np.repeat(np.arange(len(VISITS)), [len(who) for who in patients])
    day = minute // DAY
    # Saturdays and Sundays move to Friday; 1970 began on a Thursday.
    day -= np.maximum((day + 3) % 7 - 4, 0)
    minute = day * DAY + 480 + bits.below(90, len(day)) * 5 + bits.below(5, len(day))
    free = ~_during(stays, patient, minute) & (minute < end)
    order = np.lexsort((minute, patient))
    order = order[free[order]]
    return Visits(patient[order], minute[order], kind[order])


def _slots(patient: Ints, bits: Bits, start: int, end: int) -> Ints:
    """A minute in each of as many equal slots as the patient has visits."""
    count, rank = _ranks(patient)
    slot = (end - start) // count
    return start + rank * slot + bits.below(1000, len(patient)) * slot // 1000


def _courses(patient: Ints, bits: Bits, start: int, end: int) -> Ints:
    """Courses of regular cycles, each course in a slot of its own."""
    count, rank = _ranks(patient)
    course, cycle = rank // _CYCLES, rank % _CYCLES
    slot = (end - start) // ((count + _CYCLES - 1) // _CYCLES)
    room = np.maximum(slot - _CYCLES * _CYCLE, DAY)
    # All cycles of a course take the delay of its first one.
    delay = bits.below(1000, len(patient))[np.arange(len(patient)) - cycle]
    return np.asarray(start + course * slot + delay * room // 1000 + cycle * np.minimum(_CYCLE, slot // _CYCLES))


def _ranks(patient: Ints) -> tuple[Ints, Ints]:
    """How many visits the patient of each visit has, and which of them it is; patients are in order."""
    count = np.bincount(patient, minlength=1)[patient]
    return count, np.arange(len(patient)) - np.searchsorted(patient, patient)


def _during(stays: Stays, patient: Ints, minute: Ints) -> Mask:
    if not stays.count:
        return np.zeros(len(patient), dtype=bool)
    before = np.searchsorted((stays.patient << 32) + stays.start, (patient << 32) + minute, side="right") - 1
    last = np.maximum(before, 0)
    return np.asarray((before >= 0) & (stays.patient[last] == patient) & (minute < stays.end[last]))
