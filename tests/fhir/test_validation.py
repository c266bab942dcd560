"""R4 validation: every issue at once, each at its FHIRPath; the engine's own records have none."""

from __future__ import annotations

import copy
import json
import random
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medagentbenchv2 import data
from medagentbenchv2.fhir import r4
from medagentbenchv2.fhir.parsing import Refused, parse
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.fhir.ucum import is_unit
from medagentbenchv2.fhir.validation import validate
from tests.fhir.golden_rows import golden
from tests.fhir.mutations import any_resource, cases
from tests.fhir.sent import BODIES

KINDS = ("Patient", "Observation", "Procedure", "Condition", "MedicationRequest", "ServiceRequest")


def observation(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}} | elements


def paths(resource: dict[str, Any]) -> list[str]:
    issues = validate(resource)
    assert all(issue.severity == "error" and len(issue.expression) == 1 for issue in issues)
    return [issue.expression[0] for issue in issues]


def test_a_valid_resource_has_no_issues() -> None:
    assert validate(observation()) == []


def test_hl7s_own_examples_of_every_resource_type_have_no_issues() -> None:
    rows = golden("examples")
    assert len(rows) >= 140
    assert [(row["kind"], issue) for row in rows for issue in validate(json.loads(row["body"]))] == []


def test_all_issues_come_at_once_each_at_its_path() -> None:
    body = {
        "resourceType": "Observation",
        "status": "FINAL",
        "bogus": 1,
        "component": [{"code": {"text": "a"}}, {"valueQuantity": {"value": "7"}}],
    }
    assert paths(body) == [
        "Observation.status",
        "Observation.bogus",
        "Observation.component[1].valueQuantity.value",
        "Observation.component[1].code",
        "Observation.code",
    ]
    codes = [issue.code for issue in validate(body)]
    assert codes == ["code-invalid", "structure", "value", "required", "required"]


@pytest.mark.parametrize(
    ("elements", "path"),
    [
        ({"note": {"text": "x"}}, "Observation.note"),
        ({"code": [{"text": "x"}]}, "Observation.code"),
        ({"category": []}, "Observation.category"),
        ({"subject": "Patient/S1"}, "Observation.subject"),
        ({"subject": {}}, "Observation.subject"),
        ({"subject": {"referenc": "Patient/S1"}}, "Observation.subject.referenc"),
        ({"effectiveDateTime": "2023-02-30"}, "Observation.effectiveDateTime"),
        ({"effectiveDateTime": "2023-01-05T10:00:00"}, "Observation.effectiveDateTime"),
        ({"issued": "2023-01-05"}, "Observation.issued"),
        ({"valueInteger": 1.5}, "Observation.valueInteger"),
        ({"valueBoolean": "true"}, "Observation.valueBoolean"),
        ({"valueString": ""}, "Observation.valueString"),
        ({"valueString": "x", "valueInteger": 1}, "Observation.value[x]"),
        ({"id": "a b"}, "Observation.id"),
        ({"contained": [{"resourceType": "Patient", "gender": "m"}]}, "Observation.contained[0].gender"),
        ({"contained": [{"resourceType": "Foo"}]}, "Observation.contained[0]"),
        ({"extension": [{"valueString": "x"}]}, "Observation.extension[0].url"),
        ({"_status": {"id": 5}}, "Observation.status.id"),
        ({"_code": {"id": "x"}}, "Observation._code"),
        (
            {"valueQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "mcg"}},
            "Observation.valueQuantity.code",
        ),
        ({"valueQuantity": {"value": 1, "code": "mg"}}, "Observation.valueQuantity"),
    ],
)
def test_each_fault_is_found_where_it_is(elements: dict[str, Any], path: str) -> None:
    assert paths(observation(**elements)) == [path]


def test_an_extension_has_a_value_or_extensions() -> None:
    both = {"url": "http://x", "valueString": "v", "extension": [{"url": "y", "valueCode": "z"}]}
    assert paths(observation(extension=[both])) == ["Observation.extension[0]"]
    assert validate(observation(_status={"extension": [{"url": "http://x", "valueString": "v"}]})) == []


def test_a_required_choice_is_missed_under_its_own_name() -> None:
    body = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"display": "x"}}
    assert paths(body) == ["MedicationRequest.medication[x]"]


def test_what_is_no_resource_is_one_issue() -> None:
    assert paths({}) == ["Resource"]
    assert paths({"resourceType": "patient"}) == ["Resource"]


