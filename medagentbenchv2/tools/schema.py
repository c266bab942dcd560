"""The JSON schema that the model is shown, plain enough for every endpoint: no references, no titles, no nulls."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

_LEFT_OUT = ("title", "$defs", "minLength", "maxLength")
"""Lengths are checked and told when exceeded; showing them costs tokens in every prompt."""


def plain_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model's fields with references resolved; optional fields are merely not required."""
    schema = model.model_json_schema()
    plain: dict[str, Any] = _plain(schema, schema.get("$defs", {}))
    plain.pop("description", None)
    plain.setdefault("required", [])
    return plain


def _given(node: dict[str, Any]) -> dict[str, Any]:
    """The schema of an optional field where it is given: without default and null."""
    rest = {name: value for name, value in node.items() if name not in ("anyOf", "default")}
    options = [option for option in node.get("anyOf", ()) if option != {"type": "null"}]
    return options[0] | rest if len(options) == 1 else rest | ({"anyOf": options} if options else {})


def _plain(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        rest = {name: value for name, value in node.items() if name != "$ref"}
        return _plain({name: value for name, value in target.items() if name != "description"} | rest, definitions)
    if "default" in node:
        return _plain(_given(node), definitions)
    kept = {name: value for name, value in node.items() if name not in _LEFT_OUT}
    return {
        name: {key: _plain(inner, definitions) for key, inner in value.items()}
        if name == "properties"
        else _plain(value, definitions)
        for name, value in kept.items()
    }
