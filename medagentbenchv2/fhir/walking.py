"""What surrounds the elements of an object: extensions, underscored siblings, and everything that is dropped.

HAPI looks into what it drops, too: an extension that is no array is refused wherever it stands.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from medagentbenchv2.fhir import bodies
from medagentbenchv2.fhir.bodies import Refused, refuse
from medagentbenchv2.fhir.extensions import Cell, Extension
from medagentbenchv2.fhir.primitives import blank
from medagentbenchv2.fhir.shapes import Field, Shape, extension_values

Json = dict[str, Any]
_ESCAPES = {ord("'"): "&apos;", ord('"'): "&quot;", ord("<"): "&lt;", ord(">"): "&gt;", 10: "&#10;", 13: "&#13;"}
_ESCAPES |= {code: "" for code in range(32) if code not in _ESCAPES}


class SpellingLost(Exception):
    """A float stands where text belongs; only the body knows how it was spelled."""


@dataclass(slots=True)
class Around:
    """What surrounds the elements of one object."""

    cell: Cell
    """Takes the extensions."""
    extensible: bool = True
    modifiable: bool = False
    kind: Shape | None = None
    """The object's type, where it has one."""
    changers: list[Extension] = field(default_factory=list)
    """Modifier extensions."""
    siblings: int = 0
    """Underscored names met."""
    handled: int = 0
    """Underscored names that stand beside their element."""


