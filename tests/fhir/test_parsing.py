"""Lenient parsing against HAPI 6.6.1's own parser (golden/parser.jsonl.zst), by rules in words, and under attack."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medagentbenchv2.fhir import r4
from medagentbenchv2.fhir.parsing import Refused, parse
from tests.fhir.fuzz import difference
from tests.fhir.golden_rows import golden
from tests.fhir.mutations import any_resource, cases
from tests.fhir.sent import BODIES

WITHOUT_EXAMPLE = {"Parameters", "SubstanceNucleicAcid", "SubstancePolymer", "SubstanceProtein"} | {
    "SubstanceReferenceInformation",
    "SubstanceSourceMaterial",
}
"""Resource types of which HL7's package has no example by name."""


def observation(**elements: Any) -> bytes:
    return json.dumps({"resourceType": "Observation", **elements}).encode()


def kept(**elements: Any) -> dict[str, Any]:
    """What is left of an Observation with these elements."""
    return {name: value for name, value in parse(observation(**elements)).resource.items() if name != "resourceType"}


def refusal(body: bytes, kind: str = "Observation") -> Refused:
    with pytest.raises(Refused) as caught:
        parse(body, kind)
    return caught.value


def test_every_frozen_body_has_the_outcome_and_the_json_that_hapi_gives_it() -> None:
    rows = golden("parser")
    assert len(rows) >= 5000
    assert [(row, why) for row in rows if (why := difference(row))] == []


def test_the_frozen_bodies_cover_acceptance_refusal_and_every_resource_that_agents_write() -> None:
    rows = golden("parser")
    for kind in ("Observation", "MedicationRequest", "ServiceRequest", "Procedure", "Condition", "Patient"):
        outcomes = [row["outcome"] for row in rows if row["kind"] == kind]
        assert outcomes.count("ok") > 300
        assert outcomes.count("refused") > 60


def test_hl7s_own_example_of_every_resource_type_is_kept_as_hapi_keeps_it() -> None:
    rows = golden("examples")
    assert {row["kind"] for row in rows} >= set(r4.resource_types()) - WITHOUT_EXAMPLE
    assert [(row["kind"], why) for row in rows if (why := difference(row))] == []
    assert all(row["outcome"] == "ok" for row in rows)


def test_an_object_where_an_array_belongs_is_wrapped_with_a_warning() -> None:
    parsed = parse(observation(note={"text": "x"}))
    assert parsed.resource["note"] == [{"text": "x"}]
    assert parsed.warnings == ("Found incorrect type for element note - Expected ARRAY and found OBJECT",)


def test_an_array_where_one_belongs_keeps_its_first_value() -> None:
    assert kept(code=[{"text": "a"}, {"text": "b"}], status=["final", "amended"]) == {
        "status": "final",
        "code": {"text": "a"},
    }


def test_a_scalar_where_an_object_belongs_is_dropped_with_a_warning() -> None:
    body = {"resourceType": "MedicationRequest", "dosageInstruction": [{"route": "IV", "text": "slowly"}]}
    parsed = parse(json.dumps(body).encode(), "MedicationRequest")
    assert parsed.resource["dosageInstruction"] == [{"text": "slowly"}]
    assert len(parsed.warnings) == 1
    assert "route" in parsed.warnings[0]


def test_unknown_elements_are_dropped_with_a_warning() -> None:
    parsed = parse(observation(status="final", bogus={"deep": [1]}))
    assert parsed.resource == {"resourceType": "Observation", "status": "final"}
    assert "Unknown element 'bogus' found while parsing" in parsed.warnings


def test_numbers_and_text_are_taken_for_each_other() -> None:
    assert kept(valueQuantity={"value": "1.50"}) == {"valueQuantity": {"value": 1.5}}
    assert kept(valueInteger="7") == {"valueInteger": 7}
    assert parse(b'{"resourceType":"Observation","valueString":1.10}').resource["valueString"] == "1.10"


def test_the_last_of_several_choices_wins() -> None:
    assert kept(valueString="x", valueInteger=1) == {"valueInteger": 1}


