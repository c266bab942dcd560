"""Rendered rows: valid R4 in the published server's shape, with every number as it was quantised."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest

from medagentbenchv2.fhir.rows import MISSING, STATUSES, Records, Rows, Template
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.fhir.hospital_on_paper import TEMPLATES, patient


def rendered(
    template: Template, minute: int, value: int = MISSING, status: str = "final", delay: int = 0
) -> dict[str, Any]:
    columns = {"template": 0, "patient": 0, "minute": minute, "value": value, "delay": delay}
    rows = Rows(
        **{name: np.array([number], dtype=np.int32) for name, number in columns.items()},
        status=np.array([STATUSES.index(status)], dtype=np.uint8),
    )
    session = Session(Snapshot.build(Records([patient(0)], [template], rows, base_id=308_005)))
    body = session.read_now(template.kind, "308005").body
    entry = orjson.loads(session.search_now(template.kind, ()).body)["entry"][0]
    found: dict[str, Any] = orjson.loads(body)
    assert entry["resource"] == found
    assert entry["fullUrl"] == f"http://localhost:8080/fhir/{template.kind}/308005"
    return found


AT = int(datetime(2023, 6, 28, 9, 25, tzinfo=UTC).timestamp()) // 60


def test_an_observation_reads_like_the_published_servers() -> None:
    assert rendered(TEMPLATES[2], AT, 74, delay=208) == {
        "resourceType": "Observation",
        "id": "308005",
        "meta": {"versionId": "1", "lastUpdated": "2024-12-30T01:00:00.000+00:00"},
        "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "laboratory", "display": "Laboratory",
        }]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "A1C", "display": "A1C"}], "text": "A1C"},
        "subject": {
            "reference": "Patient/S1234560",
            "identifier": {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "value": "S1234560"},
        },
        "effectiveDateTime": "2023-06-28T09:25:00+00:00",
        "issued": "2023-06-28T12:53:00+00:00",
        "valueQuantity": {"value": 7.4, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
        "interpretation": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
            "code": "HIGH", "display": "High",
        }]}],
    }  # fmt: skip


@pytest.mark.parametrize(("value", "code"), [(34, "LOW"), (35, None), (50, None), (51, "HIGH"), (MISSING, None)])
def test_interpretation_is_written_outside_the_reference_range(value: int, code: str | None) -> None:
    found = rendered(TEMPLATES[0], AT, value)
    assert [one["coding"][0]["code"] for one in found.get("interpretation", ())] == ([code] if code else [])
    assert ("valueQuantity" in found) is (value != MISSING)


def test_elements_come_in_the_order_of_the_specification() -> None:
    found = rendered(TEMPLATES[10], AT, status="active")
    assert list(found) == [
        "resourceType", "id", "meta", "status", "intent", "medicationCodeableConcept", "subject", "authoredOn",
        "dosageInstruction",
    ]  # fmt: skip


def test_a_pair_is_a_value_string() -> None:
    assert rendered(TEMPLATES[5], AT, 118_077)["valueString"] == "118/77 mmHg"


def test_whole_numbers_are_written_whole_and_decimals_as_decimals() -> None:
    assert rendered(TEMPLATES[3], AT, 118)["valueQuantity"]["value"] == 118
    assert isinstance(rendered(TEMPLATES[3], AT, 118)["valueQuantity"]["value"], int)
    assert rendered(TEMPLATES[0], AT, 40)["valueQuantity"]["value"] == 4.0


def test_a_row_without_a_date_has_no_date_elements() -> None:
    for template, status in ((TEMPLATES[0], "final"), (TEMPLATES[8], "active")):
        found = rendered(template, MISSING, status=status)
        assert not {"effectiveDateTime", "issued", "onsetDateTime", "recordedDate"} & set(found)


def test_a_conditions_status_says_whether_it_was_refuted() -> None:
    def codes(status: str) -> tuple[Any, Any]:
        found = rendered(TEMPLATES[8], AT, status=status, delay=1500)
        assert found["onsetDateTime"] == "2023-06-28T09:25:00+00:00"
        assert found["recordedDate"] == "2023-06-29T10:25:00+00:00"
        concepts = (found.get(name, {}) for name in ("clinicalStatus", "verificationStatus"))
        one, two = (concept.get("coding", [{}])[0].get("code") for concept in concepts)
        return one, two

    assert codes("active") == ("active", "confirmed")
    assert codes("resolved") == ("resolved", "confirmed")
    assert codes("refuted") == (None, "refuted")
    assert codes("entered-in-error") == (None, "entered-in-error")


def test_quotes_percent_signs_and_accents_survive() -> None:
    text = 'a "quoted" 100% %s {id} ünï \\ text'
    template = Template("Procedure", text, {"code": {"text": text}})
    assert rendered(template, AT, status="completed")["code"] == {"text": text}


def test_dates_before_1970_are_dates() -> None:
    assert rendered(TEMPLATES[6], -1, status="completed")["performedDateTime"] == "1969-12-31T23:59:00+00:00"


def test_a_row_reads_the_same_on_a_page_with_rows_of_other_kinds(snapshot: Snapshot) -> None:
    segment = snapshot.base.of("Observation")
    rows = np.random.default_rng(1).permutation(len(snapshot.records().rows.template))
    alone = [segment.entries(rows[at : at + 1], "http://x/fhir", "match")[0] for at in range(len(rows))]
    assert segment.entries(rows, "http://x/fhir", "match") == alone
    assert b"".join(segment.page(rows, "http://x/fhir", "match")) == b",".join(alone)


def test_dates_are_written_in_any_order_and_however_far_apart() -> None:
    written = ("2023-06-27T09:25", "2023-06-28T00:00", "2023-06-20T23:59", "1969-12-31T23:58", "0301-01-01T01:02",
               "5999-12-31T12:00", "1969-12-30T00:00", "2023-06-27T09:26")  # fmt: skip
    minutes = [np.datetime64(text, "m").astype(int) for text in written]
    zeros = np.zeros(len(written), dtype=np.int32)
    rows = Rows(
        template=zeros, patient=zeros, minute=np.array(minutes, dtype=np.int32), value=zeros + MISSING, delay=zeros,
        status=np.full(len(written), STATUSES.index("completed"), dtype=np.uint8),
    )  # fmt: skip
    session = Session(Snapshot.build(Records([patient(0)], [TEMPLATES[6]], rows, base_id=1)))
    for id, text in enumerate(written, 1):
        assert orjson.loads(session.read_now("Procedure", str(id)).body)["performedDateTime"] == f"{text}:00+00:00"
    together = orjson.loads(session.search_now("Procedure", ()).body)["entry"]
    assert [one["resource"]["performedDateTime"][:16] for one in together] == list(written)
