"""What surrounds the elements of an object: extensions, underscored siblings, and everything that is dropped.

HAPI looks into what it drops, too: an extension that is no array is refused wherever it stands.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from medagentbenchv2.fhir import bodies
from medagentbenchv2.fhir.bodies import Number, Refused, refuse
from medagentbenchv2.fhir.extensions import Cell, Extension
from medagentbenchv2.fhir.primitives import blank
from medagentbenchv2.fhir.shapes import Field, Shape, extension_values

Json = dict[str, Any]
_ESCAPES = {ord("'"): "&apos;", ord('"'): "&quot;", ord("<"): "&lt;", ord(">"): "&gt;", 10: "&#10;", 13: "&#13;"}
_ESCAPES |= {code: "" for code in range(32) if code not in _ESCAPES}


class SpellingLost(Exception):
    """A float stands where text belongs; only the body knows how it was spelled."""


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

    def children(
        self,
        source: Json,
        extensions: list[Extension] | None,
        changers: list[Extension] | None,
        depth: int,
        kind: Shape | None = None,
    ) -> list[str]:
        """Walk what is not a known element of `kind`; returns the known names that only a sibling speaks of.

        None for a list of extensions drops what belongs there.
        """
        if depth > bodies.MAX_DEPTH:
            raise bodies.too_deep()
        siblings = handled = 0
        for name, value in source.items():
            if kind is not None and name in kind.fields:
                handled += "_" + name in source
            elif name in ("extension", "modifierExtension"):
                if value.__class__ is not list:
                    raise _not_array(name, value)
                self._extensions(value, extensions if name == "extension" else changers, name, depth + 1)
            elif name[:1] == "_":
                siblings += 1
            elif name not in ("resourceType", "fhir_comments"):
                handled += "_" + name in source
                self._unknown(name)
                self.swallow(name, value, source.get("_" + name), depth + 1)
        return self._lone_siblings(source, kind, depth) if siblings > handled else []

    def _lone_siblings(self, source: Json, kind: Shape | None, depth: int) -> list[str]:
        lone = []
        for name, value in source.items():
            if name[:1] != "_" or len(name) < 2:
                continue
            if value.__class__ is not dict:
                self.wrong_type(name, "OBJECT", json_type(value))
            elif name[1:] not in source:
                if kind is not None and name[1:] in kind.fields:
                    lone.append(name[1:])
                else:
                    self._unknown(name[1:])
                    self.swallow(name[1:], None, value, depth + 1)
        return lone

    def swallow(self, name: str, value: Any, sibling: Any, depth: int) -> None:
        """Walk what is dropped: even there HAPI refuses extensions that are no arrays."""
        if value.__class__ is list:
            beside = sibling if sibling.__class__ is list else []
            for index, item in enumerate(value):
                self.swallow(name, item, beside[index] if index < len(beside) else None, depth + 1)
            return
        self.sibling(None, None, sibling, "_" + name, depth)
        if value.__class__ is dict:
            self.children(value, None, None, depth + 1)

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
            extension = Extension(url if url.__class__ in (str, type(None)) else self._text(url))
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
                while value.__class__ is list and value:
                    value = value[-1]
                extension.id = (
                    None
                    if value.__class__ in (list, dict, type(None))
                    else value
                    if value.__class__ is str
                    else self._text(value)
                )
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
        elif kind is bool:
            text = "true" if value else "false"
        elif field.decimal and kind is not Number:
            return value
        elif kind is float and not self.spelled:
            raise SpellingLost
        else:
            text = str(value) if kind is int else bodies.plain(value)
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

    def _text(self, value: Any) -> str:
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
