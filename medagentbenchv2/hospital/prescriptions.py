"""Medication orders: repeat prescriptions of long-term drugs, and what stays, infusions and operations need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from medagentbenchv2.fhir.rows import STATUSES, Rows
from medagentbenchv2.hospital.bits import Bits, Ints, Mask
from medagentbenchv2.hospital.causes import CAUSES
from medagentbenchv2.hospital.census import Census
from medagentbenchv2.hospital.encounters import Contacts, cross, thin
from medagentbenchv2.hospital.formulary import FORMULARY
from medagentbenchv2.hospital.interactions import ALTERNATIVES, AVOID, WITHHELD
from medagentbenchv2.hospital.problems import CHRONIC
from medagentbenchv2.hospital.rows import columns, join, take
from medagentbenchv2.hospital.stays import Stays
from medagentbenchv2.hospital.templates import Catalogue

_ACTIVE, _COMPLETED, _STOPPED = (STATUSES.index(status) for status in ("active", "completed", "stopped"))
_REPEATS = 30
"""Repeat prescriptions of a long-term drug in a whole chart, where there are visits enough."""


def prescriptions(census: Census, stays: Stays, contacts: Contacts, catalogue: Catalogue, bits: Bits, end: int) -> Rows:
    """All medication orders before `end`, thinned at random to their published number (active ones all stay)."""
    writer = _Writer(census, ~_barred(census), _templates(catalogue), bits)
    parts = [
        writer.long_term(contacts.of("clinic", "telephone")),
        writer.of_stays(stays, end),
        writer.of_contacts(contacts.of("emergency"), "emergency"),
        writer.of_contacts(contacts.of("infusion"), "chemotherapy_day"),
        writer.of_contacts(contacts.of("dialysis"), "dialysis"),
    ]
    rows = join(parts)
    rows = take(rows, rows.minute < end)
    active = np.flatnonzero(rows.status == _ACTIVE)
    return take(rows, thin(active, len(rows.minute), census.total("MedicationRequest"), bits))


@dataclass(frozen=True)
class _Writer:
    """Writes orders; every method returns them as rows."""

    census: Census
    allowed: Mask
    """(patient, drug)."""
    templates: Ints
    bits: Bits

    def choose(self, patient: Ints, reasons: dict[str, Mask]) -> tuple[Ints, Ints]:
        """(place, drug) pairs: what each of the patients gets, given which of the reasons hold for whom."""
        shares = _shares()
        miss = np.full((len(patient), len(FORMULARY)), 1000, dtype=np.int64)
        for reason, holds in reasons.items():
            if reason in shares:
                drugs, share = shares[reason]
                miss[:, drugs] = np.where(holds[:, None], miss[:, drugs] * (1000 - share) // 1000, miss[:, drugs])
        chosen = self.bits.chance((1000 - miss).ravel(), miss.size).reshape(miss.shape) & self.allowed[patient]
        for places in _alternatives():
            chosen[:, places] &= np.cumsum(chosen[:, places], axis=1) == 1
        return cross(chosen)

    def long_term(self, contacts: Contacts) -> Rows:
        census, bits = self.census, self.bits
        groups = {problem.group: census.group(problem.group) for problem in CHRONIC}
        takes = np.zeros((census.count, len(FORMULARY)), dtype=bool)
        takes[self.choose(np.arange(census.count), groups)] = True
        visits = np.bincount(contacts.patient, minlength=census.count)
        often = np.clip(_REPEATS * 1000 // np.maximum(visits, 1), 60, 900)
        place, drug = cross(takes[contacts.patient])
        chosen = bits.chance(often[contacts.patient[place]], len(place))
        patient, minute, drug = contacts.patient[place][chosen], contacts.minute[place][chosen], drug[chosen]
        order = np.lexsort((minute, drug, patient))
        patient, minute, drug = patient[order], minute[order], drug[order]
        last = np.ones(len(patient), dtype=bool)
        last[:-1] = (patient[1:] != patient[:-1]) | (drug[1:] != drug[:-1])
        current = last & bits.chance(850, len(last))
        status = np.where(current, _ACTIVE, np.where(bits.chance(880, len(last)) & ~last, _COMPLETED, _STOPPED))
        return columns(self.templates[drug], patient, minute + 12, status=status)

    def of_stays(self, stays: Stays, end: int) -> Rows:
        surgical = np.array([cause.care == "surgery" for cause in CAUSES])[stays.cause]
        reasons = {
            "stay": stays.end > stays.boarded,
            "icu": stays.stepped_down > stays.boarded,
            "surgery": surgical,
            **{
                group: stays.caused_by(group) for group in sorted({group for cause in CAUSES for group in cause.groups})
            },
        }
        stay, drug = self.choose(stays.patient, reasons)
        allowed = ~_withheld(stays)[stay, drug]
        stay, drug = stay[allowed], drug[allowed]
        length = np.maximum(stays.end - stays.boarded, 60)[stay]
        # What the cause itself or an operation calls for comes within hours, the rest as the stay goes on.
        urgent = {"surgery"}.union(*(cause.groups for cause in CAUSES))
        early = np.array([not urgent.isdisjoint(dict(item.uses)) for item in FORMULARY])[drug]
        length = np.where(early, np.minimum(length, 720), length)
        minute = stays.boarded[stay] + 20 + self.bits.below(1000, len(stay)) ** 2 * length // 2_000_000
        status = self._inpatient_status(drug, stays.end[stay] >= end, minute, end)
        return columns(self.templates[drug], stays.patient[stay], minute, status=status)

    def of_contacts(self, contacts: Contacts, reason: str) -> Rows:
        everyone = np.ones(len(contacts.patient), dtype=bool)
        place, drug = self.choose(contacts.patient, {reason: everyone})
        minute = contacts.minute[place] + self.bits.between(5, 120, len(place))
        return columns(self.templates[drug], contacts.patient[place], minute, status=_COMPLETED)

    def _inpatient_status(self, drug: Ints, ongoing: Mask, minute: Ints, end: int) -> Ints:
        once = np.array([item.timing == "Once" for item in FORMULARY])[drug]
        over = np.where(self.bits.chance(600, len(drug)), _STOPPED, _COMPLETED)
        running = ongoing & (self.bits.chance(650, len(drug)) | (minute > end - 6 * 60))
        return np.where(once, _COMPLETED, np.where(running, _ACTIVE, over))


def _barred(census: Census) -> Mask:
    """(patient, drug): what the patient must not have."""
    barred = np.zeros((census.count, len(FORMULARY)), dtype=bool)
    for places, groups in _avoided():
        barred[np.ix_(np.any([census.group(group) for group in groups], axis=0), places)] = True
    return barred


def _withheld(stays: Stays) -> Mask:
    """(stay, drug): what the cause of the stay forbids."""
    withheld = np.zeros((stays.count, len(FORMULARY)), dtype=bool)
    for word, groups in WITHHELD:
        withheld[np.ix_(np.any([stays.caused_by(group) for group in groups], axis=0), _places((word,)))] = True
    return withheld


@lru_cache(maxsize=1)
def _avoided() -> tuple[tuple[list[int], tuple[str, ...]], ...]:
    return tuple((_places((word,)), groups) for word, groups in AVOID)


@lru_cache(maxsize=1)
def _alternatives() -> tuple[list[int], ...]:
    return tuple(_places(words) for words in ALTERNATIVES)


def _places(words: tuple[str, ...]) -> list[int]:
    return [place for place, drug in enumerate(FORMULARY) if drug.text.startswith(words)]


@lru_cache(maxsize=1)
def _shares() -> dict[str, tuple[list[int], Ints]]:
    """By reason: the drugs that it calls for, and in how many thousandths."""
    shares: dict[str, dict[int, int]] = {}
    for place, drug in enumerate(FORMULARY):
        for reason, share in drug.uses:
            shares.setdefault(reason, {})[place] = share
    return {reason: (list(drugs), np.array(list(drugs.values()), dtype=np.int64)) for reason, drugs in shares.items()}


def _templates(catalogue: Catalogue) -> Ints:
    return np.array([catalogue.place("MedicationRequest", drug.text) for drug in FORMULARY], dtype=np.int64)
