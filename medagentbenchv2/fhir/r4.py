"""What the FHIR R4 StructureDefinitions say, read from `data/r4.json` one type at a time.

`scripts/make_r4_table.py` distils the table and explains its notation. A type is parsed when it is first asked for,
so that opening the table costs milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import orjson

from medagentbenchv2 import data

_PART = re.compile(r"([A-Za-z0-9]+)(\[x\])?([?!*+])([^#]+)(?:#(\S+))?")


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type as JSON spells it; a choice such as value[x] is one Element per type."""

    name: str
    """JSON name, such as valueQuantity."""
    base: str
    """Name in the specification, such as value[x]; equal to name where there is no choice."""
    type: str
    """Datatype, `Resource`, or the path of a nested element such as Observation.component."""
    many: bool
    """True where the element repeats."""
    required: bool
    """True where the minimum is 1."""
    codes: str | None
    """Name of the required code list."""
    rank: int
    """Place among its siblings in the specification."""


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    loaded = orjson.loads(data.path("r4.json").read_bytes())
    loaded["resources"] = dict.fromkeys(loaded["resources"].split(), "")
    return dict(loaded)


def is_resource(name: str) -> bool:
    """True for the name of an R4 resource type that can be instantiated."""
    return name in _table()["resources"]


def resource_types() -> list[str]:
    """All R4 resource types, sorted."""
    return list(_table()["resources"])


def is_primitive(type_name: str) -> bool:
    """True for string, code, decimal and their like, which begin with a lower-case letter."""
    return type_name[0].islower()


@cache
def codes(name: str) -> frozenset[str]:
    """The codes of a required value set, by its binding name such as ObservationStatus."""
    return frozenset(_table()["codes"][name].split())


@cache
def elements(type_name: str) -> dict[str, Element]:
    """The elements of a type by JSON name, inherited ones first, in the order of the specification."""
    parent, *parts = _table()["types"][type_name].split(" ")
    found = dict(elements(parent)) if parent else {}
    for part in parts:
        match = _PART.fullmatch(part)
        assert match is not None, f"data/r4.json: {type_name}: {part!r} is not in the table's notation"
        name, choice, mark, types, binding = match.groups()
        found.pop(name, None)
        kinds = (str(_table()["open"]) if types == "open" else types).split("|")
        for kind in kinds:
            json_name = name + kind[0].upper() + kind[1:] if choice else name
            base = name + "[x]" if choice else name
            found[json_name] = Element(json_name, base, kind, mark in "*+", mark in "!+", binding, len(found))
    return {name: replace(element, rank=rank) for rank, (name, element) in enumerate(found.items())}
