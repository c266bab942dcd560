"""R4 types compiled for the parser: what may stand in an object, and how each primitive is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from medagentbenchv2.fhir import primitives, r4

OPEN_LISTS = frozenset({"ResourceType", "FHIRAllTypes", "FHIRResourceType", "FHIRDefinedType", "GuideParameterCode"})
"""Required code lists that the Java model leaves open, lists of type names for the most part."""


@dataclass(frozen=True, slots=True)
class Field:
    """One JSON name of a type, ready to parse."""

    name: str
    sibling: str
    """The name with an underscore, which carries a primitive's id and extensions."""
    rank: int
    many: bool
    type: str
    read: primitives.Reader | None
    """Reader of a primitive; None for objects."""
    decimal: bool
    """True where a JSON number needs no text form."""
    text: bool
    """True where a string is kept as it is."""
    choice: str
    """The choice that the name belongs to, such as value[x], or nothing: the last name of a choice wins."""
    bare: bool
    """True for the id of an element, which shows no extensions."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A type, ready to parse."""

    name: str
    fields: dict[str, Field]
    ranks: dict[str, int]
    """Sort keys of JSON names, siblings and extensions included."""
    extensible: bool
    modifiable: bool


@cache
def shape(type_name: str) -> Shape:
    """The compiled form of a datatype, nested element or resource."""
    elements = r4.elements(type_name)
    fields, ranks = {}, {}
    for name, element in elements.items():
        ranks[name], ranks["_" + name] = 2 * element.rank, 2 * element.rank + 1
        if name in ("extension", "modifierExtension", "resourceType"):
            continue
        bound = None if element.codes in OPEN_LISTS else element.codes
        read = primitives.reader(element.type, bound) if r4.is_primitive(element.type) else None
        text = read is not None and read is primitives.reader("string")
        choice = element.base if element.base != name else ""
        bare, decimal = name == "id" and not r4.is_resource(type_name), element.type == "decimal"
        fields[name] = Field(
            name, "_" + name, 2 * element.rank, element.many, element.type, read, decimal, text, choice, bare
        )
    ranks["resourceType"] = -1
    return Shape(type_name, fields, ranks, "extension" in elements, "modifierExtension" in elements)


@lru_cache(maxsize=1)
def extension_values() -> dict[str, Field]:
    """The value[x] elements of Extension, which parse by rules of their own."""
    fields = shape("Extension").fields
    return {name: field for name, field in fields.items() if name.startswith("value")}
