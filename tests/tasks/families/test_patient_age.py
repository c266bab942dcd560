"""Patient age: completed years, to the day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from medagentbenchv2.tasks.families.patient_age import PatientAge
from medagentbenchv2.tasks.family import PatientSlots
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.steps import finish
from tests.tasks.harness import MRN, V1_CLOCK, expectation_of, patient, planted, verdict_of

AGE = PatientAge()
SLOTS = PatientSlots(mrn=MRN)


def years(born: date | str, now: datetime = V1_CLOCK) -> float:
    return expectation_of(AGE, SLOTS, [patient(MRN, "Brook", "Ada", born)], now).answer.expected[0]


@pytest.mark.parametrize(
    ("born", "now", "expected"),
    [
        ("1963-11-12", V1_CLOCK, 60),
        ("1963-11-13", V1_CLOCK, 60),
        ("1963-11-14", V1_CLOCK, 59),
        ("1963-12-01", V1_CLOCK, 59),
        ("1964-02-29", datetime(2023, 2, 28, 23, 59, tzinfo=UTC), 58),
        ("1964-02-29", datetime(2023, 3, 1, tzinfo=UTC), 59),
        ("2023-11-13", V1_CLOCK, 0),
    ],
)
def test_a_year_is_completed_on_the_birthday(born, now, expected):
    assert years(born, now) == expected


def test_today_is_the_day_where_the_clock_stands():
    almost_midnight = datetime(2023, 11, 12, 22, tzinfo=timezone(timedelta(hours=-5)))
    assert years("1963-11-13", almost_midnight) == 59
    assert years("1963-11-13", almost_midnight.astimezone(UTC)) == 60


def test_without_a_birth_date_there_is_no_age():
    unknown = patient(MRN, "Brook", "Ada", "1963-11-13")
    del unknown["birthDate"]
    assert expectation_of(AGE, SLOTS, [unknown], V1_CLOCK).answer.expected == [-1]


@pytest.mark.parametrize("profile", ["strict", "published"])
@pytest.mark.parametrize(("answer", "reward"), [([60], 1.0), ([60.0], 1.0), (["60"], 0.0), ([59], 0.0), ([61], 0.0)])
def test_the_answer_is_a_number(answer, reward, profile):
    chart = [patient(MRN, "Brook", "Ada", "1963-11-13")]
    assert verdict_of(AGE, SLOTS, chart, V1_CLOCK, [finish(*answer)], profile=profile).reward == reward


@pytest.mark.parametrize(("branch", "day"), [("birthday_today", 13), ("birthday_tomorrow", 14)])
def test_birthdays_are_planted_and_change_the_age_by_less_than_a_year(branch, day):
    for index in range(5):
        task = planted(AGE, branch, index, now=V1_CLOCK)
        plain = planted(AGE, "any_day", index, now=V1_CLOCK)
        born = task.ward.people[0].birth_date
        assert (born.month, born.day) == (11, day)
        assert born.year == plain.ward.people[0].birth_date.year


@pytest.mark.parametrize("slug", ["patient_lookup", "record_blood_pressure", "orthopedic_referral"])
def test_no_birth_date_is_changed_that_another_task_names_a_patient_by(slug):
    assert AGE.topics > FAMILIES[slug].topics


def test_the_published_wording_gives_the_patient():
    text = f"What's the age of the patient with MRN of {MRN}?"
    assert AGE.parse_slots(AGE.theirs.search(text).groupdict()) == SLOTS
