"""Orthopaedic referral: the code, the urgency, and the handover word for word."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from medagentbenchv2.tasks.families.orthopedic_referral import COMPLAINTS, OrthopedicReferral, ReferralSlots
from medagentbenchv2.tasks.steps import SNOMED, finish, order_service
from tests.tasks.harness import MRN, OTHER, V1_CLOCK, patient, planted, verdict_of

REFERRAL = OrthopedicReferral()
TEXT = "Situation: sore knee. Background: none. Assessment: sprain (grade I). Recommendation: please see."
SLOTS = ReferralSlots(mrn=MRN, text=TEXT)
BORN = date(1950, 6, 1)
PEOPLE = [patient(MRN, "Brook", "Ada", BORN), patient(OTHER, "Brook", "Ida", BORN)]
GOOD = order_service(
    MRN, V1_CLOCK, "306181000000106", SNOMED, "Orthopedic surgery referral", note=TEXT, priority="stat"
).arguments
CODING = GOOD["code"]["coding"][0]


def judged(profile: str, **elements: Any):
    return verdict_of(REFERRAL, SLOTS, PEOPLE, V1_CLOCK, [GOOD | elements, finish()], profile=profile)


@pytest.mark.parametrize("profile", ["strict", "published"])
def test_the_right_referral_passes_whoever_is_named_how(profile):
    by_name = ReferralSlots(name="Ada Brook", birth_date=BORN, text=TEXT)
    assert judged(profile).failed == ()
    assert verdict_of(REFERRAL, by_name, PEOPLE, V1_CLOCK, [GOOD, finish()], profile=profile).failed == ()


@pytest.mark.parametrize("profile", ["strict", "published"])
@pytest.mark.parametrize(
    ("elements", "category"),
    [
        ({"subject": {"reference": f"Patient/{OTHER}"}}, "wrong_patient"),
        ({"priority": "routine"}, "wrong_priority"),
        ({"priority": None}, "wrong_priority"),
        ({"status": "draft"}, "wrong_status"),
        ({"intent": "plan"}, "wrong_status"),
        ({"authoredOn": "2023-11-13"}, "wrong_time"),
        ({"authoredOn": "2023-11-13T10:14:00+00:00"}, "wrong_time"),
        ({"code": {"coding": [{**CODING, "code": "183545006"}]}}, "wrong_code"),
        ({"note": None}, "missing_note"),
        ({"note": [{"text": TEXT.replace("sprain", "strain")}]}, "missing_note"),
        ({"note": [{"text": TEXT.upper()}]}, "missing_note"),
    ],
)
def test_each_field_matters(elements, category, profile):
    assert [check.category for check in judged(profile, **elements).failed] == [category]


@pytest.mark.parametrize("profile", ["strict", "published"])
@pytest.mark.parametrize(
    "note",
    [
        {"text": TEXT},
        [{"text": TEXT}],
        [{"text": "Dear colleague"}, {"text": f"SBAR:\n{TEXT}\nThank you."}],
        [{"text": TEXT.replace(". ", ".\n  ")}],
    ],
)
def test_the_note_holds_the_text_white_space_aside(note, profile):
    assert judged(profile, note=note).reward == 1.0


@pytest.mark.parametrize(
    "elements",
    [
        {"code": {"coding": [{**CODING, "system": "urn:other"}]}},
        {"code": {"coding": [{"code": "X"}, CODING]}},
        {"authoredOn": "2023-11-13T10:15:40+00:00"},
        {"subject": {"reference": f"Patient/{MRN}", "display": "Ada Brook"}},
    ],
)
def test_the_published_graders_want_the_code_first_with_its_system_and_nothing_but_a_reference(elements):
    assert (judged("strict", **elements).reward, judged("published", **elements).reward) == (1.0, 0.0)


def test_an_offset_is_only_a_way_of_writing():
    assert judged("published", authoredOn="2023-11-13T12:15:00+02:00").reward == 1.0


def test_the_published_wording_gives_patient_and_text():
    text = (
        f"Order orthopedic surgery referral for patient {MRN}. Specify within the free text of the referral, "
        f'"{TEXT}"\nThe SNOMED code for orthopedic surgery referral is 306181000000106.'
    )
    assert REFERRAL.parse_slots(REFERRAL.theirs.search(text).groupdict()) == SLOTS


def test_texts_differ_and_stand_in_the_prompt_word_for_word():
    tasks = [planted(REFERRAL, "referred", index, now=V1_CLOCK) for index in range(3 * len(COMPLAINTS))]
    assert len({task.slots.text for task in tasks}) == len(tasks)
    for wording in range(3):
        assert f'"{tasks[0].slots.text}"' in REFERRAL.prompt(tasks[0].slots, V1_CLOCK, wording)[0]
