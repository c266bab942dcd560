"""From what a model sent to checked arguments, or one message that names every defect.

Null, empty text and empty objects mean "not given": models that fill every optional field send them.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from medagentbenchv2.errors import AgentError

MAX_CHARACTERS = 100_000
"""Longest arguments of one call, as JSON text."""

_SHOWN = 120
_MAX_DEPTH = 24
_TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "object": "an object",
    "array": "a list",
    "boolean": "true or false",
}
_EXPECTED = {
    "string_type": "text",
    "list_type": "a list",
    "model_type": "an object",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_too_short": "text that is not empty",
    "string_too_long": "text of at most {max_length} characters",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
    "finite_number": "a finite number",
}
"""In our words, so that a message reads the same with every release of pydantic."""


class Arguments(BaseModel):
    """Base of every argument model: nothing unknown passes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Checked = TypeVar("Checked", bound=BaseModel)


def decode(arguments: str | dict[str, Any]) -> dict[str, Any]:
    """The arguments as an object of plain JSON values.

    Raises AgentError when the text is not JSON, is not an object, nests too deep or is too long.
    """
    if isinstance(arguments, str):
        decoded = _decode_text(arguments)
    elif isinstance(arguments, dict):
        decoded = arguments
        _measure(_encode(arguments))
    else:
        raise AgentError(f"arguments: sent {shown(arguments)}; accepted is one JSON object")
    if depth_exceeds(decoded, _MAX_DEPTH):
        raise AgentError(f"arguments: nested deeper than {_MAX_DEPTH} levels")
    return decoded


def _decode_text(text: str) -> dict[str, Any]:
    _measure(text)
    if not text.strip():
        raise AgentError("arguments: sent empty text; accepted is one JSON object, {} where nothing is given")
    try:
        decoded = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise AgentError(
            f"arguments: not valid JSON at character {error.pos + 1}; accepted is one JSON object"
        ) from None
    if not isinstance(decoded, dict):
        raise AgentError(f"arguments: sent {shown(decoded)}; accepted is one JSON object")
    return decoded


def _encode(arguments: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(arguments)
    except TypeError as error:
        raise AgentError(f"arguments: not JSON ({error}); accepted is one JSON object") from None


def _measure(text: str | bytes) -> None:
    if len(text) > MAX_CHARACTERS:
        raise AgentError(f"arguments: {len(text)} characters long; accepted are at most {MAX_CHARACTERS}")


def depth_exceeds(value: Any, limit: int) -> bool:
    """Whether objects and lists nest deeper than `limit` levels."""
    if isinstance(value, dict):
        return limit == 0 or any(depth_exceeds(inner, limit - 1) for inner in value.values())
    if isinstance(value, list):
        return limit == 0 or any(depth_exceeds(inner, limit - 1) for inner in value)
    return False


def given(value: Any) -> Any:
    """The value without members that say nothing: null, empty text, empty objects and lists."""
    if isinstance(value, dict):
        kept = {name: given(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if not _says_nothing(inner)}
    return [given(inner) for inner in value] if isinstance(value, list) else value


def _says_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str | dict | list) and not value)


def check(
    model: type[Checked], arguments: Mapping[str, Any], sent: Mapping[str, Any], schema: dict[str, Any]
) -> Checked:
    """Arguments as a model. Raises AgentError with one sentence for each defect.

    `sent` is what the model sent before any change of form; `schema` is what the model was shown.
    """
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        raise AgentError("; ".join(_sentence(detail, sent, schema) for detail in error.errors())) from None


def _sentence(detail: ErrorDetails, sent: Mapping[str, Any], schema: dict[str, Any]) -> str:
    loc, kind = detail["loc"], detail["type"]
    place = located(loc)
    if kind == "extra_forbidden":
        known = list((_at(schema, loc[:-1]) or {}).get("properties", {}))
        near = difflib.get_close_matches(str(loc[-1]), known, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"{place}: unknown argument, sent {shown(detail['input'])}; accepted here are {', '.join(known)}{hint}"
    if kind == "missing":
        empty = f", sent {shown(sent[str(loc[0])])}" if len(loc) == 1 and loc[0] in sent else ""
        return f"{place}: missing{empty}; accepted is {_accepted(schema, loc)}"
    accepted = detail["msg"]
    if kind in _EXPECTED:
        described = _accepted(schema, loc) if kind.endswith("_type") else ""
        accepted = f"accepted is {described or _EXPECTED[kind].format(**detail.get('ctx', {}))}"
    return f"{place}: sent {shown(detail['input'])}; {accepted}"


def located(loc: Sequence[int | str]) -> str:
    """A place in the arguments as people write it: dosageInstruction[0].route."""
    place = ""
    for part in loc:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else part
    return place


def shown(value: Any) -> str:
    """A sent value as JSON, cut where it is long."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        text = type(value).__name__
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def _accepted(schema: dict[str, Any], loc: Sequence[int | str]) -> str:
    found = _at(schema, loc)
    if found is None:
        return ""
    options = found.get("anyOf", (found,))
    words = " or ".join(_TYPES[option["type"]] for option in options)
    members = found.get("required") or list(found.get("properties", ()))
    inside = f" with {', '.join(members)}" if members else ""
    sentence = found.get("description", "").partition(". ")[0].rstrip(".")
    return f"{words}{inside}" + (f" ({sentence})" if sentence else "")


def _at(schema: dict[str, Any], loc: Sequence[int | str]) -> dict[str, Any] | None:
    here: dict[str, Any] | None = schema
    for part in loc:
        while here is not None and here.get("type") == "array":
            here = here["items"]
        if here is not None and not isinstance(part, int):
            here = here.get("properties", {}).get(part)
    return here
