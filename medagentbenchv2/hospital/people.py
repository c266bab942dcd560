"""Who lives near the hospital: names, birth dates, MRNs, and the Patient resources that state them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.hospital.bits import Bits
from medagentbenchv2.hospital.names import AREA_CODES, COMMUNITIES, PLACES, STREET_KINDS, STREETS, Community

Gender = Literal["female", "male"]

PER_WORLD = 2000
"""Most people in one world: each world owns this many MRNs."""
LAST_WORLD = 10_000_000 // PER_WORLD - 1
"""Largest world number: S and seven digits name ten million people."""

# Multiplying by a number coprime to 10**7 permutes all MRNs, so worlds stay disjoint and MRNs look unordered.
_MRN_FACTOR, _MRN_SHIFT = 6_180_341, 2_718_281


@dataclass(frozen=True)
class Person:
    """One person whom the hospital knows."""

    index: int
    """Place in `Ward.people`."""
    mrn: str
    """Medical record number, which is also the logical id of the Patient resource."""
    family: str
    """Family name."""
    given: str
    """Given name."""
    gender: Gender
    """Administrative gender."""
    birth_date: date
    """Date of birth."""
    charted: bool
    """True when the hospital holds a chart; otherwise demographics only."""


@dataclass(frozen=True)
class Particulars:
    """What a Patient resource says beyond its Person."""

    community: Community
    """Decides race and ethnicity."""
    phone: str
    """Telephone number at home."""
    line: str
    """Street address."""
    place: tuple[str, str, str]
    """City, state and postal code."""


def mrn(number: int, index: int) -> str:
    """The medical record number of a world's person: `S` and seven digits, unlike any other world's.

    Raises ArgumentError for a world past the last one.
    """
    if not 0 <= number <= LAST_WORLD:
        raise ArgumentError(
            f"number: there is no world {number}; MRNs of seven digits leave room for worlds 0 to {LAST_WORLD}"
        )
    return f"S{((number * PER_WORLD + index) * _MRN_FACTOR + _MRN_SHIFT) % 10_000_000:07d}"


def populate(
    bits: Bits, *, number: int, today: date, patients: int, visitors: int
) -> tuple[list[Person], list[Particulars]]:
    """Everybody in a world, those with a chart first. Ages 58 +- 20, 18 to 96; 47 % female."""
    count = patients + visitors
    if not 0 <= count <= PER_WORLD:
        raise ArgumentError(f"patients, visitors: {patients} + {visitors} people; a world has room for {PER_WORLD}")
    shares = np.cumsum([community.share for community in COMMUNITIES])
    community_of = np.searchsorted(shares, bits.below(1000, count), side="right").tolist()
    age_days = bits.normal(count) * 20 * 36525 // 100_000 + 58 * 36525 // 100
    age_days = _reflect(age_days, 18 * 36525 // 100 + 7, 96 * 36525 // 100)
    female = _spread_share(bits, patients, 470) + _spread_share(bits, visitors, 470)
    names = zip(bits.below(1 << 20, count).tolist(), bits.below(1 << 20, count).tolist(), strict=True)
    digits = bits.below(1 << 30, count).tolist()
    people, particulars, known = [], [], set()
    for index, (family_draw, given_draw) in enumerate(names):
        community = COMMUNITIES[community_of[index]]
        family = community.families[family_draw % len(community.families)]
        pool = community.women if female[index] else community.men
        given = next(
            (
                name
                for name in (pool[(given_draw + step) % len(pool)] for step in range(len(pool)))
                if (family, name) not in known
            ),
            pool[given_draw % len(pool)],
        )
        known.add((family, given))
        born = today - timedelta(days=int(age_days[index]))
        gender: Gender = "female" if female[index] else "male"
        people.append(Person(index, mrn(number, index), family, given, gender, born, index < patients))
        particulars.append(_particulars(community, digits[index]))
    return people, particulars


def patient_resource(person: Person, particulars: Particulars) -> dict[str, Any]:
    """The FHIR Patient in the shape of the published server, without meta."""
    race, ethnicity = particulars.community.race, ("2186-5", "Non-Hispanic")
    if particulars.community.hispanic:
        ethnicity = ("2135-2", "Hispanic")
    city, state, code = particulars.place
    marker = {
        "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
        "code": "MR",
        "display": "Medical Record Number",
    }
    return {
        "resourceType": "Patient",
        "id": person.mrn,
        "extension": [_extension("race", "Race", *race), _extension("ethnicity", "Ethnicity", *ethnicity)],
        "identifier": [{"use": "usual", "type": {"coding": [marker]}, "value": person.mrn}],
        "name": [{"use": "official", "family": person.family, "given": [person.given]}],
        "telecom": [{"system": "phone", "value": particulars.phone, "use": "home"}],
        "gender": person.gender,
        "birthDate": person.birth_date.isoformat(),
        "address": [{"line": [particulars.line], "city": city, "state": state, "postalCode": code}],
    }


def other_given_name(person: Person, particulars: Particulars, taken: set[str]) -> str:
    """The first given name of the same gender that is neither this person's nor taken: of the same community, and of
    the largest one when that has no more.
    """
    for community in (particulars.community, COMMUNITIES[0]):
        pool = community.women if person.gender == "female" else community.men
        start = person.index % len(pool)
        for name in (*pool[start:], *pool[:start]):
            if name != person.given and name not in taken:
                return name
    raise ArgumentError(f"visitors: no given name is left for another {person.family}; plant fewer look-alikes")


def _extension(url: str, system: str, code: str, display: str) -> dict[str, Any]:
    coding = {"system": f"http://hl7.org/fhir/v3/{system}", "code": code, "display": display}
    return {
        "url": f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{url}",
        "valueCodeableConcept": {"coding": [coding]},
    }


def _particulars(community: Community, digits: int) -> Particulars:
    digits, area = divmod(digits, len(AREA_CODES))
    digits, place = divmod(digits, len(PLACES))
    digits, street = divmod(digits, len(STREETS))
    digits, kind = divmod(digits, len(STREET_KINDS))
    house = 10 + digits % 4990
    return Particulars(
        community=community,
        phone=f"{AREA_CODES[area]}-555-{digits * 7 % 10_000:04d}",
        line=f"{house} {STREETS[street]} {STREET_KINDS[kind]}",
        place=PLACES[place],
    )


def _spread_share(bits: Bits, count: int, permille: int) -> list[bool]:
    """Exactly the share of `count` (rounded), in random places."""
    chosen = (count * permille + 500) // 1000
    return [bool(rank < chosen) for rank in bits.order(count)]


def _reflect(values: Any, low: int, high: int) -> Any:
    """Values folded back into [low, high], so that no age piles up at an end."""
    values = np.where(values < low, 2 * low - values, values)
    values = np.where(values > high, 2 * high - values, values)
    return np.clip(values, low, high)
