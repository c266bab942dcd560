"""The charts that were there before anybody planted anything."""

from __future__ import annotations

from medagentbenchv2.fhir.rows import Rows
from medagentbenchv2.hospital.bits import Bits
from medagentbenchv2.hospital.census import take_census
from medagentbenchv2.hospital.diagnoses import diagnoses
from medagentbenchv2.hospital.draws import draw
from medagentbenchv2.hospital.encounters import contacts
from medagentbenchv2.hospital.people import Person
from medagentbenchv2.hospital.physiology import physiology
from medagentbenchv2.hospital.prescriptions import prescriptions
from medagentbenchv2.hospital.procedures import procedures
from medagentbenchv2.hospital.readings import read
from medagentbenchv2.hospital.rows import chronological, join
from medagentbenchv2.hospital.stays import admit
from medagentbenchv2.hospital.templates import Catalogue
from medagentbenchv2.hospital.visits import visit
from medagentbenchv2.hospital.workload import DAY


def background(
    people: list[Person], catalogue: Catalogue, seed: int, number: int, end: int, scale: int, years: int
) -> Rows:
    """All records of all charted people, by type, patient and time.

    `end` is in minutes since 1970, `scale` in thousandths of the published size.
    """

    def bits(purpose: int) -> Bits:
        return Bits(seed, number, purpose)

    start = end - years * 36525 * DAY // 100
    key = int(bits(1).words(1)[0]) >> 1
    census = take_census(people, bits(2), end // DAY, scale)
    stays = admit(census, bits(3), start, end)
    visits = visit(census, stays, bits(4), start, end)
    draws = draw(census, stays, visits, key, bits(5), end)
    body = physiology(census, stays, key, bits(6), start, end)
    seen = contacts(stays, visits, end)
    return join([
        chronological(read(draws, body, catalogue, bits(7), end)),
        chronological(procedures(census, stays, seen, draws, catalogue, bits(8), start, end)),
        chronological(diagnoses(census, stays, seen, catalogue, bits(9), start, end), once=False),
        chronological(prescriptions(census, stays, seen, catalogue, bits(10), end)),
    ])  # fmt: skip
