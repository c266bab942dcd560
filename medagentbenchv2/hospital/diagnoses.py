"""Conditions: the problem list as each contact recorded it, and the acute diagnoses of stays."""

from __future__ import annotations

import numpy as np

from medagentbenchv2.fhir.rows import STATUSES, Rows
from medagentbenchv2.hospital.bits import Bits, Ints
from medagentbenchv2.hospital.causes import CAUSES
from medagentbenchv2.hospital.census import Census
from medagentbenchv2.hospital.encounters import KINDS, Contacts, cross, thin
from medagentbenchv2.hospital.problems import ACUTE, CHRONIC
from medagentbenchv2.hospital.rows import columns, join, take
from medagentbenchv2.hospital.stays import Stays
from medagentbenchv2.hospital.templates import Catalogue
from medagentbenchv2.hospital.workload import DAY

_RECORDED = {
    "clinic": 720,
    "telephone": 480,
    "infusion": 640,
    "dialysis": 560,
    "emergency": 450,
    "ward": 820,
    "icu": 860,
}
"""Thousandths of a patient's problems that a contact of each kind records."""
_AT_VISITS = {"Z00.00": 70, "Z23": 60, "Z79.899": 200}
"""Thousandths of the clinic visits at which these are recorded; they are no diseases."""
_CANCERS = ("C50.911", "C61", "C34.90", "C18.9", "C25.9", "C83.30", "C90.00")
_KIDNEY = ("N18.31", "N18.4", "N18.6")
# What begins no earlier than something else on the list; causes come before what follows from them.
_FOLLOWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    *((code, _CANCERS) for code in ("Z51.11", "D63.0", "C78.7", "C79.51", "G89.3")), ("D70.1", ("Z51.11",)),
    *((code, ("E11.22",)) for code in (*_KIDNEY, "E11.65", "E11.42", "E11.319")), ("Z79.4", ("E11.9", "E11.22")),
    *((code, _KIDNEY) for code in ("I12.9", "I12.0", "D63.1", "N25.81")), ("Z99.2", ("N18.6",)),
)  # fmt: skip


def diagnoses(
    census: Census, stays: Stays, contacts: Contacts, catalogue: Catalogue, bits: Bits, start: int, end: int
) -> Rows:
    """All conditions, thinned at random to their published number; each problem keeps one onset."""
    parts = [
        _chronic(census, contacts, catalogue, bits, start),
        _acute(census, stays, contacts, catalogue, bits, end),
    ]
    rows = join(parts)
    return take(rows, thin(None, len(rows.minute), census.total("Condition"), bits))


def _chronic(census: Census, contacts: Contacts, catalogue: Catalogue, bits: Bits, start: int) -> Rows:
    place, problem = cross(census.has[contacts.patient])
    patient, recorded = contacts.patient[place], contacts.minute[place]
    onset = _onsets(census, bits, start)[patient, problem]
    usual = np.array([_RECORDED[kind] for kind in KINDS], dtype=np.int64)[contacts.kind[place]]
    visit_only = np.array([_AT_VISITS.get(item.code, 0) for item in CHRONIC], dtype=np.int64)[problem]
    clinic = contacts.kind[place] == KINDS.index("clinic")
    share = np.where(visit_only > 0, np.where(clinic, visit_only, 0), usual)
    onset = np.where(visit_only > 0, recorded, onset)
    chosen = bits.chance(share, len(place)) & (onset <= recorded)
    templates = np.array([catalogue.place("Condition", item.code) for item in CHRONIC], dtype=np.int64)
    return columns(
        templates[problem[chosen]], patient[chosen], onset[chosen],
        status=STATUSES.index("active"), delay=(recorded - onset)[chosen],
    )  # fmt: skip


def _onsets(census: Census, bits: Bits, start: int) -> Ints:
    """Minute at which each problem of each patient began: mostly years before the chart, never too young."""
    shape = (census.count, len(CHRONIC))
    back = bits.between(-400, 3600, shape[0] * shape[1]).reshape(shape) * DAY
    # Cancers under treatment are recent.
    back[:, [_place(code) for code in _CANCERS]] //= 4
    youngest = np.array([problem.ages[0] for problem in CHRONIC], dtype=np.int64) * 36525 // 100
    earliest = (census.birth[:, None] + youngest) * DAY
    earliest = np.minimum(earliest, start)
    # Whoever would have been too young had it begin at any time since.
    later = earliest + bits.below(1000, back.size).reshape(shape) * (start - earliest) // 1000
    day = np.where(start - back < earliest, later, start - back) // DAY
    for after, befores in _FOLLOWS:
        for before in befores:
            place, cause = _place(after), _place(before)
            since = np.where(census.has[:, cause], day[:, cause], 0)
            day[:, place] = np.maximum(day[:, place], since)
    return np.asarray(day * DAY)


def _place(code: str) -> int:
    return [item.code for item in CHRONIC].index(code)


def _acute(census: Census, stays: Stays, contacts: Contacts, catalogue: Catalogue, bits: Bits, end: int) -> Rows:
    held = np.zeros((len(CAUSES), len(ACUTE)), dtype=bool)
    for row, cause in enumerate(CAUSES):
        held[row] = [item.group in cause.groups for item in ACUTE]
    inside = contacts.take(contacts.stay >= 0)
    # A stay has some of the diagnoses of its cause, always the first one.
    chosen = held[stays.cause] & bits.chance(700, stays.count * len(ACUTE)).reshape(stays.count, len(ACUTE))
    first = np.argmax(held, axis=1)[stays.cause]
    chosen[np.arange(stays.count), first] = True
    place, problem = cross(chosen[inside.stay])
    recorded = inside.minute[place] + bits.between(5, 200, len(place))
    stay = inside.stay[place]
    kept = bits.chance(800, len(place)) & (recorded < end)
    codes = [item.code for item in ACUTE]
    diastolic = census.has[:, _place("I50.32")][stays.patient[stay]]
    problem = np.where(diastolic & (problem == codes.index("I50.23")), codes.index("I50.33"), problem)
    onset = stays.start[stay]
    over = np.where(stays.end[stay] < end, STATUSES.index("resolved"), STATUSES.index("active"))
    templates = np.array([catalogue.place("Condition", item.code) for item in ACUTE], dtype=np.int64)
    return columns(
        templates[problem[kept]], inside.patient[place][kept], onset[kept],
        status=over[kept], delay=(recorded - onset)[kept],
    )  # fmt: skip
