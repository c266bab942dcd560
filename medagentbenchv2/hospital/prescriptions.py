"""Medication orders: repeat prescriptions of long-term drugs, and what stays, infusions and operations need."""

from __future__ import annotations

import numpy as np

from medagentbenchv2.fhir.rows import STATUSES, Rows
from medagentbenchv2.hospital.bits import Bits, Ints, Mask
from medagentbenchv2.hospital.causes import CAUSES
from medagentbenchv2.hospital.census import Census
from medagentbenchv2.hospital.encounters import Contacts, cross, thin
from medagentbenchv2.hospital.formulary import FORMULARY
from medagentbenchv2.hospital.problems import CHRONIC
from medagentbenchv2.hospital.rows import columns, join, take
from medagentbenchv2.hospital.stays import DAY, Stays
from medagentbenchv2.hospital.templates import Catalogue

_ACTIVE, _COMPLETED, _STOPPED = (STATUSES.index(status) for status in ("active", "completed", "stopped"))
_REPEATS = 13
"""Repeat prescriptions of a long-term drug in a whole chart, where there are visits enough."""

# Of each of these words' drugs a patient takes at most one at a time.
_ALTERNATIVES: tuple[tuple[str, ...], ...] = (
    ("LISINOPRIL", "LOSARTAN"), ("AMLODIPINE",), ("METOPROLOL", "CARVEDILOL"), ("FUROSEMIDE 40", "TORSEMIDE", "HYDROCHLOROTHIAZIDE"),
    ("ATORVASTATIN", "ROSUVASTATIN"), ("APIXABAN", "RIVAROXABAN", "WARFARIN", "DABIGATRAN", "ENOXAPARIN", "FONDAPARINUX", "DALTEPARIN", "HEPARIN (PORCINE) 5,000", "HEPARIN (PORCINE) 25,000"),
    ("METFORMIN",), ("PANTOPRAZOLE 40 MG TABLET", "OMEPRAZOLE", "FAMOTIDINE"), ("SERTRALINE", "ESCITALOPRAM", "BUPROPION"),
    ("OLANZAPINE", "RISPERIDONE", "CLOZAPINE", "ZIPRASIDONE", "CHLORPROMAZINE", "QUETIAPINE"),
    ("OXYCODONE", "HYDROCODONE", "HYDROMORPHONE 2 MG", "TRAMADOL"), ("CHOLECALCIFEROL", "ERGOCALCIFEROL"), ("ANASTROZOLE",),
    ("CEFTRIAXONE", "PIPERACILLIN", "CEFEPIME"), ("PACLITAXEL", "OXALIPLATIN", "PEMBROLIZUMAB"), ("IBUPROFEN", "KETOROLAC"),
    ("MORPHINE 4", "HYDROMORPHONE 1 MG"), ("PROPOFOL", "DEXMEDETOMIDINE"), ("CEPHALEXIN", "AMOXICILLIN", "NITROFURANTOIN"),
)  # fmt: skip
# Drugs that patients with a problem of these groups must not have.
_AVOID: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("METFORMIN", ("ckd4", "esrd")), ("EMPAGLIFLOZIN", ("esrd",)), ("HYDROCHLOROTHIAZIDE", ("ckd4", "esrd")), ("SPIRONOLACTONE", ("ckd4", "esrd")),
    ("LISINOPRIL", ("esrd",)), ("LOSARTAN", ("esrd",)), ("FUROSEMIDE 40", ("esrd",)), ("TORSEMIDE", ("esrd",)), ("POTASSIUM CHLORIDE", ("ckd4", "esrd")),
    ("IBUPROFEN", ("ckd", "ckd4", "esrd", "cirrhosis", "failure")), ("KETOROLAC", ("ckd", "ckd4", "esrd", "cirrhosis")), ("ENOXAPARIN", ("ckd4", "esrd")),
    ("NITROFURANTOIN", ("ckd4", "esrd")), ("DABIGATRAN", ("ckd4", "esrd")), ("MORPHINE", ("ckd4", "esrd")), ("MAGNESIUM", ("esrd",)), ("SODIUM BICARBONATE 650", ("esrd",)),
    ("ESTRADIOL", ("breast", "clot", "coronary")), ("BUPROPION", ("epilepsy",)), ("SUMATRIPTAN", ("coronary",)), ("METOPROLOL", ("asthma",)),
)  # fmt: skip


def prescriptions(
    census: Census, stays: Stays, contacts: Contacts, catalogue: Catalogue, bits: Bits, end: int
) -> Rows:
    """All medication orders before `end`, thinned at random to their published number (active ones all stay)."""
    parts = [
        _long_term(census, contacts, catalogue, bits),
        _of_stays(census, stays, catalogue, bits, end),
        _of_contacts(census, contacts.of("emergency"), "emergency", catalogue, bits),
        _of_contacts(census, contacts.of("infusion"), "chemotherapy_day", catalogue, bits),
        _of_contacts(census, contacts.of("dialysis"), "dialysis", catalogue, bits),
    ]
    rows = join(parts)
    rows = take(rows, rows.minute < end)
    active = np.flatnonzero(rows.status == _ACTIVE)
    return take(rows, thin(active, len(rows.minute), census.total("MedicationRequest"), bits))


