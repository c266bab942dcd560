"""Parameters that shape an answer: `_sort _count _summary _elements _total _format _pretty _include _revinclude`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from medagentbenchv2.fhir import kinds
from medagentbenchv2.fhir.parameters import PARAMETERS, Parameter, valid_names
from medagentbenchv2.fhir.problems import Problem

DEFAULT_COUNT = 20
"""HAPI's default page."""
SUMMARIES = ("true", "text", "data", "count", "false")
JSON_FORMATS = frozenset(("json", "application/json", "application/fhir+json", "text/json", "application/json+fhir"))
OTHER_FORMATS = frozenset(("xml", "application/xml", "application/fhir+xml", "text/xml", "ttl", "text/turtle",
                           "application/x-turtle", "rdf"))  # fmt: skip


class Sort(NamedTuple):
    """One sort key."""

    parameter: Parameter
    descending: bool


@dataclass(frozen=True, slots=True)
class Include:
    """`_include=Observation:patient` or `_revinclude=Observation:patient[:Patient]`."""

    kind: str
    """The type that holds the reference."""
    names: tuple[str, ...]
    """Names of its reference parameters; several for `*`."""
    target: str
    """Only targets of this type; empty for any."""


def read(kind: str, shape: dict[str, list[str]]) -> dict[str, Any]:
    """Check the controls of a request on one type; the result is keyword arguments of Query."""
    for name in shape:
        if ":" in name and not name.startswith(("_include:iterate", "_revinclude:iterate", "_include:recurse")):
            raise Problem(400, f'Unsupported modifier on search parameter "{name}"')
    summary = shape.get("_summary", ["false"])[-1].lower()
    if summary not in SUMMARIES:
        raise Problem(400, f'Invalid _summary value "{summary}"; valid values are: {", ".join(SUMMARIES)}')
    count = _count(shape.get("_count", [str(DEFAULT_COUNT)])[-1])
    _check_format(shape.get("_format", ["json"])[-1])
    elements = [_element(kind, part) for value in shape.get("_elements", []) for part in value.split(",")]
    return {
        "sort": _sort(kind, shape.get("_sort", [])),
        "count": count or DEFAULT_COUNT,
        "summary": "count" if count == 0 else summary,
        "elements": frozenset(elements),
        "total": shape.get("_total", ["accurate"])[-1] != "none",
        "pretty": shape.get("_pretty", ["false"])[-1].lower() == "true",
        # said twice is said once: each costs a search
        "includes": tuple(dict.fromkeys(_include("_include", text) for text in _all(shape, "_include"))),
        "revincludes": tuple(dict.fromkeys(_include("_revinclude", text) for text in _all(shape, "_revinclude"))),
    }


def _all(shape: dict[str, list[str]], name: str) -> list[str]:
    return [text for written, texts in shape.items() if written.partition(":")[0] == name for text in texts]


def _element(kind: str, part: str) -> str:
    name = part.strip()
    return name.removeprefix(f"{kind}.").removeprefix("*.").partition(".")[0]


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        raise Problem(400, f'Invalid _count value "{text}": not an integer') from None
    if count < 0:
        raise Problem(400, f'Invalid _count value "{text}": must not be negative')
    return count


def _check_format(text: str) -> None:
    """HAPI answers an unknown format in JSON; formats that it knows and this engine does not are refused."""
    plain = text.partition(";")[0].strip().lower().replace(" ", "+")
    if plain in OTHER_FORMATS:
        raise Problem(406, f'This server answers in application/fhir+json only, not in "{text}"')


def _sort(kind: str, written: list[str]) -> tuple[Sort, ...]:
    keys: dict[str, Sort] = {}
    for text in (part.strip() for value in written for part in value.split(",")):
        name = text.removeprefix("-")
        parameter = PARAMETERS[kind].get(name)
        if parameter is None:
            raise Problem(
                400,
                f'HAPI-1194: Unknown _sort parameter value "{name}" for resource type "{kind}" (Note: sort parameters '
                f"values must use a valid Search Parameter). Valid values for this search are: {valid_names(kind)}",
            )
        keys.setdefault(name, Sort(parameter, text.startswith("-")))  # a second time it orders nothing
    return tuple(keys.values())


def _include(control: str, text: str) -> Include:
    source, _, rest = text.partition(":")
    name, _, target = rest.partition(":")
    known = PARAMETERS.get(source, {})
    references = tuple(parameter.name for parameter in known.values() if parameter.type == "reference")
    if not kinds.is_kind(source):
        raise Problem(400, f'HAPI-2015: Invalid {control} parameter value: "{text}". Unknown resource name: "{source}"')
    if name == "*":
        return Include(source, references, target)
    if name not in references:
        words = f'Unknown search parameter name: "{name}"'
        raise Problem(400, f'HAPI-2015: Invalid {control} parameter value: "{text}". {words}')
    return Include(source, (name,), target)
