"""Recording a blood pressure: every field of the vital sign, in the right chart."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.tasks.families.record_blood_pressure import PressureSlots, RecordBloodPressure
from medagentbenchv2.tasks.steps import finish, record_vital
from tests.tasks.harness import MRN, OTHER, V1_CLOCK, expectation_of, patient, planted, verdict_of

PRESSURE = RecordBloodPressure()
BORN = date(1950, 6, 1)
BY_MRN = PressureSlots(mrn=MRN, reading="118/77 mmHg")
BY_NAME = PressureSlots(name="Ada Brook", birth_date=BORN, reading="118/77 mmHg")
PEOPLE = [patient(OTHER, "Brook", "Ida", BORN), patient(MRN, "Brook", "Ada", BORN)]
GOOD = record_vital(MRN, V1_CLOCK, "BP", "118/77 mmHg").arguments
OTHER_SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"


def coded(**coding: str) -> list[dict[str, Any]]:
    return [{"coding": [{**GOOD["category"][0]["coding"][0], **coding}]}]


def judged(profile: str, slots: PressureSlots = BY_MRN, **elements: Any):
    return verdict_of(PRESSURE, slots, PEOPLE, V1_CLOCK, [GOOD | elements, finish()], profile=profile)


@pytest.mark.parametrize("profile", ["strict", "published"])
@pytest.mark.parametrize("slots", [BY_MRN, BY_NAME], ids=["by MRN", "by name"])
def test_the_right_vital_sign_passes(slots, profile):
    assert judged(profile, slots).failed == ()


@pytest.mark.parametrize("profile", ["strict", "published"])
@pytest.mark.parametrize(
    ("elements", "category"),
    [
        ({"subject": {"reference": f"Patient/{OTHER}"}}, "wrong_patient"),
        ({"subject": {"reference": MRN}}, "wrong_patient"),
        ({"valueString": "118/77"}, "wrong_dose"),
        ({"valueString": "118/77 mmHg sitting"}, "wrong_dose"),
        ({"valueString": "77/118 mmHg"}, "wrong_dose"),
        ({"effectiveDateTime": "2023-11-13T10:16:00+00:00"}, "wrong_time"),
        ({"effectiveDateTime": "2023-11-13"}, "wrong_time"),
        ({"status": "preliminary"}, "wrong_status"),
        ({"code": {"text": "Blood pressure"}}, "wrong_code"),
        ({"code": {"coding": [{"code": "BP"}]}}, "wrong_code"),
        ({"category": coded(code="laboratory")}, "wrong_code"),
        ({"category": coded(system="http://loinc.org")}, "wrong_code"),
        ({"category": coded() + coded()}, "wrong_code"),
        ({"category": None}, "wrong_code"),
    ],
)
def test_each_field_matters(elements, category, profile):
    assert [check.category for check in judged(profile, **elements).failed] == [category]


@pytest.mark.parametrize(
    ("elements", "published"),
    [
        ({"effectiveDateTime": "2023-11-13T05:15:00-05:00"}, 1.0),
        ({"effectiveDateTime": "2023-11-13T10:15:30+00:00"}, 0.0),
        ({"category": coded(system=OTHER_SYSTEM)}, 0.0),
        ({"code": {"text": "BP", "coding": [{"code": "85354-9"}]}}, 0.0),
        ({"subject": {"reference": f"Patient/{MRN}", "display": "Ada Brook"}}, 0.0),
        ({"subject": {"reference": f"http://localhost:8080/fhir/Patient/{MRN}"}}, 0.0),
    ],
)
def test_the_published_graders_want_exact_fields_where_strict_wants_the_meaning(elements, published):
    assert judged("strict", **elements).reward == 1.0
    assert judged("published", **elements).reward == published


@pytest.mark.parametrize("profile", ["strict", "published"])
def test_once_is_right_twice_and_never_are_wrong(profile):
    for times, reward in ((0, 0.0), (1, 1.0), (2, 0.0)):
        verdict = verdict_of(PRESSURE, BY_MRN, PEOPLE, V1_CLOCK, [*[GOOD] * times, finish()], profile=profile)
        assert verdict.reward == reward


@pytest.mark.parametrize("profile", ["strict", "published"])
def test_what_is_said_does_not_matter_but_finish_does(profile):
    said = verdict_of(PRESSURE, BY_MRN, PEOPLE, V1_CLOCK, [GOOD, finish("recorded")], profile=profile)
    silent = verdict_of(PRESSURE, BY_MRN, PEOPLE, V1_CLOCK, [GOOD], profile=profile)
    assert (said.reward, silent.failure.category) == (1.0, "no_finish")


def test_the_look_alike_is_the_wrong_patient():
    task = planted(PRESSURE, "measured", 0, now=V1_CLOCK)
    patient_, twin = task.ward.people
    assert patient_.family == twin.family
    wrong = record_vital(twin.mrn, V1_CLOCK, "BP", task.slots.reading)
    assert task.verdict([wrong, finish()]).failure.category == "wrong_patient"


def test_slots_must_name_somebody_whom_the_ehr_knows():
    with pytest.raises(ValidationError, match="give mrn, or name and birth_date"):
        PressureSlots(name="Ada Brook", reading="118/77 mmHg")
    with pytest.raises(ArgumentError, match=r"no patient Ada Brook, born 1950-06-01"):
        expectation_of(PRESSURE, BY_NAME, PEOPLE[:1], V1_CLOCK)


def test_our_wording_names_the_patient_as_the_slots_do():
    assert "Ada Brook (born 1950-06-01)" in PRESSURE.prompt(BY_NAME, V1_CLOCK, 0)[0]
    assert f"the patient with MRN {MRN}" in PRESSURE.prompt(BY_MRN, V1_CLOCK, 0)[0]


@pytest.mark.parametrize("quotes", ['""', "\u201c\u201d"])
def test_the_published_wording_gives_patient_and_reading(quotes):
    text = (
        f"I just measured the blood pressure for patient with MRN of {MRN}, and it is {quotes[0]}118/77 mmHg"
        f"{quotes[1]}. Help me record it.\nThe flowsheet ID for blood pressure is BP."
    )
    assert PRESSURE.parse_slots(PRESSURE.theirs.search(text).groupdict()) == BY_MRN


def test_readings_are_plausible():
    for index in range(60):
        systolic, diastolic = planted(PRESSURE, "measured", index, now=V1_CLOCK).slots.reading[:-5].split("/")
        assert 90 <= int(systolic) <= 185
        assert 50 <= int(diastolic) <= int(systolic) - 25
