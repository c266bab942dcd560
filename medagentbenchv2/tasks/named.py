"""Patients named by full name and birth date, where most tasks give the MRN."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, datetime
from typing import Any, Self

from pydantic import model_validator
from typing_extensions import override

from medagentbenchv2.chart import Chart, Person, Read
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.tasks.family import Slots
from medagentbenchv2.tasks.steps import search_patients, seen
from medagentbenchv2.tools.call import Call, Result


class NamedSlots(Slots):
    """A patient by MRN, or by full name and birth date."""

    mrn: str | None = None
    """Medical record number; None where the text does not give it."""
    name: str | None = None
    """Given and family name."""
    birth_date: date | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.mrn is None and (self.name is None or self.birth_date is None):
            raise ValueError("give mrn, or name and birth_date")
        return self

    @override
    def words(self) -> dict[str, Any]:
        born = f"{self.name} (born {self.birth_date})"
        return super().words() | {"who": born if self.name and self.birth_date else f"the patient with MRN {self.mrn}"}


def born_on(birth_date: date) -> Read:
    """Everybody with a birth date; names are compared afterwards, since servers split them differently."""
    return Read("Patient", (("birthdate", birth_date.isoformat()),))


def named(chart: Chart, name: str, birth_date: date) -> Person | None:
    """The person of that full name (middle names may be left out) and birth date, ignoring case; None when there is
    none.
    """
    wanted = " ".join(name.casefold().split())
    for person in chart.people():
        full, short = " ".join(person.given), next(iter(person.given), "")
        names = {f"{given} {person.family}".casefold().strip() for given in (full, short)}
        if person.birth_date == birth_date and wanted in names:
            return person
    return None


def reads_of(slots: NamedSlots) -> tuple[Read, ...]:
    """What `mrn_of` needs: nothing where the MRN is given."""
    return () if slots.mrn or not slots.birth_date else (born_on(slots.birth_date),)


def mrn_of(chart: Chart, slots: NamedSlots) -> str:
    """The patient's MRN. Raises ArgumentError when the chart holds nobody of that name and birth date."""
    if slots.mrn:
        return slots.mrn
    person = named(chart, slots.name, slots.birth_date) if slots.name and slots.birth_date else None
    if person is None:
        raise ArgumentError(
            f"slots: the EHR has no patient {slots.name}, born {slots.birth_date}; use the EHR that the tasks are for"
        )
    return person.mrn


def find(slots: NamedSlots, now: datetime) -> Generator[Call, Result, str]:
    """The oracle's steps to the patient's MRN."""
    if slots.mrn or not slots.birth_date:
        return slots.mrn or ""
    return mrn_of(seen(now, (yield search_patients(birthdate=slots.birth_date.isoformat()))), slots)
