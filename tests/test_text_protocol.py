"""The text protocol: what is an action, and what a turn does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.agents.text_form import result_of, to_text
from medagentbenchv2.setup import Setup
from medagentbenchv2.text_protocol import TextSession, Unparsable, parse
from medagentbenchv2.tools.call import Result

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("GET http://localhost:8080/fhir/Patient?identifier=S1", "GET"),
        ("```\nGET http://localhost:8080/fhir/Patient?identifier=S1\n```", "GET"),
        ("<think>POST something? FINISH([1])?</think>\n\nGET Patient?identifier=S1", "GET"),
        ("I was started inside a thought</think>GET Patient?identifier=S1", "GET"),
        ('POST http://localhost:8080/fhir/ServiceRequest\n{"note": "brace } in a string"}', "POST"),
        ('POST ServiceRequest\n```json\n{"a": 1}\n```', "POST"),
        ("FINISH([])", "FINISH"),
        ("FINISH()", "FINISH"),
        ('FINISH(["a)b", [1, 2]]).', "FINISH"),
        ("```tool\nFINISH([1])\n```", "FINISH"),
    ],
)
def test_one_action_with_nothing_but_thought_and_fences_around_it_is_parsed(text: str, verb: str) -> None:
    assert parse(text).verb == verb


@pytest.mark.parametrize(
    "text",
    ["", "The potassium is 4.1.", "First I GET the patient", "FINISH(4.1)", "FINISH([1]", "FINISH([1]) and done",
     "get x", "FINISH([1, nope])", "<think>GET Patient</think>"],
)  # fmt: skip
def test_anything_else_is_unparsable(text: str) -> None:
    with pytest.raises(Unparsable):
        parse(text)


@given(st.lists(JSON, max_size=4))
def test_any_json_list_survives_finish(values: list) -> None:
    assert list(parse(f"FINISH({json.dumps(values)})").answer) == values


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_any_json_object_survives_a_post(body: dict) -> None:
    assert json.loads(parse(f"POST Observation\n{json.dumps(body, indent=1)}").body) == body


async def test_an_unparsable_turn_ends_the_rollout_with_its_own_status() -> None:
    setup = Setup(protocol="text")
    rollout = await setup.open(setup.tasks[0])
    assert await TextSession(rollout).reply("Let me think about it.") == ""
    assert rollout.verdict().failure.category == "invalid_action"


async def test_several_gets_in_one_turn_read_nothing_and_the_rollout_goes_on() -> None:
    setup = Setup(protocol="text")
    rollout = await setup.open(setup.tasks[0])
    assert "Nothing was read" in await TextSession(rollout).reply("GET Patient?family=A\nGET Patient?family=B")
    assert not rollout.finished


async def test_a_post_is_normalised_as_the_tools_do_and_a_bad_one_files_nothing() -> None:
    setup = Setup(protocol="text")
    rollout = await setup.open(next(t for t in setup.tasks if t.branch == "uncovered"))
    session = TextSession(rollout)
    order = {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order",
        "subject": {"reference": f"Patient/{rollout.task.slots.mrn}"},
        "medicationCodeableConcept": {"text": "naloxone 4 mg"}, "dosageInstruction": [{"route": "nasal"}],
    }  # fmt: skip
    assert (await session.reply(f"POST MedicationRequest\n{json.dumps(order)}")).startswith("Filed")
    assert rollout.ehr.writes[0].resource["dosageInstruction"] == [{"route": {"text": "nasal"}}]
    assert "Nothing was filed" in await session.reply("POST MedicationRequest\nnot json")
    assert "Nothing was filed" in await session.reply('POST MedicationRequest\n{"resourceType": "Nonsense"}')
    assert len(rollout.ehr.writes) == 1


@pytest.mark.parametrize("variant", ["new_tasks", "test_data_v2"])
async def test_the_oracle_solves_the_same_tasks_by_text(variant: str) -> None:
    setup = Setup(protocol="text", tasks_variant=variant)
    for task in setup.tasks[::7]:
        rollout = await setup.open(task)
        session, results = TextSession(rollout), list[Result]()
        while not rollout.finished:
            reply = await session.reply(to_text(Oracle().turn(task, results, None)))
            results.append(result_of(reply))
        assert rollout.verdict().correct
