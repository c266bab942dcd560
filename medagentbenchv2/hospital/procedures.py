"""Procedures: what was ordered and done at each contact, with each laboratory panel, and the vaccines of the years."""

from __future__ import annotations

import numpy as np

from medagentbenchv2.fhir.rows import STATUSES, Rows
from medagentbenchv2.hospital.bits import Bits, Ints
from medagentbenchv2.hospital.causes import CAUSES
from medagentbenchv2.hospital.census import Census
from medagentbenchv2.hospital.draws import Draws
from medagentbenchv2.hospital.encounters import Contacts, cross, thin
from medagentbenchv2.hospital.orders import ORDERABLES
from medagentbenchv2.hospital.panels import PANELS
from medagentbenchv2.hospital.rows import columns
from medagentbenchv2.hospital.stays import Stays
from medagentbenchv2.hospital.templates import Catalogue
from medagentbenchv2.hospital.workload import DAY

Event = tuple[Ints, Ints]
"""Patients and minutes of events of one sort."""
_FIRST_COVID_VACCINE = 26_845_920
"""Minute of 2021-01-15T00:00Z: nobody was vaccinated before."""

_ROUNDS = 640
"""Minutes of a day shift, within which whatever is done once a day is done."""
_FROM_AGE = {"90750": 50, "90677": 65, "45378": 45, "77080": 50, "77067": 40}
"""Age from which on a screening or a vaccine is recommended, by order code."""


def procedures(
    census: Census,
    stays: Stays,
    contacts: Contacts,
    draws: Draws,
    catalogue: Catalogue,
    bits: Bits,
    start: int,
    end: int,
) -> Rows:
    """All procedures before `end`, thinned at random to their published number (vaccines and operations all stay)."""
    parts = [*_rare(census, stays, catalogue, bits, start, end)]
    protected = sum(len(part[0]) for part in parts)
    parts += [*_with_panels(draws, catalogue, bits), *_at_contacts(census, stays, contacts, catalogue, bits)]
    template, patient, minute = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = thin(np.arange(protected), len(template), census.total("Procedure"), bits)
    old = minute // DAY - census.birth[patient] >= _least_age(catalogue)[template] * 36525 // 100
    kept = kept[(minute[kept] < end) & old[kept]]
    return columns(template[kept], patient[kept], minute[kept], status=STATUSES.index("completed"))


def _least_age(catalogue: Catalogue) -> Ints:
    """By template: years."""
    ages = np.zeros(len(catalogue.templates), dtype=np.int64)
    for code, years in _FROM_AGE.items():
        ages[catalogue.place("Procedure", code)] = years
    return ages


def _with_panels(draws: Draws, catalogue: Catalogue, bits: Bits) -> list[tuple[Ints, Ints, Ints]]:
    order = np.array(
        [catalogue.place("Procedure", panel.order) if panel.order else -1 for panel in PANELS], dtype=np.int64
    )
    share = np.array([panel.ordered if panel.order else 0 for panel in PANELS], dtype=np.int64)[draws.panel]
    ordered = bits.chance(share, len(draws.panel))
    return [(order[draws.panel[ordered]], draws.patient[ordered], draws.minute[ordered])]


def _at_contacts(
    census: Census, stays: Stays, contacts: Contacts, catalogue: Catalogue, bits: Bits
) -> list[tuple[Ints, Ints, Ints]]:
    icu, ward, clinic = contacts.of("icu"), contacts.of("ward"), contacts.of("clinic")
    women = census.male[clinic.patient] == 0
    occasions: dict[str, tuple[Contacts, int, int]] = {
        # occasion: its contacts, rounds at each of them, minutes between rounds
        "emergency": (contacts.of("emergency"), 1, 140),
        "ward": (ward, 1, _ROUNDS), "ward_shift": (ward, 3, 480),
        "icu": (icu, 1, _ROUNDS), "icu_shift": (icu, 4, 360),
        "ventilated": (icu.take(stays.caused_by("respiratory")[icu.stay]), 1, _ROUNDS),
        "clinic": (clinic, 1, 45), "women": (clinic.take(women), 1, 45),
        "cancer": (contacts.of("infusion"), 1, 200), "dialysis": (contacts.of("dialysis"), 1, 200),
    }  # fmt: skip
    return [
        _round(occasion, chosen.patient, _begin(chosen.minute, minutes) + turn * minutes, minutes, catalogue, bits)
        for occasion, (chosen, rounds, minutes) in occasions.items()
        for turn in range(rounds)
    ]


def _begin(minute: Ints, minutes: int) -> Ints:
    """When a round begins: at the contact, but what is done once a day waits for the morning."""
    return np.maximum(minute, minute - minute % DAY + 7 * 60) if minutes == _ROUNDS else minute


def _round(
    occasion: str, patient: Ints, minute: Ints, within: int, catalogue: Catalogue, bits: Bits
) -> tuple[Ints, Ints, Ints]:
    """Every order of an occasion, by its share, at a moment within so many minutes."""
    orders = [order for order in ORDERABLES if order.when == occasion]
    shares = np.array([order.share for order in orders], dtype=np.int64)
    place, order = cross(
        bits.chance(np.tile(shares, len(patient)), len(patient) * len(orders)).reshape(-1, len(orders))
    )
    templates = np.array([catalogue.place("Procedure", item.code) for item in orders], dtype=np.int64)
    return templates[order], patient[place], minute[place] + bits.below(max(within - 1, 1), len(place))


def _rare(
    census: Census, stays: Stays, catalogue: Catalogue, bits: Bits, start: int, end: int
) -> list[tuple[Ints, Ints, Ints]]:
    surgery = np.array([cause.care == "surgery" for cause in CAUSES])[stays.cause]
    parts = [_round("surgery", stays.patient[surgery], stays.boarded[surgery] + 60, 400, catalogue, bits)]
    years = (end - start) // (365 * DAY)
    everybody = np.arange(census.count)
    for year in range(years):
        # Vaccination weeks: the hundred days from late September on, counted back from the end of the charts.
        season = start + year * 365 * DAY
        season += (268 * DAY - season % (365 * DAY) + 12 * 365 * DAY) % (365 * DAY)
        patient = everybody[bits.chance(900, census.count)]
        when = (season // DAY + bits.below(100, len(patient))) * DAY + 540 + bits.below(400, len(patient))
        template, who, minute = _round("vaccine", patient, when, 20, catalogue, bits)
        early = (template == catalogue.place("Procedure", "COVIDVACCINE")) & (minute < _FIRST_COVID_VACCINE)
        kept = ~early & (minute < end)
        parts.append((template[kept], who[kept], minute[kept]))
    return parts
