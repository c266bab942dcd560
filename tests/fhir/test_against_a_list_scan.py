"""The engine answers every search as a plain list scan does: over the base, as of a clock, and with writes on top."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import orjson
import pytest

from medagentbenchv2.fhir.rows import Records
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.fhir import list_scan
from tests.fhir.hospital_on_paper import NOW, small_records

DATE_NAMES = {
    "Observation": ["date"], "Procedure": ["date"], "Condition": ["onset-date", "recorded-date"],
    "MedicationRequest": ["authoredon"], "ServiceRequest": ["authored"],
}  # fmt: skip
CODE_VALUES = [
    "K",
    "MG",
    "K,MG",
    "http://loinc.org|K",
    "|K",
    "http://loinc.org|",
    "k",
    "NUR1373,IMGCT0491",
    "I10",
    "0056-0172",
]
STATUS_VALUES = ["final", "active", "completed", "active,stopped", "entered-in-error", "nonsense"]
DAYS = ["2023", "2023-11", "2023-11-13", "2021-02", "2022-06-01", "2023-11-12T10:15:00Z", "2023-11-12T10:15",
        "2023-11-12T12:15:00+02:00", "2023-10-04T15:15:00-05:00", "2023-11-13T10:15:00.000+00:00"]  # fmt: skip
PREFIXES = ["", "eq", "ne", "ge", "gt", "le", "lt", "sa", "eb"]


def everything(session: Session, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """All resources of the snapshot in the order of insertion."""
    found = []
    for kind in kinds:
        bundle = orjson.loads(session.search_now(kind, (("_count", "100000"),)).body)
        found += [entry["resource"] for entry in bundle.get("entry", ())]
    return found


def any_params(draw: random.Random, kind: str) -> list[tuple[str, str]]:
    params: list[tuple[str, str]] = []
    if draw.random() < 0.6:
        mrns = [f"S{1234560 + draw.randrange(8)}" for _ in range(draw.choice((1, 1, 2)))]
        name = draw.choice(("patient", "subject"))
        params.append((name, ",".join(draw.choice(("", "Patient/")) + mrn for mrn in mrns)))
    if draw.random() < 0.5 and kind != "MedicationRequest":
        params.append(draw.choice((("code", draw.choice(CODE_VALUES)), ("code:not", "K"), ("code:text", "néo"),
                                   ("code:text", "C"), ("code:missing", draw.choice(("true", "false"))))))  # fmt: skip
    if draw.random() < 0.4:
        name = "clinical-status" if kind == "Condition" else "status"
        params.append((draw.choice((name, name, f"{name}:not")), draw.choice(STATUS_VALUES)))
    if draw.random() < 0.5:
        name = draw.choice(DATE_NAMES[kind])
        if draw.random() < 0.1:
            params.append((f"{name}:missing", draw.choice(("true", "false"))))
        elif draw.random() < 0.3:
            params += [(name, draw.choice(("ge", "gt")) + draw.choice(DAYS)), (name, "le" + draw.choice(DAYS))]
        else:
            params.append((name, draw.choice(PREFIXES) + draw.choice(DAYS)))
    if kind == "Observation" and draw.random() < 0.2:
        params.append(
            ("value-quantity", draw.choice(("", "gt", "ge", "lt", "le")) + draw.choice(("3.5", "5", "50", "2.0")))
        )
    if draw.random() < 0.1:
        params.append(("_id", ",".join(str(10_000 + draw.randrange(920)) for _ in range(3))))
    draw.shuffle(params)
    if draw.random() < 0.6:
        keys = [*DATE_NAMES[kind], "_id", "patient", "_lastUpdated"] + ([] if kind == "MedicationRequest" else ["code"])
        keys += ["value-quantity"] if kind == "Observation" else []
        chosen = draw.sample(keys, draw.choice((1, 1, 2)))
        params.append(("_sort", ",".join(draw.choice(("", "-")) + key for key in chosen)))
    return params


def any_resource(draw: random.Random, kind: str) -> dict[str, Any]:
    body: dict[str, Any] = {"resourceType": kind, "subject": {"reference": f"Patient/S{1234560 + draw.randrange(6)}"}}
    if kind == "Condition":
        system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
        body["clinicalStatus"] = {"coding": [{"system": system, "code": draw.choice(("active", "resolved"))}]}
    else:
        body["status"] = draw.choice(("active", "completed")) if "Request" in kind else "completed"
    if kind == "Observation":
        body["status"] = "final"
        body["valueQuantity"] = {"value": draw.randrange(20, 60) / 10, "unit": "mmol/L"}
    if "Request" in kind:
        body["intent"] = "order"
    if kind == "MedicationRequest":
        body["medicationCodeableConcept"] = {"text": "HEPARIN"}
    else:
        body["code"] = {
            "coding": [{"system": "http://loinc.org", "code": draw.choice(("K", "MG", "I10"))}],
            "text": "Kalium",
        }
    if draw.random() < 0.8:
        element = list_scan.DATES[kind, DATE_NAMES[kind][-1]]
        body[element] = draw.choice(
            ("2023-11-13T10:15:00+00:00", "2023-11-12T23:30:00-05:00", "2021-02-03", "2023-11-13")
        )
    return body


def check(seed: int, searches: int, snapshot: Snapshot, base: list[dict[str, Any]], most_writes: int = 20) -> None:
    draw = random.Random(seed)
    now = draw.choice((None, NOW, NOW - timedelta(days=400)))
    session, resources, own = Session(snapshot, now), list(base), 0
    for _ in range(searches):
        kind = draw.choice(list(DATE_NAMES))
        if draw.random() < 0.1 and own < most_writes:
            answer = session.create_now(kind, any_resource(draw, kind))
            assert answer.status == 201, answer.body
            resources.append(orjson.loads(answer.body))
            own += 1
        params = any_params(draw, kind)
        wanted = list_scan.search(resources, kind, params, now, own)
        at, count = 0, draw.choice((1, 7, 20, 1000))
        bundle = orjson.loads(session.search_now(kind, (*params, ("_count", str(count)))).body)
        assert bundle["total"] == len(wanted), (kind, params, now)
        # walk a few pages by their links
        for _ in range(3):
            got = [entry["resource"] for entry in bundle.get("entry", ())]
            assert got == wanted[at : at + count], (kind, params, now, at)
            links = {link["relation"]: link["url"] for link in bundle["link"]}
            assert ("next" in links) == (at + count < len(wanted))
            if "next" not in links:
                break
            at += count
            bundle = orjson.loads(session.request_now("GET", links["next"]).body)


@pytest.fixture(scope="module")
def base(snapshot: Snapshot) -> list[dict[str, Any]]:
    return everything(Session(snapshot), tuple(DATE_NAMES))


@pytest.mark.parametrize("seed", range(20))
def test_random_searches_equal_a_list_scan(seed: int, snapshot: Snapshot, base: list[dict[str, Any]]) -> None:
    check(seed, 100, snapshot, base)


@pytest.mark.soak
@pytest.mark.parametrize("most_writes", [0, 20])
def test_a_hundred_thousand_searches_equal_a_list_scan(most_writes: int) -> None:
    for seed in range(100):
        snapshot = Snapshot.build(small_records(seed, rows=500))
        check(seed, 1000, snapshot, everything(Session(snapshot), tuple(DATE_NAMES)), most_writes)


def test_patients_are_found_by_name_birth_date_and_gender_as_in_a_list_scan(snapshot: Snapshot) -> None:
    draw, session = random.Random(3), Session(snapshot)
    patients = everything(session, ("Patient",))
    for _ in range(200):
        params = [
            ("family", draw.choice(("staf", "MULLER", "o'h", "Lee,Staf", "x"))),
            ("given", draw.choice(("p", "ann", "Ann,Peter", "Peter Stafford"))),
            ("birthdate", draw.choice(PREFIXES) + draw.choice(("1941", "1942-03", "1943-04-15"))),
            ("gender", draw.choice(("male", "female", "male,female"))),
            ("_id", "S1234560,S1234561,S1234563"),
        ]
        chosen = draw.sample(params, draw.choice((1, 2, 3)))
        got = orjson.loads(session.search_now("Patient", chosen).body).get("entry", [])
        assert [entry["resource"] for entry in got] == list_scan.search(patients, "Patient", chosen), chosen


def test_every_row_is_found_once(records: Records, snapshot: Snapshot, base: list[dict[str, Any]]) -> None:
    assert len(base) == len(records.rows.template)
    assert len({resource["id"] for resource in base}) == len(base)
