"""One patient's record to read: grouped, newest first, as of a moment, and true to the resources."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.fhir.timeline import Timeline, timeline
from tests.fhir.hospital_on_paper import NOW

ANN = "S1234561"
PATIENT = {"reference": "Patient/p"}


@pytest.fixture
def chart(tmp_path: Path) -> Any:
    """A record of the resources given, as of a moment."""

    def make(*resources: dict[str, Any], now: datetime | None = NOW) -> Timeline:
        patient = {
            "resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1960-11-14",
            "name": [{"given": ["Ann", "B."], "family": "Lee"}], "telecom": [{"system": "phone", "value": "555"}],
            "address": [{"line": ["1 Road"], "city": "Town", "postalCode": "9"}],
        }  # fmt: skip
        lines = [patient, *({"id": f"r{number}", "subject": PATIENT, **one} for number, one in enumerate(resources))]
        (tmp_path / "all.ndjson").write_bytes(b"\n".join(map(orjson.dumps, lines)))
        return timeline(Snapshot.from_ndjson(tmp_path, tmp_path / "cache"), "p", now)

    return make


def drug(name: str, status: str, at: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest", "status": status, "intent": "order", "authoredOn": at,
        "medicationCodeableConcept": {"text": name}, **more,
    }  # fmt: skip


def lab(code: str, at: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "status": "final", "code": {"coding": [{"code": code}], "text": code},
        "effectiveDateTime": at, "valueQuantity": {"value": value, "unit": "mmol/L"}, **more,
    }  # fmt: skip


def test_who_it_is(chart: Any) -> None:
    person = chart().person
    assert (person.name, person.gender, person.birth_date) == ("Ann B. Lee", "female", "1960-11-14")
    assert (person.address, person.phone) == ("1 Road, Town, 9", "555")
    assert person.age == 62  # the day before her birthday
    assert chart(now=datetime(2023, 11, 14, tzinfo=UTC)).person.age == 63
    assert chart(now=None).person.age is None


def test_repeated_problems_are_one_line_with_first_last_and_how_often(chart: Any) -> None:
    def problem(at: str, status: str) -> dict[str, Any]:
        return {
            "resourceType": "Condition", "recordedDate": at, "onsetDateTime": "2019-05-01",
            "code": {"coding": [{"code": "I10", "display": "Hypertension"}]},
            "clinicalStatus": {"coding": [{"code": status}]},
        }  # fmt: skip

    (one,) = chart(problem("2020-01-01", "active"), problem("2022-01-01", "resolved")).problems
    assert (one.what, one.code, one.status) == ("Hypertension", "I10", "resolved")
    assert (one.first, one.last, one.times, one.detail) == ("2020-01-01", "2022-01-01", 2, "onset 2019-05-01")


def test_active_medications_come_first_and_speak_for_their_group(chart: Any) -> None:
    dosage = {
        "timing": {"code": {"text": "Daily"}}, "route": {"text": "Oral"},
        "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}],
    }  # fmt: skip
    found = chart(
        drug("NEW", "stopped", "2023-11-01T00:00:00Z"),
        drug("OLD", "active", "2022-01-01T00:00:00Z", dosageInstruction=[dosage]),
        drug("OLD", "stopped", "2022-06-01T00:00:00Z"),
    ).medications
    assert [(one.what, one.status, one.times) for one in found] == [("OLD", "active", 2), ("NEW", "stopped", 1)]
    assert found[0].detail == "5 mg, Oral, Daily"
    assert found[0].last == "2022-06-01T00:00:00Z"


def test_readings_are_trends_newest_first_by_instant_not_by_spelling(chart: Any) -> None:
    found = chart(
        lab("K", "2023-11-01T10:00:00+00:00", 4.0),
        lab("K", "2023-11-01T09:30:00-05:00", 5.5, interpretation=[{"coding": [{"code": "H"}]}]),
        lab("K", "2023-10-01T10:00:00+00:00", 3.0),
        lab("NA", "2023-11-02T10:00:00+00:00", 140),
    ).laboratory
    assert [trend.code for trend in found] == ["NA", "K"]
    assert [value for _, value, _ in found[1].readings] == [5.5, 4.0, 3.0]
    assert found[1].readings[0][2] == "H"
    assert found[1].numbers == [3.0, 4.0, 5.5]


def test_units_are_not_mixed_and_words_are_shown_as_they_are(chart: Any) -> None:
    text = {"resourceType": "Observation", "code": {"text": "Culture"}, "effectiveDateTime": "2023-01-01"}
    found = chart(
        lab("K", "2023-11-01", 4.0),
        lab("K", "2023-11-02", 16, valueQuantity={"value": 16, "unit": "mg/dL"}),
        {**text, "valueString": "no growth"},
        lab("CRP", "2023-01-01", 1, valueQuantity={"value": 1, "unit": "mg/L", "comparator": "<"}),
    ).laboratory
    assert {(trend.code, trend.unit) for trend in found} == {
        ("K", "mmol/L"), ("K", "mg/dL"), ("Culture", ""), ("CRP", "mg/L"),
    }  # fmt: skip
    shown = {trend.code: trend.readings[0][1] for trend in found}
    assert shown["Culture"] == "no growth"
    assert shown["CRP"] == "<1"


def test_vital_signs_stand_apart(chart: Any) -> None:
    vital = [{"coding": [{"code": "vital-signs"}]}]
    found = chart(lab("K", "2023-11-01", 4.0), lab("PULSE", "2023-11-01", 80, category=vital))
    assert [trend.code for trend in found.laboratory] == ["K"]
    assert [trend.code for trend in found.vitals] == ["PULSE"]


def test_what_comes_later_does_not_exist(chart: Any) -> None:
    found = chart(lab("K", "2023-11-13T10:15:00Z", 4.0), lab("K", "2023-11-13T10:16:00Z", 9.0))
    assert [value for _, value, _ in found.laboratory[0].readings] == [4.0]


def test_every_resource_of_a_patient_is_counted_once(snapshot: Snapshot) -> None:
    record = timeline(snapshot, ANN)
    session = Session(snapshot)

    def total(kind: str) -> int:
        answer = session.search_now(kind, (("patient", ANN), ("_summary", "count")))
        return int(orjson.loads(answer.body)["total"])

    readings = sum(len(trend.readings) for trend in (*record.laboratory, *record.vitals))
    assert readings == total("Observation") > 0
    assert sum(one.times for one in record.problems) == total("Condition") > 0
    assert sum(one.times for one in record.medications) == total("MedicationRequest") > 0
    assert sum(one.times for one in record.procedures) == total("Procedure") > 0
    assert sum(one.times for one in record.orders) == total("ServiceRequest")
    assert orjson.loads(orjson.dumps(record.to_json()))["person"]["mrn"] == ANN


def test_an_unknown_patient_is_named_with_the_nearest(snapshot: Snapshot) -> None:
    with pytest.raises(ArgumentError, match=r"mrn: 'S123456' is not allowed; .*did you mean 'S123456\d'"):
        timeline(snapshot, "S123456")
