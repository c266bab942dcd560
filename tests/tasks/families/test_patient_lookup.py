"""Patient lookup: name and birth date must both match, and nobody is somebody too."""

from __future__ import annotations

from datetime import date

import pytest

from medagentbenchv2.chart import Chart
from medagentbenchv2.tasks.families.patient_lookup import LookupSlots, PatientLookup
from medagentbenchv2.tasks.named import named
from medagentbenchv2.tasks.steps import finish
from tests.tasks.harness import MRN, OTHER, V1_CLOCK, patient, planted, verdict_of

LOOKUP = PatientLookup()
BORN = date(1932, 12, 29)
SLOTS = LookupSlots(name="Ada Brook", birth_date=BORN)
PEOPLE = [patient(OTHER, "Brook", "Adele", BORN), patient(MRN, "Brook", "Ada", BORN)]


@pytest.mark.parametrize(
    ("name", "born", "found"),
    [
        ("Ada Brook", BORN, MRN),
        ("ada  BROOK", BORN, MRN),
        ("Adele Brook", BORN, OTHER),
        ("Ada Brook", date(1932, 12, 28), None),
        ("Ada Brooke", BORN, None),
        ("Brook", BORN, None),
    ],
)
def test_name_and_birth_date_must_both_match(name, born, found):
    person = named(Chart(PEOPLE, V1_CLOCK), name, born)
    assert (person.mrn if person else None) == found


def test_middle_names_may_be_given_or_left_out():
    chart = Chart([patient(MRN, "Brook", "Ada Jane", BORN)], V1_CLOCK)
    assert named(chart, "Ada Brook", BORN) == named(chart, "Ada Jane Brook", BORN)
    assert named(chart, "Jane Brook", BORN) is None


@pytest.mark.parametrize("profile", ["strict", "published"])
@pytest.mark.parametrize(
    ("answer", "reward"), [([MRN], 1.0), ([OTHER], 0.0), (["Patient not found"], 0.0), ([MRN, MRN], 0.0), ([], 0.0)]
)
def test_the_answer_is_the_mrn(answer, reward, profile):
    assert verdict_of(LOOKUP, SLOTS, PEOPLE, V1_CLOCK, [finish(*answer)], profile=profile).reward == reward


@pytest.mark.parametrize("ours", [True, False])
def test_nobody_of_that_name_and_birth_date_is_said_in_words(ours):
    stranger = LookupSlots(name="Ada Brook", birth_date=date(1932, 12, 28))
    said = verdict_of(LOOKUP, stranger, PEOPLE, V1_CLOCK, [finish("Patient not found")], ours=ours)
    numbered = verdict_of(LOOKUP, stranger, PEOPLE, V1_CLOCK, [finish(-1)], ours=ours)
    assert (said.reward, numbered.reward) == (1.0, 0.0)


def test_finish_is_required():
    assert verdict_of(LOOKUP, SLOTS, PEOPLE, V1_CLOCK, [], profile="published").failure.category == "no_finish"


def test_an_unknown_patient_is_close_to_a_known_one():
    for index in range(3):
        task = planted(LOOKUP, "not_found", index, now=V1_CLOCK)
        people = [(f"{p.given} {p.family}", p.birth_date) for p in task.ward.people]
        asked = (task.slots.name, task.slots.birth_date)
        assert asked not in people
        assert asked[0] in {name for name, _ in people}


def test_the_published_wording_gives_name_and_birth_date():
    text = (
        "What\u2019s the MRN of the patient with name Ada Brook and DOB of 1932-12-29? If the patient does not exist, "
        'the answer should be "Patient not found"'
    )
    assert LOOKUP.parse_slots(LOOKUP.theirs.search(text).groupdict()) == SLOTS
