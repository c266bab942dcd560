"""Where a family plants: one patient's chart in a hospital under construction, with times counted from the clock."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medagentbenchv2.hospital.ward import Person, Ward

NAMESAKE_DAYS = 1500
"""How much younger each further namesake is: far from the birth dates that tasks ask for by mistake."""


@dataclass
class Scene:
    """One patient, one clock, one seeded source of chance."""

    ward: Ward
    person: Person
    now: datetime
    rng: random.Random
    index: int
    """Counts up over the tasks of one branch, from 0 or from where the world starts: spread counts and boundary cases
    over it."""
    difficulty: int = 1
    """1 to 3: more distractors and data-quality trouble from 2 on."""

    @property
    def mrn(self) -> str:
        """The patient's MRN."""
        return self.person.mrn

    def ago(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
        """That long before the clock."""
        return self.now - timedelta(days=days, hours=hours, minutes=minutes)

    def some_days_ago(self, least: int, most: int) -> datetime:
        """A minute drawn evenly between `least` and `most` days (exclusive) before the clock."""
        return self.ago(minutes=self.rng.randrange(least * 1440 + 1, most * 1440))

    def since(self, when: datetime) -> datetime:
        """A minute drawn evenly after `when`, at the clock at the latest: where a decoy looks newest."""
        return self.ago(minutes=self.rng.randrange(int((self.now - when) / timedelta(minutes=1))))

    def later(self) -> datetime:
        """A minute of the five days after the clock: records there do not exist yet."""
        return self.now + timedelta(minutes=self.rng.randrange(1, 5 * 1440))

    def clear(self, *codes: str) -> None:
        """Drop all the patient's records with one of the codes."""
        self.ward.clear(self.person, *codes)

    def clear_orders(self, *words: str) -> None:
        """Drop the patient's medication orders whose text holds one of the words."""
        self.ward.clear_orders(self.person, *words)

    def observe(
        self, code: str, when: datetime, value: float, *, status: str = "final", unit: str | None = None
    ) -> None:
        """Plant an Observation, in the analyte's usual unit unless another is given."""
        self.ward.observe(self.person, code, when, value, status=status, unit=unit)

    def observe_text(self, code: str, when: datetime, text: str) -> None:
        """Plant a result that is a text, such as `<0.2`: no reading."""
        self.ward.observe_text(self.person, code, when, text)

    @property
    def counting_status(self) -> str:
        """The status of a reading that counts: from difficulty 2 on, it was amended or corrected in some tasks."""
        return "final" if self.difficulty == 1 else ("final", "amended", "final", "corrected")[self.index % 4]

    def observe_each(self, code: str, values: Sequence[float], since: datetime, until: datetime) -> None:
        """Plant each value at a minute of its own between two times, both excluded."""
        minutes = range(1, int((until - since).total_seconds() // 60))
        for value, minute in zip(values, self.rng.sample(minutes, len(values)), strict=True):
            self.observe(code, since + timedelta(minutes=minute), value)

    def born(self, birth_date: date) -> None:
        """Give the patient another birth date."""
        self.person = self.ward.set_birth_date(self.person, birth_date)

    def procedure(self, code: str, when: datetime | None, *, status: str = "completed") -> None:
        """Plant a Procedure."""
        self.ward.procedure(self.person, code, when, status=status)

    def diagnose(self, code: str, onset: datetime, *, status: str = "active") -> None:
        """Plant a Condition; status `refuted` or `entered-in-error` is its verification status."""
        self.ward.diagnose(self.person, code, onset, status=status)

    def order(self, text: str, authored: datetime | None, *, status: str = "active") -> None:
        """Plant a MedicationRequest."""
        self.ward.order(self.person, text, authored, status=status)

    def service(self, code: str, authored: datetime | None, *, status: str = "active", note: str | None = None) -> None:
        """Plant a ServiceRequest."""
        self.ward.service(self.person, code, authored, status=status, note=note)

    def namesake(self) -> Person:
        """Somebody of the same full name, born years later: only the birth date tells the two apart."""
        name = (self.person.family, self.person.given)
        known = sum((person.family, person.given) == name for person in self.ward.people)
        other = self.ward.look_alike(self.person, days=NAMESAKE_DAYS * known)
        return self.ward.rename(other, given=self.person.given)

    def look_alike(self) -> Person:
        """Somebody with the same family name, another given name and a birth date nearby."""
        return self.ward.look_alike(self.person)
