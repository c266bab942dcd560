"""Short forms are spelled out, and nothing that the agent said is lost."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medagentbenchv2.fhir import r4
from medagentbenchv2.fhir.parsing import parse
from medagentbenchv2.tools.normalise import normalise

KINDS = ("Observation", "MedicationRequest", "ServiceRequest")
CODING = {"system": "http://loinc.org", "code": "2823-3"}

SPELLED: list[tuple[str, Any, Any]] = [
    ("status", "active", "active"),
    ("code", "CT abdomen", {"text": "CT abdomen"}),
    ("code", {"text": "CT"}, {"text": "CT"}),
    ("code", [{"text": "CT"}], {"text": "CT"}),
    ("code", CODING, {"coding": [CODING]}),
    ("code", [CODING], {"coding": [CODING]}),
    ("code", [CODING, CODING], {"coding": [CODING, CODING]}),
    ("code", {"coding": CODING}, {"coding": [CODING]}),
    ("code", {"coding": "2823-3"}, {"coding": [{"code": "2823-3"}]}),
    ("code", [{"text": "a"}, {"text": "b"}], [{"text": "a"}, {"text": "b"}]),
    ("code", None, None),
    ("code", 5, 5),
    ("note", "stat", [{"text": "stat"}]),
    ("note", {"text": "stat"}, [{"text": "stat"}]),
    ("note", [{"text": "a"}, "b"], [{"text": "a"}, {"text": "b"}]),
    ("note", [], []),
    ("subject", "Patient/S1", {"reference": "Patient/S1"}),
    ("subject", ["Patient/S1"], {"reference": "Patient/S1"}),
    ("reasonCode", "mass", [{"text": "mass"}]),
    ("reasonReference", "Condition/1", [{"reference": "Condition/1"}]),
    ("identifier", "77", [{"value": "77"}]),
    ("quantityQuantity", 4, {"value": 4}),
    ("quantityQuantity", "4 g", {"unit": "4 g"}),
    ("occurrenceTiming", "q8h", {"code": {"text": "q8h"}}),
    ("instantiatesUri", "urn:x", ["urn:x"]),
    ("contained", {"resourceType": "Patient", "name": "Ada"}, [{"resourceType": "Patient", "name": [{"text": "Ada"}]}]),
    ("colour", {"red": 1}, {"red": 1}),
]


@pytest.mark.parametrize(("element", "said", "spelled"), SPELLED)
def test_a_short_form_is_spelled_out(element: str, said: Any, spelled: Any) -> None:
    resource = {"resourceType": "ServiceRequest", element: said}
    before = deepcopy(resource)
    assert normalise(resource) == {"resourceType": "ServiceRequest", element: spelled}
    assert resource == before


DOSE, RATE = {"value": 4, "unit": "g"}, {"value": 2, "unit": "h"}
ROUTE = {"route": {"text": "IV"}}


@pytest.mark.parametrize(
    ("said", "spelled"),
    [
        ("5000 units SC q8h", [{"text": "5000 units SC q8h"}]),
        ({"route": "IV"}, [ROUTE]),
        ([{"route": ["IV"]}], [ROUTE]),
        ({"route": "IV", "doseQuantity": DOSE}, [ROUTE | {"doseAndRate": [{"doseQuantity": DOSE}]}]),
        (
            {"doseAndRate": {"doseQuantity": DOSE}, "rateQuantity": RATE},
            [{"doseAndRate": [{"doseQuantity": DOSE, "rateQuantity": RATE}]}],
        ),
        (
            {"doseAndRate": {"doseQuantity": DOSE}, "doseQuantity": RATE},
            [{"doseAndRate": [{"doseQuantity": DOSE}, {"doseQuantity": RATE}]}],
        ),
    ],
)
def test_a_dosage_is_spelled_out(said: Any, spelled: Any) -> None:
    resource = {"resourceType": "MedicationRequest", "dosageInstruction": said}
    assert normalise(resource)["dosageInstruction"] == spelled


@pytest.mark.parametrize("resource", [{}, {"resourceType": "Nonsense", "note": "x"}, {"resourceType": 5, "note": "x"}])
def test_what_is_no_resource_stays_as_it_is(resource: dict[str, Any]) -> None:
    assert normalise(resource) == resource


def test_a_body_nested_past_any_server_comes_back() -> None:
    extension: dict[str, Any] = {"url": "x"}
    for _ in range(400):
        extension = {"url": "x", "extension": extension}
    resource = {"resourceType": "ServiceRequest", "extension": extension}
    assert normalise(resource) == resource


def said(value: Any) -> Counter[str]:
    """Every scalar anywhere in a value, counted."""
    if isinstance(value, dict):
        return sum((said(inner) for inner in value.values()), Counter())
    if isinstance(value, list):
        return sum((said(inner) for inner in value), Counter())
    return Counter([repr(value)])


TEXT_FORMS = ("CodeableConcept", "Annotation", "Reference", "Dosage", "Identifier", "Quantity", "Timing", "Coding")


@pytest.mark.parametrize(
    ("kind", "element"),
    [
        (kind, element.name)
        for kind in KINDS
        for element in r4.elements(kind).values()
        if element.type in TEXT_FORMS and element.name != "contained"
    ],
)
def test_the_server_keeps_what_was_said_in_short(kind: str, element: str) -> None:
    resource = {"resourceType": kind, element: "said in short"}
    dropped = parse(dict(resource))
    assert said(dropped.resource)[repr("said in short")] == 0, "the server alone would lose it"
    kept = parse(normalise(resource))
    assert said(kept.resource)[repr("said in short")] == 1
    assert kept.warnings == ()


SCALARS = st.text(max_size=8) | st.integers(-9, 9) | st.booleans()


def objects(type_name: str, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    elements = [e for e in r4.elements(type_name).values() if e.type not in ("Resource", "Extension", "Meta")]
    some = st.lists(st.sampled_from(elements), max_size=4, unique_by=lambda element: element.name)
    return some.flatmap(
        lambda chosen: st.fixed_dictionaries({element.name: values(element.type, depth) for element in chosen})
    )


def values(type_name: str, depth: int) -> st.SearchStrategy[Any]:
    """Anything that an agent might put there: the thing, its short form, a list of them, or nonsense."""
    plain = SCALARS if r4.is_primitive(type_name) or depth == 0 else SCALARS | objects(type_name, depth - 1)
    return plain | st.lists(plain, max_size=2)


@settings(max_examples=200, deadline=None)
@given(resource=st.sampled_from(KINDS).flatmap(lambda kind: objects(kind, 3).map(lambda o: {"resourceType": kind} | o)))
def test_nothing_that_was_said_is_lost_and_saying_it_again_changes_nothing(resource: dict[str, Any]) -> None:
    spelled = normalise(resource)
    assert said(spelled) == said(resource)
    assert normalise(spelled) == spelled
