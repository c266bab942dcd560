"""One search said in three forms: published (`search_params`), flat, and as FHIR spells it. All become the flat one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medagentbenchv2.errors import AgentError
from medagentbenchv2.tools.arguments import shown

_FHIR_NAMES = {"subject": "patient", "_count": "count", "code:text": "text"}
_TOKENS = ("code", "category", "status")
_DATES = ("date", "authoredon")


def flat(arguments: Mapping[str, Any], *, wrapped: bool) -> dict[str, Any]:
    """The flat form of a search's arguments.

    `wrapped`: the published form of this tool has `search_params` and `explanation`. References become their text,
    CodeableConcepts `system|code`, lists of codes the comma form (OR), one date a list of one.
    Raises AgentError where one argument is given twice with different values.
    """
    merged: dict[str, Any] = {}
    for name, value in arguments.items():
        if wrapped and name == "explanation":
            continue
        if wrapped and name == "search_params":
            _merge_all(merged, _wrapper(value))
        else:
            _merge_all(merged, {name: value})
    return {name: _plain(name, value) for name, value in merged.items()}


def _wrapper(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        hint = "; send the object itself, not text that holds it" if isinstance(value, str) else ""
        raise AgentError(f"search_params: sent {shown(value)}; accepted is an object{hint}")
    return value


def _merge_all(merged: dict[str, Any], members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        flat_name = _FHIR_NAMES.get(name, name)
        if merged.setdefault(flat_name, value) != value:
            raise AgentError(f"{flat_name}: given twice, as {shown(merged[flat_name])} and as {shown(value)}")


def _plain(name: str, value: Any) -> Any:
    if name == "patient" and isinstance(value, dict) and value.keys() == {"reference"}:
        return value["reference"]
    if name in _TOKENS:
        return _token(value)
    if name in _DATES and isinstance(value, str):
        return [value]
    return value


def _token(value: Any) -> Any:
    """`code`, `system|code`, or several joined by commas; anything else as it is."""
    if isinstance(value, dict) and isinstance(value.get("coding"), list) and value.keys() <= {"coding", "text"}:
        return _token(value["coding"])
    if isinstance(value, dict) and isinstance(value.get("code"), str) and value.keys() <= {"system", "code", "display"}:
        system = value.get("system")
        return f"{system}|{value['code']}" if system else value["code"]
    if isinstance(value, list) and value:
        parts = [_token(item) for item in value]
        return ",".join(parts) if all(isinstance(part, str) for part in parts) else value
    return value
