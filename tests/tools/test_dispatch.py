"""A malformed call is told precisely and touches nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.fhir.ehr import Params, Response
from medagentbenchv2.tools.dispatch import dispatch
from medagentbenchv2.tools.registry import TOOLS
from tests.tools.recording_ehr import RecordingEhr
from tests.tools.test_creates import BLOOD_PRESSURE, MAGNESIUM, REFERRAL

SEARCH = "fhir_observation_search"
ORDER = "fhir_medication_request_create"
REFER = "fhir_service_request_create"


def without(arguments: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key != name}


MALFORMED: list[tuple[str, Any, tuple[str, ...]]] = [
    (SEARCH, "", ("arguments: sent empty text",)),
    (SEARCH, "   ", ("arguments: sent empty text",)),
    (SEARCH, "{", ("arguments: not valid JSON at character",)),
    (SEARCH, "{'code': 'K'}", ("arguments: not valid JSON at character 2",)),
    (SEARCH, '{"code": "K"} and more', ("arguments: not valid JSON",)),
    (SEARCH, '{"code": NaN}', ("arguments: not valid JSON",)),
    (SEARCH, "[]", ("arguments: sent []; accepted is one JSON object",)),
    (SEARCH, "null", ("arguments: sent null",)),
    (SEARCH, '"K"', ('arguments: sent "K"',)),
    (SEARCH, [{"code": "K"}], ('arguments: sent [{"code":"K"}]',)),
    (SEARCH, None, ("arguments: sent null",)),
    (SEARCH, {"code": "\ud800", "patient": "S1"}, ("arguments: not JSON",)),
    (SEARCH, {"code": {1, 2}, "patient": "S1"}, ("arguments: not JSON",)),
    (SEARCH, '{"code": "' + "K" * 200_000 + '"}', ("200012 characters", "at most 100000")),
    (SEARCH, {"code": "K" * 200_000}, ("at most 100000",)),
    (SEARCH, {"code": "K" * 2001, "patient": "S1"}, ("code: sent", "at most 2000 characters")),
    (SEARCH, '{"code": ' + "[" * 200 + "]" * 200 + "}", ("nested deeper than 24 levels",)),
    (SEARCH, "[" * 100_000, ("arguments: not valid JSON",)),
    (SEARCH, {}, ("patient: missing; accepted is text (", "code: missing; accepted is text (")),
    (SEARCH, {"patient": "S1"}, ("code: missing",)),
    (SEARCH, {"patient": "", "code": "K"}, ('patient: missing, sent "";',)),
    (SEARCH, {"patient": None, "code": "K"}, ("patient: missing, sent null",)),
    (SEARCH, {"patient": "  ", "code": "K"}, ('patient: sent "  "',)),
    (SEARCH, {"patient": 5, "code": "K"}, ("patient: sent 5; accepted is text",)),
    (SEARCH, {"patient": "S1", "code": 2823}, ("code: sent 2823; accepted is text",)),
    (SEARCH, {"patient": "S1", "code": ["K", 1]}, ('code: sent ["K",1]; accepted is text',)),
    (SEARCH, {"patient": "S1", "code": "K", "dates": "2023"}, ("dates: unknown argument", "did you mean date?")),
    (SEARCH, {"patient": "S1", "code": "K", "date": 2023}, ("date: sent 2023; accepted is text or a list",)),
    (SEARCH, {"patient": "S1", "code": "K", "count": "50"}, ('count: sent "50"; accepted is a whole number',)),
    (SEARCH, {"patient": "S1", "code": "K", "count": True}, ("count: sent true",)),
    (SEARCH, {"patient": "S1", "code": "K", "count": 0}, ("count: sent 0; accepted is 1 or more",)),
    (SEARCH, {"patient": "S1", "code": "K", "page": -1}, ("page: sent -1; accepted is 1 or more",)),
    (SEARCH, {"search_params": "x"}, ("search_params: sent",)),
    (SEARCH, {"search_params": '{"code": "K"}'}, ("search_params: sent", "send the object itself")),
    (SEARCH, {"search_params": {"code": "K", "patient": "S1", "sort": "x"}}, ("sort: unknown argument",)),
    ("fhir_patient_search", {"mrn": "S1"}, ('mrn: unknown argument, sent "S1"; accepted here are birthdate',)),
    ("fhir_procedure_search", {"patient": "S1", "requested": "yes"}, ('requested: sent "yes"; accepted is true or',)),
    ("fhir_procedure_search", {"patient": "S1", "requested": 1}, ("requested: sent 1; accepted is true or false",)),
    ("fhir_vitals_search", {"patient": "S1"}, ("category: missing",)),
    ("fhir_vitals_search", {"search_params": {"patient": "S1"}}, ("search_params: unknown argument",)),
    ("fhir_vitals_create", without(BLOOD_PRESSURE, "valueString"), ("valueString: missing",)),
    ("fhir_vitals_create", BLOOD_PRESSURE | {"valueString": 118}, ("valueString: sent 118; accepted is text",)),
    ("fhir_vitals_create", BLOOD_PRESSURE | {"code": {}}, ("code: missing, sent {}",)),
    ("fhir_vitals_create", BLOOD_PRESSURE | {"resourceType": "Patient"}, ("resourceType: sent", "'Observation'")),
    (ORDER, without(MAGNESIUM, "resourceType"), ("resourceType: missing",)),
    (ORDER, MAGNESIUM | {"subject": 7}, ("subject: sent 7; accepted is an object with reference",)),
    (ORDER, MAGNESIUM | {"subject": {"reference": 7}}, ("subject.reference: sent 7; accepted is text",)),
    (ORDER, MAGNESIUM | {"dosageInstruction": [{"text": "q8h"}]}, ("dosageInstruction[0].text: unknown", "route")),
    (
        ORDER,
        MAGNESIUM | {"dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": "2", "unit": "g"}}]}]},
        ('dosageInstruction[0].doseAndRate[0].doseQuantity.value: sent "2"; accepted is a number',),
    ),
    (
        ORDER,
        MAGNESIUM | {"dosageInstruction": [{"doseQuantity": {"value": True}}]},
        ("doseQuantity.value: sent true; accepted is a number",),
    ),
    (ORDER, MAGNESIUM | {"status": ["active"], "intent": 1}, ("intent: sent 1",)),
    (REFER, without(REFERRAL, "subject"), ("subject: missing; accepted is an object with reference",)),
    (REFER, REFERRAL | {"code": {"display": "CT", "cpt": "74177"}}, ("code.cpt: unknown argument",)),
    (REFER, REFERRAL | {"note": {"comment": "x"}}, ("note[0].comment: unknown argument", "note[0].text: missing")),
    ("calculator", {}, ("expression: missing",)),
    ("calculator", {"expression": 5}, ("expression: sent 5; accepted is text",)),
    ("calculator", {"expression": "1" * 5000}, ("at most 4000 characters",)),
    ("search", {}, ("'search' is not a tool", "the tools are fhir_patient_search")),
    ("fhir_observation_serch", {}, ("did you mean fhir_observation_search?",)),
    ("", {}, ("'' is not a tool",)),
]


@pytest.mark.parametrize(("tool", "arguments", "said"), MALFORMED)
async def test_a_malformed_call_is_told_precisely_and_touches_nothing(
    tool: str, arguments: Any, said: tuple[str, ...]
) -> None:
    ehr = RecordingEhr()
    outcome = await dispatch(ehr, tool, arguments)
    assert outcome.invalid
    assert not outcome.finished
    assert ehr.asked == []
    for words in said:
        assert words in outcome.text


async def test_all_defects_of_a_call_are_told_at_once() -> None:
    outcome = await dispatch(RecordingEhr(), ORDER, {"colour": "red", "status": 1})
    for name in ("resourceType", "medicationCodeableConcept", "authoredOn", "status", "intent", "subject", "colour"):
        assert f"{name}: " in outcome.text


async def test_a_message_stays_short_however_much_was_sent() -> None:
    outcome = await dispatch(RecordingEhr(), SEARCH, {"patient": "S1", "code": "K", "x": ["y" * 50_000]})
    assert len(outcome.text) < 600


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
NAMES = sorted({name for tool in TOOLS.values() for name in tool.schema["properties"]} | {"search_params", "_count"})


@settings(max_examples=300, deadline=None)
@given(tool=st.sampled_from(list(TOOLS)), arguments=st.dictionaries(st.sampled_from(NAMES) | st.text(), JSON))
async def test_no_arguments_whatever_raise(tool: str, arguments: dict[str, Any]) -> None:
    outcome = await dispatch(RecordingEhr(), tool, arguments)
    assert outcome.text


@settings(max_examples=200, deadline=None)
@given(tool=st.sampled_from(list(TOOLS)), text=st.text())
async def test_no_text_whatever_raises(tool: str, text: str) -> None:
    outcome = await dispatch(RecordingEhr(), tool, text)
    assert outcome.text


class Unreachable(RecordingEhr):
    async def search(self, kind: str, params: Params) -> Response:
        raise InfrastructureError("connection refused")


async def test_an_ehr_that_does_not_answer_is_no_fault_of_the_agent() -> None:
    with pytest.raises(InfrastructureError, match="refused"):
        await dispatch(Unreachable(), SEARCH, {"patient": "S1", "code": "K"})