class Walker(ABC):
    """Reads scalars, extensions and siblings; collects warnings."""

    def __init__(self, spelled: bool) -> None:
        self.spelled = spelled
        """True where every number has its spelling."""
        self.warnings: list[str] = []

    @abstractmethod
    def cells(
        self, field: Field, value: Any, sibling: Any, depth: int, *, listed: bool = False, all_: bool = False
    ) -> list[Cell]:
        """Every value of an element."""

    def around(self, kind: Shape, cell: Cell) -> Around:
        """What may surround the elements of an object of a known type."""
        return Around(cell, kind.extensible, kind.modifiable, kind)

    def walk(self, source: Json, around: Around, depth: int) -> None:
        """Walk an object that has no known elements."""
        if depth > bodies.MAX_DEPTH:
            raise bodies.too_deep()
        for name, value in source.items():
            if name != "resourceType":
                self.stranger(around, name, value, source, depth)
        self.lone_siblings(around, source, depth)

    def stranger(self, around: Around, name: str, value: Any, source: Json, depth: int) -> None:
        """One name that is no element: extensions are kept where they may stand, all else is dropped."""
        if name in ("extension", "modifierExtension"):
            if value.__class__ is not list:
                raise _not_array(name, value)
            kept = around.extensible if name == "extension" else around.modifiable
            into = around.cell.extensions if name == "extension" else around.changers
            self._extensions(value, into if kept else None, name, depth + 1)
        elif name[:1] == "_":
            around.siblings += 1
        elif name != "fhir_comments":
            around.handled += "_" + name in source
            self._unknown(name)
            self.swallow(name, value, source.get("_" + name), depth + 1)

    def lone_siblings(self, around: Around, source: Json, depth: int) -> list[Field]:
        """The known elements of which only an underscored sibling speaks."""
        known = around.kind.fields if around.kind is not None else {}
        handled = around.handled + sum("_" + name in source for name in source if name in known)
        lone: list[Field] = []
        if around.siblings <= handled:
            return lone
        for name, value in source.items():
            if name[:1] != "_" or len(name) < 2:
                continue
            if value.__class__ is not dict:
                self.wrong_type(name, "OBJECT", json_type(value))
            elif name[1:] in known and name[1:] not in source:
                lone.append(known[name[1:]])
            elif name[1:] not in source:
                self._unknown(name[1:])
                self.swallow(name[1:], None, value, depth + 1)
        return lone

    def swallow(self, name: str, value: Any, sibling: Any, depth: int) -> None:
        """Walk what is dropped: even there HAPI refuses extensions that are no arrays."""
        if depth > bodies.MAX_DEPTH:
            raise bodies.too_deep()
        if value.__class__ is list:
            beside = sibling if sibling.__class__ is list else []
            for index, item in enumerate(value):
                self.swallow(name, item, beside[index] if index < len(beside) else None, depth + 1)
            return
        self.sibling(None, None, sibling, "_" + name, depth)
        if value.__class__ is dict:
            self.walk(value, Around(Cell(), extensible=False), depth + 1)

    def sibling(self, cell: Cell | None, changers: list[Extension] | None, sibling: Any, name: str, depth: int) -> None:
        """Read the underscored sibling of an element into its cell."""
        if sibling.__class__ is list:
            if len(sibling) > 1:
                message = f"Unexpected array of length {len(sibling)} (expected 0 or 1) for element: {name}"
                raise refuse(1842, message)
            if sibling:
                self.sibling(cell, changers, sibling[0], name, depth + 1)
            return
        if sibling.__class__ is not dict:
            if sibling is not None:
                self.wrong_type(name, "OBJECT", json_type(sibling))
            return
        for key, value in sibling.items():
            if key in ("extension", "modifierExtension"):
                if value.__class__ is not list:
                    raise _not_array(key, value)
                own = cell.extensions if cell is not None else None
                self._extensions(value, own if key == "extension" else changers, key, depth + 1)
            elif key == "id" and cell is not None:
                if value.__class__ is str:
                    cell.id = None if blank(value) else value
                else:
                    self.wrong_type("id", "SCALAR (STRING)", json_type(value))

    def _extensions(self, items: list[Any], into: list[Extension] | None, name: str, depth: int) -> None:
        if depth > bodies.MAX_DEPTH:
            raise bodies.too_deep()
        if into is None and items:
            self._unknown(name)
        for item in items:
            if item.__class__ is not dict:
                raise _not_array(name, item)
            url = item.get("url")
            if url is None or url.__class__ in (list, dict):
                self.warnings.append("Resource is missing required element: url")
                url = None
            extension = Extension(None if url is None else self._text(url))
            if into is None:
                self._extension_values(item, None, depth)
            else:
                into.append(extension)
                self._extension_values(item, extension, depth)
                if extension.value is not None and extension.children:
                    both = "must not have both a value and other contained extensions"
                    raise refuse(1811, f"Extension (URL='{extension.url or 'null'}') {both}")

    def _extension_values(self, item: Json, extension: Extension | None, depth: int) -> None:
        known = extension_values() if extension is not None else {}
        for key, value in item.items():
            if key in ("extension", "modifierExtension"):
                if value.__class__ is not list:
                    raise _not_array(key, value)
                inner = extension.children if extension is not None and key == "extension" else None
                self._extensions(value, inner, key, depth + 1)
            elif key in known and extension is not None:
                cells = self.cells(known[key], value, item.get("_" + key), depth, all_=True)
                if cells:
                    extension.name, extension.value = key, cells[-1]
            elif key == "id" and extension is not None:
                extension.id = self._own_id(value)
                self.sibling(None, None, item.get("_id"), "_id", depth)
            elif key[:1] == "_":
                if key[1:] in item or value.__class__ is not dict:
                    continue
                if key[1:] in known and extension is not None:
                    extension.name = key[1:]
                    extension.value = self.cells(known[key[1:]], None, value, depth)[-1]
                else:
                    self.swallow(key[1:], None, value, depth + 1)
            elif key != "url":
                self._unknown(key)
                self.swallow(key, value, item.get("_" + key), depth + 1)

    def scalar(self, field: Field, value: Any) -> Any:
        """A JSON scalar as the element's value, or None where it is dropped."""
        kind = value.__class__
        if kind is str:
            text = value
        elif field.decimal and kind in (int, float):
            return value
        else:
            text = self._text(value)
        if not text:
            self._invalid(field, text, 'Attribute value must not be empty ("")')
            return None
        assert field.read is not None
        try:
            read = field.read(text)
        except ValueError as error:
            self._invalid(field, text, str(error))
            return None
        return None if read.__class__ is str and blank(read) else read

    def _own_id(self, value: Any) -> str | None:
        """The id of an extension, the last one of a list; objects have none."""
        while value.__class__ is list and value:
            value = value[-1]
        return None if value is None or value.__class__ in (list, dict) else self._text(value)

    def _text(self, value: Any) -> str:
        if value.__class__ is str:
            return str(value)
        if value.__class__ is bool:
            return "true" if value else "false"
        if value.__class__ is float and not self.spelled:
            raise SpellingLost
        return str(value) if value.__class__ is int else bodies.plain(value)

    def _invalid(self, field: Field, text: str, why: str) -> None:
        message = f'[element="{field.name}"] Invalid attribute value "{text.translate(_ESCAPES)}": {why}'
        if not blank(text):
            raise refuse(1821, message)
        self.warnings.append(message)

    def wrong_type(self, name: str, expected: str, found: str) -> None:
        """Warn of a JSON type that HAPI makes do with."""
        self.warnings.append(f"Found incorrect type for element {name} - Expected {expected} and found {found}")

    def _unknown(self, name: str) -> None:
        self.warnings.append(f"Unknown element '{name}' found while parsing")


def json_type(value: Any) -> str:
    """The kind of JSON that a value is, in HAPI's words."""
    return {dict: "OBJECT", list: "ARRAY", type(None): "NULL"}.get(value.__class__, "SCALAR")


def _not_array(name: str, value: Any) -> Refused:
    found = json_type(value)
    return refuse(
        1841, f"Syntax error parsing JSON FHIR structure: Expected ARRAY at element '{name}', found '{found}'"
    )
