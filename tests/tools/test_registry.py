"""What models are shown is complete, plain, and accepted back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from medagentbenchv2.tools.dispatch import dispatch
from medagentbenchv2.tools.prompt import SYSTEM_PROMPT
from medagentbenchv2.tools.registry import TOOLS, Tool, openai_tools
from tests.tools.recording_ehr import RecordingEhr

PUBLISHED_NAMES = (
    "fhir_patient_search", "fhir_observation_search", "fhir_vitals_search", "fhir_procedure_search",
    "fhir_condition_search", "fhir_medication_request_search", "fhir_vitals_create", "fhir_medication_request_create",
    "fhir_service_request_create", "finish",
)  # fmt: skip
EACH = pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)


def nodes(schema: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield place, schema
    for name, inner in schema.get("properties", {}).items():
        yield from nodes(inner, f"{place}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{place}[]")
    for option in schema.get("anyOf", ()):
        yield from nodes(option, f"{place}|")


def test_there_are_the_ten_published_tools_and_the_calculator() -> None:
    assert len(TOOLS) == 11
    assert set(TOOLS) == {*PUBLISHED_NAMES, "calculator"}
    assert list(TOOLS)[-1] == "finish"
    assert all(name == tool.name for name, tool in TOOLS.items())


def test_searches_read_and_creates_write() -> None:
    assert {name for name, tool in TOOLS.items() if tool.reads} == {n for n in TOOLS if n.endswith("_search")}
    assert {name for name, tool in TOOLS.items() if tool.writes} == {n for n in TOOLS if n.endswith("_create")}


@EACH
def test_every_property_is_described(tool: Tool) -> None:
    assert tool.description
    for place, node in nodes(tool.schema):
        for name, inner in node.get("properties", {}).items():
            assert inner.get("description"), f"{tool.name}{place}.{name}"


@EACH
def test_schemas_are_plain(tool: Tool) -> None:
    for place, node in nodes(tool.schema):
        assert "$ref" not in node, place
        assert {"$defs", "title", "default", "allOf", "oneOf"}.isdisjoint(node), place
        assert ("type" in node) != ("anyOf" in node), place
        if node.get("type") == "object":
            assert node["additionalProperties"] is False, place
            assert set(node.get("required", ())) <= set(node["properties"]), place
    assert tool.schema["type"] == "object"
    assert orjson.loads(orjson.dumps(tool.schema)) == tool.schema


def example(schema: dict[str, Any], *, required_only: bool) -> Any:
    """A value of the shown schema."""
    schema = schema["anyOf"][0] if "anyOf" in schema else schema
    match schema["type"]:
        case "object":
            names = schema.get("required", ()) if required_only else schema["properties"]
            inner = {name: example(schema["properties"][name], required_only=required_only) for name in names}
            return inner or {next(reversed(schema["properties"])): "x"} if schema["properties"] else {}
        case "array":
            return [example(schema["items"], required_only=required_only)]
        case "string":
            return schema.get("enum", ["5"])[0]
        case "integer":
            return 1
        case "number":
            return 2.5
        case "boolean":
            return True
    raise AssertionError(schema)


@EACH
@pytest.mark.parametrize("required_only", [True, False], ids=["required", "everything"])
async def test_what_a_schema_asks_for_is_accepted(tool: Tool, required_only: bool) -> None:
    arguments = example(tool.schema, required_only=required_only)
    if tool.name == "fhir_patient_search" and required_only:
        arguments = {}
    ehr = RecordingEhr()
    outcome = await dispatch(ehr, tool.name, arguments)
    assert not outcome.invalid, outcome.text
    assert bool(ehr.writes) is tool.writes
    assert (bool(ehr.asked) and not ehr.writes) is tool.reads


@EACH
async def test_each_required_argument_is_required(tool: Tool) -> None:
    arguments = example(tool.schema, required_only=False)
    for name in tool.schema["required"]:
        outcome = await dispatch(RecordingEhr(), tool.name, {n: v for n, v in arguments.items() if n != name})
        assert outcome.invalid
        assert f"{name}: missing" in outcome.text


def test_the_openai_form_holds_the_same() -> None:
    for definition, tool in zip(openai_tools(), TOOLS.values(), strict=True):
        assert definition["type"] == "function"
        assert definition["function"] == {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.schema,
        }


def test_all_definitions_fit_in_a_small_prompt() -> None:
    assert len(orjson.dumps(openai_tools())) < 18_000


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("fhir_medication_request_search", ("free text", "rarely recorded", "use authoredon")),
        ("fhir_medication_request_create", ("status stopped", "priorPrescription when several", "frequency")),
        ("fhir_procedure_search", ("comma means OR",)),
        ("fhir_observation_search", ("not a LOINC number", "A1C")),
        ("fhir_condition_search", ("ICD-10-CM",)),
        ("fhir_vitals_create", ("http://hl7.org/fhir/observation-category",)),
    ],
)
def test_what_cannot_be_guessed_is_said(tool: str, words: tuple[str, ...]) -> None:
    told = TOOLS[tool].description + orjson.dumps(TOOLS[tool].schema).decode()
    for word in words:
        assert word in told


def test_the_system_prompt_names_exactly_the_registered_tools() -> None:
    named = set(re.findall(r"\bfhir_\w+|\bcalculator\b|\bfinish\b", SYSTEM_PROMPT))
    assert named == set(TOOLS)


def test_no_description_is_copied_from_the_published_list() -> None:
    path = Path(__file__).parents[2].parent / "shared/data/upstream_tasks/funcs_v1.json"
    if not path.exists():
        pytest.skip(f"{path.name} is not at hand")
    published = {
        " ".join(text.split()).lower()
        for text in re.findall(r'"description": "((?:[^"\\]|\\.)*)"', path.read_text())
        if len(text.split()) > 6
    }
    ours = [tool.description for tool in TOOLS.values()]
    ours += [node["description"] for tool in TOOLS.values() for _, node in nodes(tool.schema) if "description" in node]
    assert len(published) > 10
    for text in ours:
        assert not any(sentence in " ".join(text.split()).lower() for sentence in published)
