"""A hospital under construction: families plant here what a branch needs, then it becomes records.

>>> ward = Ward.open(seed=0, number=0, end=now)
>>> ward.clear(ward.people[3], "MG")
>>> ward.observe(ward.people[3], "MG", now - timedelta(hours=2), 1.4)
>>> records = ward.records()
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from medagentbenchv2.errors import ArgumentError, not_among
from medagentbenchv2.fhir.rows import MISSING, STATUSES, Records, Rows
from medagentbenchv2.hospital.background import background
from medagentbenchv2.hospital.bits import Bits
from medagentbenchv2.hospital.people import Particulars, Person, other_given_name, patient_resource, populate
from medagentbenchv2.hospital.rows import KINDS, Planted, merge
from medagentbenchv2.hospital.templates import Catalogue, quantum

__all__ = ["Person", "Ward"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATUS = {status: place for place, status in enumerate(STATUSES)}


class Ward:
    """People, their background charts, and what has been taken out of them and planted in them since."""

    def __init__(
        self,
        people: list[Person],
        particulars: list[Particulars],
        catalogue: Catalogue,
        rows: Rows,
        end: int,
        labels: dict[str, str],
    ) -> None:
        self._people = people
        self._particulars = particulars
        self._catalogue = catalogue
        self._rows = rows
        self._labels = labels
        self._end = end
        self._cleared: set[tuple[int, int]] = set()
        self._planted: dict[int, list[Planted]] = {}
        self._spare = [person.index for person in people if not person.charted][::-1]
        self._texts: dict[tuple[str, ...], tuple[int, tuple[int, ...]]] = {}

    @classmethod
    def open(
        cls, *, seed: int = 0, number: int = 0, end: datetime, patients: int = 100, visitors: int = 400,
        scale: float = 1.0, years: int = 5, labels: dict[str, str] | None = None,
    ) -> Ward:  # fmt: skip
        """Generate a hospital.

        `number` is the world's number and decides its range of MRNs; `end` is the clock at which all charts end;
        `visitors` are known by demographics only; `scale` multiplies the size of every chart (1.0 is the published
        hospital's); `years` is how far charts reach back.

        Raises ArgumentError for a world past the last one, too many people, a naive clock or an impossible scale.
        """
        if end.tzinfo is None:
            raise ArgumentError(f"end: {end} has no time zone; give one, such as 2023-11-13T10:15:00+00:00")
        if seed < 0:
            raise ArgumentError(f"seed: {seed} is negative; use 0 or more")
        if not 0 < scale <= 4 or not 1 <= years <= 20:
            raise ArgumentError(f"scale, years: {scale}, {years}; scale is above 0 and at most 4, years 1 to 20")
        catalogue = Catalogue()
        people, particulars = populate(
            Bits(seed, number, 0), number=number, today=end.date(), patients=patients, visitors=visitors
        )
        rows = background(people[:patients], catalogue, seed, number, minutes(end), round(scale * 1000), years)
        facts = {"hospital": "synthetic", "seed": str(seed), "number": str(number), "end": end.isoformat()}
        return cls(people, particulars, catalogue, rows, minutes(end), facts | (labels or {}))

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody, those with a chart first, as they are now called."""
        return tuple(self._people)

    def clear(self, person: Person, *codes: str) -> None:
        """Drop all of a person's records, of any type, whose code (medication text for orders) is one of `codes`."""
        self._drop(person, [place for code in codes for place in self._catalogue.by_code.get(code, ())])

    def clear_orders(self, person: Person, *words: str) -> None:
        """Drop a person's medication orders whose text holds any of the words, in any case."""
        self._drop(person, self._orders_with(tuple(word.casefold() for word in words)))

    def observe(
        self, person: Person, code: str, when: datetime, value: float, *, status: str = "final", unit: str | None = None
    ) -> None:
        """Plant a reading, in the analyte's unit (or in `unit`, one that a laboratory may use instead).

        `BP` takes systolic + diastolic / 1000. Raises ArgumentError for an unknown code, unit or status, and for a
        value that the analyte's decimals can't hold.
        """
        template = self._catalogue.observation(code, person.gender, unit)
        quanta = round(value * 1000) if code == "BP" else quantum(self._catalogue.templates[template], value)
        self._plant(
            person, template, minutes(when), status, value=quanta, delay=max(min(self._end - minutes(when), 20), 0)
        )

    def observe_text(self, person: Person, code: str, when: datetime, text: str, *, status: str = "final") -> None:
        """Plant a result that is a text, such as `<0.2`. Raises ArgumentError for an unknown code or status."""
        delay = max(min(self._end - minutes(when), 20), 0)
        self._plant(person, self._catalogue.said(code, text), minutes(when), status, delay=delay)

    def procedure(self, person: Person, code: str, when: datetime | None, *, status: str = "completed") -> None:
        """Plant a Procedure with an order code; without a time it has no performedDateTime."""
        self._plant(person, self._catalogue.procedure(code), minutes(when), status)

    def diagnose(
        self, person: Person, code: str, onset: datetime, *, recorded: datetime | None = None, status: str = "active"
    ) -> None:
        """Plant a Condition with an ICD-10-CM code; recorded at onset unless said otherwise."""
        delay = 0 if recorded is None else minutes(recorded) - minutes(onset)
        self._plant(person, self._catalogue.condition(code), minutes(onset), status, delay=delay)

    def order(self, person: Person, text: str, authored: datetime | None, *, status: str = "active") -> None:
        """Plant a medication order; dose, route and timing come from the formulary, else from the text."""
        self._plant(person, self._catalogue.medication(text), minutes(authored), status)

    def service(
        self, person: Person, code: str, authored: datetime | None, *, status: str = "active", note: str | None = None
    ) -> None:
        """Plant a ServiceRequest; the background has none."""
        self._plant(person, self._catalogue.service(code, note), minutes(authored), status)

    def look_alike(self, person: Person, *, days: int = 1) -> Person:
        """Turn an unused visitor into one of the same family name, another given name and a birth date `days` later.

        Raises ArgumentError when no visitor is left.
        """
        person = self._people[person.index]
        if not self._spare:
            raise ArgumentError("visitors: none is left for a look-alike; open the ward with more visitors")
        index = self._spare.pop()
        taken = {other.given for other in self._people if other.family == person.family}
        given = other_given_name(person, self._particulars[person.index], taken)
        self._particulars[index] = replace(
            self._particulars[index], community=self._particulars[person.index].community
        )
        self._people[index] = replace(
            self._people[index], family=person.family, given=given, gender=person.gender,
            birth_date=person.birth_date + timedelta(days=days),
        )  # fmt: skip
        return self._people[index]

    def rename(self, person: Person, *, family: str | None = None, given: str | None = None) -> Person:
        """Change a person's name; the Person as it now is."""
        now = self._people[person.index]
        return self._become(replace(now, family=family or now.family, given=given or now.given))

    def set_birth_date(self, person: Person, birth_date: date) -> Person:
        """Change a person's birth date; the Person as it now is."""
        return self._become(replace(self._people[person.index], birth_date=birth_date))

    def records(self) -> Records:
        """The hospital as it stands: background less what was cleared, plus what was planted.

        Rows are in the order of a server's load: by type, patient and clinical time, planted ones after background ones
        of the same minute.
        """
        resources = [patient_resource(*pair) for pair in zip(self._people, self._particulars, strict=True)]
        rows = merge(
            self._rows, self._catalogue.templates, self._cleared,
            [planted for index in sorted(self._planted) for planted in self._planted[index]],
        )  # fmt: skip
        return Records(
            patients=resources, templates=list(self._catalogue.templates), rows=rows, labels=dict(self._labels)
        )

    def _become(self, person: Person) -> Person:
        self._people[person.index] = person
        if person.index in self._spare:
            self._spare.remove(person.index)
        return person

    def _plant(
        self, person: Person, template: int, minute: int, status: str, *, value: int = MISSING, delay: int = 0
    ) -> None:
        if status not in _STATUS:
            raise not_among("status", status, STATUSES)
        kind = KINDS.index(self._catalogue.templates[template].kind)
        row = Planted(kind, template, person.index, minute, value, _STATUS[status], delay)
        self._planted.setdefault(person.index, []).append(row)

    def _drop(self, person: Person, templates: list[int] | tuple[int, ...]) -> None:
        self._cleared.update((person.index, template) for template in templates)
        if person.index in self._planted:
            gone = set(templates)
            self._planted[person.index] = [row for row in self._planted[person.index] if row.template not in gone]

    def _orders_with(self, words: tuple[str, ...]) -> tuple[int, ...]:
        known, found = self._texts.get(words, (0, ()))
        templates = self._catalogue.templates
        found += tuple(
            place
            for place in range(known, len(templates))
            if templates[place].kind == "MedicationRequest"
            and any(word in templates[place].key.casefold() for word in words)
        )
        self._texts[words] = (len(templates), found)
        return found


def minutes(when: datetime | None) -> int:
    """A clinical time as whole minutes since 1970 UTC; MISSING for none. Raises ArgumentError for a naive time."""
    if when is None:
        return MISSING
    if when.tzinfo is None:
        raise ArgumentError(f"when: {when} has no time zone; give one, such as 2023-11-13T10:15:00+00:00")
    return (when - _EPOCH) // timedelta(minutes=1)
