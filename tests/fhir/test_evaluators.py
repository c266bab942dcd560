"""Tokens, strings, quantities and references: one evaluator each."""

from __future__ import annotations

from typing import Any

import pytest

from medagentbenchv2.fhir.extract import values
from medagentbenchv2.fhir.parameters import PARAMETERS
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.query import alternatives, read

LOINC = "http://loinc.org"
K: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "1",
    "status": "final",
    "category": [{"coding": [{"system": "http://c", "code": "laboratory"}, {"code": "local"}]}],
    "code": {"coding": [{"system": LOINC, "code": "K", "display": "Potassium"}], "text": "Kalium, Blut"},
    "subject": {"reference": "Patient/S1"},
    "valueQuantity": {"value": 5.4, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
    "effectivePeriod": {"start": "2023-01-10", "end": "2023-01-20"},
}
PETER: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "S1",
    "identifier": [{"value": "S1", "type": {"coding": [{"code": "MR"}]}}, {"system": "urn:ssn", "value": "9"}],
    "name": [{"family": "Müller-O'Hara", "given": ["Peter", "José"]}],
    "telecom": [{"system": "phone", "value": "555"}, {"system": "email", "value": "a@b"}],
    "active": True,
    "gender": "male",
    "address": [{"line": ["1 Main St"], "city": "Zürich", "postalCode": "8000"}],
}
ORDER: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "2",
    "status": "active",
    "medicationCodeableConcept": {"text": "HEPARIN"},
    "dosageInstruction": [{"timing": {"event": ["2023-03-01T08:00:00Z", "2023-03-05"]}}],
}


def accepts(resource: dict[str, Any], name: str, value: str) -> bool:
    query = read(resource["resourceType"], ((name, value),))
    return all(clause.matcher.accepts(values(resource, clause.parameter)) for clause in query.clauses)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("code", "K", True),
        ("code", "k", False),
        ("code", "Kalium, Blut", False),
        ("code", f"{LOINC}|K", True),
        ("code", f"{LOINC}|", True),
        ("code", "|K", False),
        ("code", "X,K", True),
        ("code:not", "K", False),
        ("code:not", "X", True),
        ("code:text", "kal", True),
        ("code:text", "Blut", False),
        ("code:text", "POTASS", True),
        ("code:missing", "false", True),
        ("category", "|local", True),
        ("category", "http://c|local", False),
        ("status", "http://hl7.org/fhir/observation-status|final", True),
        ("value-quantity", "5.4", True),
        ("value-quantity", "5", True),
        ("value-quantity", "5.40", True),
        ("value-quantity", "5.39", False),
        ("value-quantity", "gt5.4", False),
        ("value-quantity", "ge5.4", True),
        ("value-quantity", "lt5.4", False),
        ("value-quantity", "le5.4", True),
        ("value-quantity", "ne5.4", False),
        ("value-quantity", "ap5", True),
        ("value-quantity", ">=5.4", True),
        ("value-quantity", "<5.4", False),
        ("date", ">=2023-01-15", True),
        ("date", ">2023-02", False),
        ("value-quantity", "5.4|http://unitsofmeasure.org|mmol/L", True),
        ("value-quantity", "5.4||mmol/L", True),
        ("value-quantity", "5.4||mg/dL", False),
        ("value-quantity", "1,5.4", True),
        ("subject", "S1", True),
        ("subject", "Patient/S1", True),
        ("subject", "http://host/fhir/Patient/S1", True),
        ("subject", "Group/S1", False),
        ("subject:Patient", "S1", True),
        ("subject:Group", "S1", False),
        ("patient", "S2,S1", True),
        ("patient", "S", False),
        ("date", "2023-01", True),
        ("date", "2023-01-10", False),
        ("date", "ge2023-01-15", True),
        ("date", "le2023-01-15", True),
        ("date", "sa2023-01-15", False),
        ("date", "sa2023-01-09", True),
        ("date", "eb2023-01-21", True),
    ],
)
def test_observation_parameters(name: str, value: str, expected: bool) -> None:
    assert accepts(K, name, value) is expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("family", "muller", True),
        ("family", "O'Hara", False),
        ("family:contains", "o'hara", True),
        ("family:exact", "Müller-O'Hara", True),
        ("family:exact", "müller-O'Hara", False),
        ("name", "jose", True),
        ("name", "Peter Müller", False),
        ("given", "ann,pet", True),
        ("address", "zuri", True),
        ("address-postalcode", "80", True),
        ("identifier", "S1", True),
        ("identifier", "|S1", True),
        ("identifier", "urn:ssn|9", True),
        ("identifier", "urn:ssn|S1", False),
        ("telecom", "555", True),
        ("phone", "555", True),
        ("phone", "a@b", False),
        ("gender", "male", True),
        ("birthdate:missing", "true", True),
        ("name:missing", "true", False),
        ("_id", "S1", True),
        ("_id", "Patient/S1", True),
    ],
)
def test_patient_parameters(name: str, value: str, expected: bool) -> None:
    assert accepts(PETER, name, value) is expected


def test_a_medication_orders_date_is_its_administration_time_not_authored_on() -> None:
    authored = {**ORDER, "authoredOn": "2023-02-01"}
    assert accepts(authored, "date", "2023-03")
    assert not accepts(authored, "date", "2023-02-01")
    assert accepts(authored, "authoredon", "2023-02-01")


def test_a_drug_that_is_text_only_has_no_code() -> None:
    assert accepts(ORDER, "code:missing", "true")
    assert accepts(ORDER, "code:text", "heparin")
    assert not accepts(ORDER, "code", "HEPARIN")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b", ["a", "b"]),
        (r"a\,b", ["a,b"]),
        (r"a\\,b", ["a\\", "b"]),
        (r"a\|b", ["a\x00b"]),
        ("", [""]),
        (r"a\$", ["a$"]),
    ],
)
def test_commas_separate_unless_escaped(text: str, parts: list[str]) -> None:
    assert alternatives(text) == parts


@pytest.mark.parametrize("value", ["gtx", "5.x", "", "zz5", "NaN", "1e999x"])
def test_a_bad_quantity_is_refused(value: str) -> None:
    if value:
        with pytest.raises(Problem):
            read("Observation", (("value-quantity", value),))


def test_every_type_can_be_found_by_id_and_update_time() -> None:
    assert all({"_id", "_lastUpdated"} <= set(parameters) for parameters in PARAMETERS.values())
    assert len(PARAMETERS) == 146