def test_nesting_without_end_is_an_issue_not_a_crash() -> None:
    item: dict[str, Any] = {"linkId": "1", "type": "group"}
    for _ in range(150):
        item = {"linkId": "1", "type": "group", "item": [item]}
    assert len(paths({"resourceType": "Questionnaire", "status": "draft", "item": [item]})) == 1


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["resourceType"])
def test_what_agents_send_is_valid_once_its_note_is_a_list(body: dict[str, Any]) -> None:
    sent = copy.deepcopy(body)
    if isinstance(sent.get("note"), dict):
        sent["note"] = [sent["note"]]
    assert validate(sent) == []


@settings(deadline=None)
@given(st.integers(0, 10**9))
@example(246)
def test_lenient_parsing_leaves_nothing_unknown_and_nothing_repeated(seed: int) -> None:
    for kind, body in cases(seed, 2):
        try:
            parsed = parse(body.encode("utf-8", errors="replace"), kind).resource
        except Refused:
            continue
        for issue in validate(parsed):
            # HAPI writes what is nested in a modifierExtension under that name again, which R4 does not know there.
            nested = re.search(r"modifierExtension(\[\d+\])?\.modifierExtension: unknown", issue.diagnostics)
            assert nested or "unknown element" not in issue.diagnostics
            assert "must be an array" not in issue.diagnostics
            assert "found an array" not in issue.diagnostics


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_a_removed_required_element_is_always_missed(seed: int) -> None:
    body = any_resource(random.Random(seed))
    kind = body["resourceType"]
    for element in r4.elements(kind).values():
        if element.required and element.base == element.name and body.pop(element.name, None) is not None:
            missed = [issue.expression for issue in validate(body) if issue.code == "required"]
            assert (f"{kind}.{element.name}",) in missed


@pytest.mark.parametrize("number", ["1", "1.50", "1e2", "99999999999999999999"])
def test_a_body_in_single_quotes_is_validated_like_any_other(snapshot: Snapshot, number: str) -> None:
    strict = Session(snapshot, validation="r4")
    body = f"{{'resourceType': 'Observation', 'status': 'final', 'valueQuantity': {{'value': {number}}}}}".encode()
    answer = strict.create_now("Observation", body)
    assert answer.status == 422
    assert [issue["expression"] for issue in json.loads(answer.body)["issue"]] == [["Observation.code"]]


def sample(session: Session, count: int) -> list[dict[str, Any]]:
    found = []
    for kind in KINDS:
        bundle = json.loads(session.search_now(kind, [("_count", str(count))]).body)
        found += [entry["resource"] for entry in bundle.get("entry", [])]
    return found


def test_the_engines_rendered_records_are_valid_r4(session: Session) -> None:
    resources = sample(session, 2000)
    assert {resource["resourceType"] for resource in resources} == set(KINDS)
    assert [(resource["id"], issue) for resource in resources for issue in validate(resource)] == []


@pytest.fixture(scope="module")
def default_ehr() -> Session:
    path = data.path("world0.snapshot")
    if not path.exists():
        pytest.skip("the default EHR's snapshot has not been built")
    return Session(Snapshot.open(path))


def test_the_default_ehr_is_valid_r4(default_ehr: Session) -> None:
    issues = [issue for resource in sample(default_ehr, 1500) for issue in validate(resource)]
    assert {issue.diagnostics for issue in issues} == set()


def test_another_implementation_of_r4_agrees_on_the_engines_records(session: Session) -> None:
    models = pytest.importorskip("fhir.resources.R4B", reason="needs fhir.resources from PyPI")
    for resource in sample(session, 200):
        models.get_fhir_model_class(resource["resourceType"]).model_validate(resource)


CLINICAL_UNITS = """
    mg/dL mmol/L meq/L 10*3/uL 10*6/uL mm[Hg] {score} % m2 kg/m2 mL/min/{1.73_m2} u[IU]/mL [IU]/L [degF] Cel g/dL /min
    {beats}/min 1/min ng/mL fL pg mg/kg/h ug/kg/min (mg/dL)/h s-1 mL/(24.h) [in_i] [lb_av] ms mo a U/L k[iU]/L 1
"""


@pytest.mark.parametrize("unit", CLINICAL_UNITS.split())
def test_units_of_clinical_practice_are_ucum(unit: str) -> None:
    assert is_unit(unit)


@pytest.mark.parametrize(
    "unit", ["", "mmHg", "uIU/mL", "IU/L", "mEq/L", "mcg", "bpm", "breaths/min", "cc", "sec", "mg//dL", "mg/", ".mg",
             "(mg", "mg)", "mg/dL ", "per min", "m2.", "[foo]", "mg dL", "(" * 500, "mg/" * 500 + "mg"],
)  # fmt: skip
def test_look_alikes_are_not_ucum(unit: str) -> None:
    assert not is_unit(unit)
