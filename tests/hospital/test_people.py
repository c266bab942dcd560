from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.rows import Records
from medagentbenchv2.hospital.people import LAST_WORLD, PER_WORLD, mrn
from medagentbenchv2.hospital.ward import Person, Ward

from .fingerprint import END

UPSTREAM = Path(__file__).parents[2].parent / "shared" / "data" / "upstream_tasks"


@pytest.fixture(scope="module")
def people() -> tuple[Person, ...]:
    return Ward.open(end=END, scale=0.01).people


def test_charted_people_come_first(people: tuple[Person, ...]) -> None:
    assert [person.charted for person in people] == [True] * 100 + [False] * 400
    assert [person.index for person in people] == list(range(500))


def test_forty_seven_of_a_hundred_are_women_and_all_are_adults(people: tuple[Person, ...]) -> None:
    assert sum(person.gender == "female" for person in people[:100]) == 47
    ages = np.array([(END.date() - person.birth_date).days / 365.25 for person in people])
    assert ages.min() >= 18
    assert ages.max() < 98
    assert abs(ages.mean() - 58) < 3
    assert abs(ages.std() - 20) < 4


def test_nobody_shares_a_full_name_in_a_world(people: tuple[Person, ...]) -> None:
    assert len({(person.family, person.given) for person in people}) == len(people)


def test_names_are_diverse(people: tuple[Person, ...]) -> None:
    families = Counter(person.family for person in people)
    assert len(families) > 180
    assert families.most_common(1)[0][1] <= 12


def test_mrns_of_all_worlds_are_disjoint() -> None:
    worlds = [0, 1, 2, 17, 4000, LAST_WORLD]
    numbers = [mrn(world, index) for world in worlds for index in range(PER_WORLD)]
    assert len(set(numbers)) == len(numbers)
    assert all(len(number) == 8 and number[0] == "S" and number[1:].isdigit() for number in numbers)


def test_a_world_past_the_last_is_refused_by_name_and_limit() -> None:
    with pytest.raises(ArgumentError, match=rf"number.*{LAST_WORLD + 1}.*0 to {LAST_WORLD}"):
        Ward.open(end=END, number=LAST_WORLD + 1)


def test_too_many_people_are_refused() -> None:
    with pytest.raises(ArgumentError, match="patients, visitors"):
        Ward.open(end=END, patients=1000, visitors=1001)


def test_the_default_hospital_has_no_mrn_of_the_published_tasks(people: tuple[Person, ...]) -> None:
    if not UPSTREAM.is_dir():
        pytest.skip("the published task files are not here")
    files = [json.loads((UPSTREAM / f"{name}.json").read_text()) for name in ("new_patient_tasks", "test_data_v2")]
    published = {task["eval_MRN"] for tasks in files for task in tasks if "eval_MRN" in task}
    assert len(published) > 50
    assert published.isdisjoint(person.mrn for person in people)


def test_a_patient_resource_says_who_it_is(world0: Records) -> None:
    patient = world0.patients[0]
    assert patient["resourceType"] == "Patient"
    assert patient["id"] == patient["identifier"][0]["value"]
    assert patient["gender"] in ("female", "male")
    race, ethnicity = (extension["valueCodeableConcept"]["coding"][0] for extension in patient["extension"])
    assert race["system"] == "http://hl7.org/fhir/v3/Race"
    assert ethnicity["display"] in ("Hispanic", "Non-Hispanic")
    assert {"family", "given"} <= patient["name"][0].keys()
    assert patient["telecom"][0]["value"].count("-555-") == 1
    assert "meta" not in patient