def test_elements_come_out_in_the_order_of_the_specification() -> None:
    sent = {"valueString": "x", "code": {"text": "t", "coding": [{"code": "c", "system": "s"}]}, "status": "final"}
    assert list(kept(**sent)) == ["status", "code", "valueString"]
    assert list(kept(**sent)["code"]) == ["coding", "text"]


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b'{"resourceType":"Observation"', "HAPI-1861", "Failed to parse JSON"),
        (b"", "HAPI-1861", "HAPI-1857: Did not find any content to parse"),
        (b"[1]", "HAPI-1861", "HAPI-1859: Content does not appear to be FHIR JSON"),
        (b'{"status":"final"}', "HAPI-1838", "missing required element: 'resourceType'"),
        (b'{"resourceType":"Patient"}', "HAPI-1814", 'expected "Observation" but found "Patient"'),
        (observation(status="FINAL"), "HAPI-1821", '[element="status"] Invalid attribute value "FINAL"'),
        (observation(effectiveDateTime="2023-02-30"), "HAPI-1821", '[element="effectiveDateTime"]'),
        (observation(valueInteger="seven"), "HAPI-1821", '[element="valueInteger"]'),
        (observation(valueQuantity={"value": "2 mg"}), "HAPI-1821", '[element="value"]'),
        (observation(contained=[{"resourceType": "Foo"}]), "HAPI-1684", 'Unknown resource name "Foo"'),
    ],
)  # fmt: skip
def test_what_hapi_refuses_is_a_400_that_names_the_cause(body: bytes, code: str, words: str) -> None:
    refused = refusal(body)
    assert (refused.status, refused.code) == (400, code)
    assert refused.diagnostics.startswith("HAPI-0450: Failed to parse request body as JSON resource. Error was: HAPI-")
    assert words in refused.diagnostics


def test_without_an_expected_kind_an_unknown_resource_is_named() -> None:
    assert refusal(b'{"resourceType":"Foo"}', "").code == "HAPI-1684"
    assert refusal(b'{"resourceType":"patient"}', "").code == "HAPI-1815"


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_what_was_parsed_once_parses_to_itself(seed: int) -> None:
    for kind, body in cases(seed, 3):
        try:
            first = parse(body.encode("utf-8", errors="replace"), kind).resource
        except Refused:
            continue
        if "contained" in first or "xtension" in body:  # HAPI renames contained ids and hides lone urls
            continue
        again = parse(orjson.dumps(first), kind)
        assert again.resource == first
        assert again.warnings == ()


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_a_resource_that_follows_the_definitions_keeps_everything_but_what_is_empty(seed: int) -> None:
    body = any_resource(random.Random(seed))
    before = copy.deepcopy(body)
    parsed = parse(body, body["resourceType"])
    assert body == before
    assert all("Expected" not in warning and "Unknown" not in warning for warning in parsed.warnings)
    assert set(parsed.resource) <= set(body)


SCALARS = st.none() | st.booleans() | st.floats() | st.text() | st.integers()
NAMES = st.text() | st.sampled_from(["extension", "_status", "code", "component", "valueQuantity", "url"])


@settings(deadline=None)
@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)))
def test_any_json_is_either_parsed_or_refused(value: Any) -> None:
    for name in ("component", "code", "extension", "_status", "valueQuantity", "contained"):
        try:
            parsed = parse({"resourceType": "Observation", name: value}, "Observation")
        except Refused:
            continue
        orjson.dumps(parsed.resource)


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_either_parsed_or_refused(body: bytes) -> None:
    for start in (b"", b'{"resourceType":"Observation","valueString":'):
        with contextlib.suppress(Refused):
            orjson.dumps(parse(start + body, "Observation").resource)


DEEP = 20_000


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceType":"Observation","a":' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"resourceType":"Observation","a":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"resourceType":"Observation","extension":' + b'[{"extension":' * 400 + b"[]" + b"}]" * 400 + b"}",
        b'{"resourceType":"Observation","contained":['
        + b'{"resourceType":"Patient","contained":[' * 300
        + b"]}" * 300
        + b"]}",
        b'{"resourceType":"Observation","a":"' + b'\\"' * DEEP,
        b'{"resourceType":"Observation","a":' + b"'\"" * DEEP,
        b'{"resourceType":"Observation","valueString":1e999999999}',
        b'{"resourceType":"Observation","valueInteger":' + b"9" * 100_000 + b"}",
    ],
)
def test_hostile_bodies_are_refused_at_once(body: bytes) -> None:
    assert refusal(body).status == 400


def test_half_a_surrogate_pair_becomes_text_that_can_be_written() -> None:
    assert kept(valueString="a\ud800b") == {"valueString": "a?b"}
    assert kept(valueString="\U0001f600") == {"valueString": "\U0001f600"}
    assert orjson.dumps(parse({"resourceType": "Observation", "valueString": "a\udfffb"}).resource)


def test_nested_bodies_that_are_parsed_twice_are_not_parsed_exponentially_often() -> None:
    component: Any = {"code": {"text": "x"}}
    for _ in range(40):
        component = {"item": [component, 5], "linkId": "1"}
    body = {"resourceType": "Questionnaire", "status": "draft", "item": [component, "x"]}
    assert parse(body, "Questionnaire").resource["item"][0]["linkId"] == "1"


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["resourceType"])
def test_realistic_bodies_lose_nothing(body: dict[str, Any]) -> None:
    parsed = parse(body, body["resourceType"]).resource
    for name in body:
        expected = [body[name]] if name == "note" else body[name]
        assert parsed[name] == expected
