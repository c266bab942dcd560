"""Orthopaedic surgery referral with a handover in its note (MedAgentBench v1, task 8).

Rule: one stat referral, authored now, whose note holds the handover (situation, background, assessment,
recommendation) word for word. The patient is named by name and birth date. Source: MedAgentBench v1 task 8; SBAR: IHI
toolkit.
"""

from __future__ import annotations

import re
from datetime import datetime

from medagentbenchv2.chart import Chart, Read
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.grading.fields import Says
from medagentbenchv2.tasks.family import Branch, Family
from medagentbenchv2.tasks.named import NamedSlots, find, mrn_of, reads_of
from medagentbenchv2.tasks.orders import STAT, authored_now, published_v1, service
from medagentbenchv2.tasks.scene import Scene
from medagentbenchv2.tasks.steps import SNOMED, finish, order_service
from medagentbenchv2.tools.call import Steps

REFERRAL = "306181000000106"
LABEL = "orthopaedic surgery referral"
COMPLAINTS = (
    ("painful right hip after a fall at home", "radiograph shows a displaced femoral neck fracture",
     "displaced intracapsular hip fracture"),
    ("swollen left knee after a twisting injury", "MRI reports a bucket-handle tear of the medial meniscus",
     "locked knee, medial meniscal tear"),
    ("right shoulder weakness for six weeks", "ultrasound shows a full-thickness supraspinatus tear",
     "rotator cuff tear with loss of active abduction"),
    ("deformed left wrist after a fall on the hand", "radiograph shows a dorsally angulated distal radius fracture",
     "unstable distal radius fracture, closed, no neurovascular deficit"),
    ("sudden pain above the right heel while running", "the calf squeeze test is positive, ultrasound shows a gap",
     "complete Achilles tendon rupture"),
    ("worsening groin pain in the left hip", "radiograph shows loss of joint space and osteophytes",
     "end-stage osteoarthritis of the hip after failed conservative care"),
)  # fmt: skip
REQUESTS = (
    "please see the patient today and advise on operative treatment.",
    "request for an orthopaedic opinion and a plan for surgery.",
    "please assess, and advise on immobilisation and weight bearing until seen.",
)


class ReferralSlots(NamedSlots):
    """Whom to refer, and what to say."""

    text: str
    """The handover to file word for word."""


def handover(place: int) -> str:
    """One of our handovers, by its number; they come round again."""
    situation, background, assessment = COMPLAINTS[place % len(COMPLAINTS)]
    request = REQUESTS[place // len(COMPLAINTS) % len(REQUESTS)]
    return f"Situation: {situation}. Background: {background}. Assessment: {assessment}. Recommendation: {request}"


def says(text: str) -> Says:
    """A note that holds the text, white space aside."""
    pattern = r"\s+".join(re.escape(word) for word in text.split())
    return Says(category="missing_note", places=("note",), pattern=f"(?-i:{pattern})", label="the handover text")


class OrthopedicReferral(Family[ReferralSlots]):
    """Is the referral on its way, with the handover?"""

    slug, edition, number, kind = "orthopedic_referral", "v1", 8, "action"
    title = "Orthopaedic surgery referral"
    rule = (
        "Order one stat referral to orthopaedic surgery (SNOMED CT 306181000000106) for the named patient, written "
        "now, with the handover word for word as its note."
    )
    source = "MedAgentBench v1 task 8; the handover's form (SBAR): IHI toolkit"
    topics = frozenset({"referral"})
    branches = (
        Branch("referred", acts=True, about="The referral was asked for; the chart decides only who the patient is."),
    )
    slots = ReferralSlots
    asks = (
        'Refer {who} to orthopaedic surgery. The note of the referral must read: "{text}"',
        'An orthopaedic surgery referral is needed for {who}. Put this handover into its note, word for word: "{text}"',
        'Order the orthopaedic surgery consult for {who} and quote the following in the note: "{text}"',
    )
    facts = (
        "The SNOMED CT code of the referral is 306181000000106 (system http://snomed.info/sct). File one service "
        "request with status active, intent order, priority stat, authored at the present time. Patients with "
        "similar names and birth dates exist; the order must refer to the right MRN. Then finish with an empty "
        "list."
    )
    theirs = re.compile(
        r"orthopedic surgery referral for patient (?P<mrn>S\d{7})\. Specify within the free text of the referral, "
        r"[\"\u201c](?P<text>[^\"\u201d]+)[\"\u201d].*306181000000106",
        re.DOTALL,
    )

    def reads(self, slots: ReferralSlots) -> tuple[Read, ...]:
        return reads_of(slots)

    def expect(self, chart: Chart, slots: ReferralSlots) -> Expectation:
        mrn = mrn_of(chart, slots)
        order = service(mrn, LABEL, STAT, authored_now(chart.now), says(slots.text), code=REFERRAL)
        return Expectation(orders=(order,))

    def published(self, chart: Chart, slots: ReferralSlots) -> Expectation:
        mrn = mrn_of(chart, slots)
        fields = (STAT, says(slots.text))
        order = published_v1("ServiceRequest", mrn, LABEL, SNOMED, REFERRAL, chart.now, *fields)
        return Expectation(orders=(order,))

    def plant(self, scene: Scene, branch: str) -> ReferralSlots:
        scene.look_alike()
        if scene.difficulty > 1:
            scene.namesake()
        person = scene.person
        name = f"{person.given} {person.family}"
        return ReferralSlots(name=name, birth_date=person.birth_date, text=handover(scene.index))

    def solve(self, slots: ReferralSlots, now: datetime) -> Steps:
        mrn = yield from find(slots, now)
        yield order_service(mrn, now, REFERRAL, SNOMED, "Orthopedic surgery referral", note=slots.text, priority="stat")
        yield finish()