def _long_term(census: Census, contacts: Contacts, catalogue: Catalogue, bits: Bits) -> Rows:
    groups = sorted({problem.group for problem in CHRONIC})
    shares = _shares(groups)
    miss = np.full((census.count, len(FORMULARY)), 1000, dtype=np.int64)
    for place, group in enumerate(groups):
        miss = np.where(census.group(group)[:, None], miss * (1000 - shares[place]) // 1000, miss)
    takes = _sensible(bits.chance((1000 - miss).ravel(), miss.size).reshape(miss.shape), census, np.arange(census.count))
    seen = contacts.of("clinic", "telephone")
    visits = np.bincount(seen.patient, minlength=census.count)
    often = np.clip(_REPEATS * 1000 // np.maximum(visits, 1), 60, 900)
    place, drug = cross(takes[seen.patient])
    chosen = bits.chance(often[seen.patient[place]], len(place))
    patient, minute, drug = seen.patient[place][chosen], seen.minute[place][chosen], drug[chosen]
    order = np.lexsort((minute, drug, patient))
    patient, minute, drug = patient[order], minute[order], drug[order]
    last = np.ones(len(patient), dtype=bool)
    last[:-1] = (patient[1:] != patient[:-1]) | (drug[1:] != drug[:-1])
    status = np.where(last, np.where(bits.chance(850, len(last)), _ACTIVE, _STOPPED), np.where(bits.chance(900, len(last)), _COMPLETED, _STOPPED))
    return columns(_templates(catalogue)[drug], patient, minute + 12, status=status)


def _of_stays(census: Census, stays: Stays, catalogue: Catalogue, bits: Bits, end: int) -> Rows:
    parts = []
    admitted = stays.end > stays.boarded
    intensive = stays.stepped_down > stays.boarded
    surgical = np.array([cause.care == "surgery" for cause in CAUSES])[stays.cause]
    groups = sorted({group for cause in CAUSES for group in cause.groups})
    for name, chosen, start, stop in (
        ("stay", admitted, stays.boarded, stays.end),
        ("icu", intensive, stays.boarded, stays.stepped_down),
        ("surgery", surgical, stays.boarded, stays.boarded + DAY),
        *((group, stays.caused_by(group), stays.start + 60, stays.end) for group in groups),
    ):
        index = np.flatnonzero(chosen)
        given = _given(name, census, stays.patient[index], bits)
        place, drug = cross(given)
        at = index[place]
        length = np.maximum(stop[at] - start[at], 60)
        minute = start[at] + bits.below(1000, len(at)) ** 2 * length // 2_000_000
        parts.append(columns(
            _templates(catalogue)[drug], stays.patient[at], minute,
            status=_inpatient_status(drug, stays.end[at] >= end, minute, bits, end),
        ))  # fmt: skip
    return join(parts)


def _inpatient_status(drug: Ints, ongoing: Mask, minute: Ints, bits: Bits, end: int) -> Ints:
    once = np.array([item.timing == "Once" for item in FORMULARY])[drug]
    over = np.where(bits.chance(600, len(drug)), _STOPPED, _COMPLETED)
    running = ongoing & (bits.chance(650, len(drug)) | (minute > end - 6 * 60))
    return np.where(once, _COMPLETED, np.where(running, _ACTIVE, over))


def _of_contacts(census: Census, contacts: Contacts, name: str, catalogue: Catalogue, bits: Bits) -> Rows:
    place, drug = cross(_given(name, census, contacts.patient, bits))
    minute = contacts.minute[place] + bits.between(5, 120, len(place))
    return columns(_templates(catalogue)[drug], contacts.patient[place], minute, status=_COMPLETED)


def _given(name: str, census: Census, patient: Ints, bits: Bits) -> Mask:
    shares = _shares([name])[0]
    chosen = bits.chance(np.tile(shares, len(patient)), len(patient) * len(shares)).reshape(len(patient), len(shares))
    return _sensible(chosen, census, patient)


def _sensible(chosen: Mask, census: Census, patient: Ints) -> Mask:
    """Drops what the patient must not have, and all but the first of alternatives."""
    texts = [drug.text for drug in FORMULARY]
    for word, groups in _AVOID:
        places = [place for place, text in enumerate(texts) if text.startswith(word)]
        barred = np.any([census.group(group)[patient] for group in groups], axis=0)
        chosen[np.ix_(barred, places)] = False
    for words in _ALTERNATIVES:
        places = [place for place, text in enumerate(texts) if text.startswith(words)]
        chosen[:, places] &= np.cumsum(chosen[:, places], axis=1) == 1
    return chosen


def _shares(names: list[str]) -> Ints:
    """(name, drug): thousandths."""
    return np.array([[dict(drug.uses).get(name, 0) for drug in FORMULARY] for name in names], dtype=np.int64)


def _templates(catalogue: Catalogue) -> Ints:
    return np.array([catalogue.place("MedicationRequest", drug.text) for drug in FORMULARY], dtype=np.int64)
