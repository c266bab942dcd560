"""A create's body, as lenient as HAPI's JSON parser: what it keeps, drops with a warning, and refuses.

Kept: an object where an array belongs, numbers sent as text and text sent as numbers, the first of several where one
belongs, the last of several choices. Dropped with a warning: unknown elements, a scalar where an object belongs, empty
strings. Refused: what `bodies` cannot read, a missing or wrong resourceType, a bad code, date, number or boolean.
The result is what HAPI would write back: elements in the order of the specification, nothing empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medagentbenchv2.fhir import bodies, identifiers, r4
from medagentbenchv2.fhir.bodies import Number, Refused, refuse
from medagentbenchv2.fhir.extensions import Cell, Extension
from medagentbenchv2.fhir.primitives import blank
from medagentbenchv2.fhir.shapes import Field, Shape, extension_values, shape

__all__ = ["Parsed", "Refused", "parse"]

Json = dict[str, Any]
_KEPT_BACK_IN_CONTAINED = ("security", "versionId", "lastUpdated")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What is left of a body after lenient parsing."""

    resource: Json
    """The resource, elements in the order of the specification."""
    warnings: tuple[str, ...]
    """What was dropped, one sentence each."""


def parse(body: bytes | Json, expected_kind: str = "") -> Parsed:
    """Parse a body that was sent to `/{expected_kind}`; an empty kind accepts any resource.

    Raises Refused for what HAPI refuses. The body is not changed, and the result shares nothing with it.
    """
    if not isinstance(body, bytes):
        return _parse(body, expected_kind, spelled=True)
    try:
        return _parse(bodies.load(body), expected_kind, spelled=False)
    except _SpellingLost:
        return _parse(bodies.exact(body), expected_kind, spelled=True)


def _parse(source: Json, expected: str, *, spelled: bool) -> Parsed:
    parser = _Parser(spelled)
    return Parsed(parser.top(source, expected), tuple(parser.warnings))


class _SpellingLost(Exception):
    """A float stands where text belongs; only the body knows how it was spelled."""


class _Parser:
    """One parse: collects warnings, and contained resources until their container is complete."""

    def __init__(self, spelled: bool) -> None:
        self.spelled = spelled
        self.warnings: list[str] = []
        self.contained: list[Json] = []

    def top(self, source: Json, expected: str) -> Json:
        """The resource of a request body."""
        kind = source.get("resourceType")
        if kind.__class__ is not str or blank(kind):
            raise refuse(1838, "Invalid JSON content detected, missing required element: 'resourceType'")
        if expected and kind != expected:
            raise refuse(1814, f'Incorrect resource type found, expected "{expected}" but found "{kind}"')
        return self.resource(source, kind, 1)

    def resource(self, source: Json, kind: str, depth: int) -> Json:
        """A resource with its contained ones."""
        if not r4.is_resource(kind):
            alike = [name for name in r4.resource_types() if name.lower() == kind.lower()]
            if alike:
                similar = f"Resource names are case sensitive, found similar name: '{alike[0]}"
                raise refuse(1815, f"Unknown resource type '{kind}': {similar}")
            raise refuse(1684, f'Unknown resource name "{kind}" (this name is not known in FHIR version "R4")')
        outer, self.contained = self.contained, []
        out = _with_own_id({"resourceType": kind, **self.object(source, shape(kind), depth)})
        if self.contained:
            out["contained"] = _numbered(self.contained)
            out = _ordered(out, shape(kind))
        self.contained = outer
        return out

    def object(self, source: Json, kind: Shape, depth: int, said: Cell | None = None) -> Json:
        """An object of a known type; `said` holds what its underscored sibling said before."""
        if depth > bodies.MAX_DEPTH:
            raise bodies.too_deep()
        out: Json = {}
        fields = kind.fields
        last, ordered, hollow = -1, True, False
        for name, value in source.items():
            field = fields.get(name)
            if field is None:
                continue
            if field.rank < last:
                ordered = False
            last = field.rank
            for rival in field.rivals:
                if rival in out and value != []:
                    del out[rival]
            if field.sibling in source or not self._plain(out, field, value, depth):
                cells = self._cells(field, value, source.get(field.sibling), depth)
                hollow |= _store(out, field, cells)
        if said is not None or len(out) < len(source) or not fields.keys() >= source.keys():
            hollow |= self._rest(out, source, kind, depth, said or Cell())
            ordered = False
        if not ordered and len(out) > 1:
            out = _ordered(out, kind)
        if kind.name in _AFTERWARDS:
            _AFTERWARDS[kind.name](out)
        return out if out or not hollow else _Hollow()

    def _plain(self, out: Json, field: Field, value: Any, depth: int) -> bool:
        """The usual cases, without ids or extensions on primitives; False leaves the value to `_cells`."""
        if field.read is not None:
            if field.many or value.__class__ in (list, dict) or value is None:
                return False
            read = self._scalar(field, value)
            if read is not None:
                out[field.name] = read
            return True
        if field.type == "Resource":
            return False
        if value.__class__ is dict:
            if field.many:
                self._wrong_type(field.name, "ARRAY", "OBJECT")
            child = self.object(value, shape(field.type), depth + 1)
            if child or child.__class__ is _Hollow:
                out[field.name] = [child] if field.many else child
            return True
        if value.__class__ is not list or not field.many:
            return False
        children = []
        for item in value:
            if item.__class__ is not dict:
                return False
            child = self.object(item, shape(field.type), depth + 1)
            if child or child.__class__ is _Hollow:
                children.append(child)
        if children:
            out[field.name] = children
        return True

    def _scalar(self, field: Field, value: Any) -> Any:
        """A JSON scalar as the element's value, or None where it is dropped."""
        kind = value.__class__
        if kind is str:
            text = value
        elif kind is bool:
            text = "true" if value else "false"
        elif field.decimal and kind is not Number:
            return value
        elif kind is float and not self.spelled:
            raise _SpellingLost
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

    def _invalid(self, field: Field, text: str, why: str) -> None:
        message = f'[element="{field.name}"] Invalid attribute value "{_sanitized(text)}": {why}'
        if not blank(text):
            raise refuse(1821, message)
        self.warnings.append(message)

    def _wrong_type(self, name: str, expected: str, found: str) -> None:
        self.warnings.append(f"Found incorrect type for element {name} - Expected {expected} and found {found}")

    def _cells(
        self, field: Field, value: Any, sibling: Any, depth: int, *, listed: bool = False, all_: bool = False
    ) -> list[Cell]:
        """Every value of an element, nested lists flattened; only the first one where the element does not repeat."""
        if depth > bodies.MAX_DEPTH:
            raise bodies.too_deep()
        if value.__class__ is list:
            beside = sibling if sibling.__class__ is list else []
            if sibling is not None and sibling.__class__ is not list:
                self._wrong_type(field.sibling, "ARRAY", _json_type(sibling))
            cells: list[Cell] = []
            for index, item in enumerate(value):
                its = beside[index] if index < len(beside) else None
                if cells and not field.many and not all_:
                    self.warnings.append(f"Multiple repetitions of non-repeatable element '{field.name}' found")
                    self.swallow(item, its, depth + 1)
                else:
                    cells += self._cells(field, item, its, depth + 1, listed=True, all_=all_)
            return cells
        if field.type == "Resource":
            return self._resources(field, value, depth)
        cell = Cell()
        modifiers = shape(field.type).modifiable if field.read is None else False
        changers: list[Extension] = []
        self._sibling(cell, changers if modifiers else None, sibling, field.sibling, depth)
        if value.__class__ is dict:
            self._object_cell(cell, field, value, depth, listed)
        elif value is not None and field.read is not None:
            cell.value = self._scalar(field, value)
        else:
            if value is not None:
                self._wrong_type(field.name, "OBJECT", "SCALAR (STRING)")
            if field.read is None:
                self._object_cell(cell, field, {}, depth, True)
        return [cell]

    def _object_cell(self, cell: Cell, field: Field, value: Json, depth: int, listed: bool) -> None:
        if field.many and not listed:
            self._wrong_type(field.name, "ARRAY", "OBJECT")
        if field.read is not None:  # an object where a primitive belongs: only its extensions count
            self.children(value, cell.extensions, None, depth + 1)
            return
        said, cell.extensions, identity, cell.id = cell.extensions, [], cell.id, None
        child = self.object(value, shape(field.type), depth + 1, Cell(None, identity, said))
        cell.value, cell.hollow = child, child.__class__ is _Hollow

    def _resources(self, field: Field, value: Any, depth: int) -> list[Cell]:
        if value.__class__ is not dict:
            if not field.many:
                raise _crash(field.name)
            self._wrong_type(field.name, "OBJECT", _json_type(value))
            return []
        kind = value.get("resourceType")
        if kind.__class__ is not str:
            raise refuse(1843, "Missing required element 'resourceType' from JSON resource object, unable to parse")
        resource = self.resource(value, kind, depth + 1)
        if not field.many:
            return [Cell(resource)]
        self.contained += [*resource.pop("contained", ()), _without(resource, _KEPT_BACK_IN_CONTAINED)]
        return []

    def _rest(self, out: Json, source: Json, kind: Shape, depth: int, said: Cell) -> bool:
        """Extensions, lone underscored siblings and unknown names; True where something invisible was said."""
        changers: list[Extension] = []
        hollow = False
        for name in self.children(
            source, said.extensions if kind.extensible else None, changers if kind.modifiable else None, depth, kind
        ):
            field = kind.fields[name]
            for rival in field.rivals:
                out.pop(rival, None)
            hollow |= _store(out, field, self._cells(field, None, source[field.sibling], depth))
        if said.id and "id" not in out:
            out["id"] = said.id
        shown = [extension.json() for extension in said.extensions if extension.written]
        changing = [extension.json("modifierExtension") for extension in changers if extension.filled]
        out.update({"extension": shown} if shown else {})
        out.update({"modifierExtension": changing} if changing else {})
        return hollow or any(extension.filled for extension in said.extensions)

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
                self.swallow(value, source.get("_" + name), depth + 1)
        return self._lone_siblings(source, kind, depth) if siblings > handled else []

    def _lone_siblings(self, source: Json, kind: Shape | None, depth: int) -> list[str]:
        lone = []
        for name, value in source.items():
            if name[:1] != "_" or len(name) < 2:
                continue
            if value.__class__ is not dict:
                self._wrong_type(name, "OBJECT", _json_type(value))
            elif name[1:] not in source:
                if kind is not None and name[1:] in kind.fields:
                    lone.append(name[1:])
                else:
                    self._unknown(name[1:])
                    self.swallow(None, value, depth + 1)
        return lone

    def _unknown(self, name: str) -> None:
        self.warnings.append(f"Unknown element '{name}' found while parsing")

    def swallow(self, value: Any, sibling: Any, depth: int) -> None:
        """Walk what is dropped: even there HAPI refuses extensions that are no arrays."""
        if value.__class__ is list:
            beside = sibling if sibling.__class__ is list else []
            for index, item in enumerate(value):
                self.swallow(item, beside[index] if index < len(beside) else None, depth + 1)
            return
        self._sibling(Cell(), None, sibling, "", depth)
        if value.__class__ is dict:
            self.children(value, None, None, depth + 1)

    def _sibling(self, cell: Cell, changers: list[Extension] | None, sibling: Any, name: str, depth: int) -> None:
        """Read the underscored sibling of an element into its cell."""
        if sibling.__class__ is list:
            if len(sibling) > 1:
                message = f"Unexpected array of length {len(sibling)} (expected 0 or 1) for element: {name}"
                raise refuse(1842, message)
            if sibling:
                self._sibling(cell, changers, sibling[0], name, depth + 1)
            return
        if sibling.__class__ is not dict:
            if sibling is not None:
                self._wrong_type(name, "OBJECT", _json_type(sibling))
            return
        for key, value in sibling.items():
            if key in ("extension", "modifierExtension"):
                if value.__class__ is not list:
                    raise _not_array(key, value)
                self._extensions(value, cell.extensions if key == "extension" else changers, key, depth + 1)
            elif key == "id":
                if value.__class__ is str:
                    cell.id = value if not blank(value) else None
                else:
                    self._wrong_type("id", "SCALAR (STRING)", _json_type(value))

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
                    raise refuse(1811, f"Extension (URL='{url}') {both}")

    def _text(self, value: Any) -> str:
        if value.__class__ is bool:
            return "true" if value else "false"
        if value.__class__ is float and not self.spelled:
            raise _SpellingLost
        return str(value) if value.__class__ is int else bodies.plain(value)

    def _extension_values(self, item: Json, extension: Extension | None, depth: int) -> None:
        known = extension_values() if extension is not None else {}
        for key, value in item.items():
            if key in ("extension", "modifierExtension"):
                if value.__class__ is not list:
                    raise _not_array(key, value)
                inner = extension.children if extension is not None and key == "extension" else None
                self._extensions(value, inner, key, depth + 1)
            elif key in known and extension is not None:
                cells = self._cells(known[key], value, item.get("_" + key), depth, all_=True)
                if cells:
                    extension.name, extension.value = key, cells[-1]
            elif key == "id" and extension is not None:
                extension.id = None if value.__class__ in (list, dict, type(None)) else self._id(value)
            elif key[:1] == "_":
                if key[1:] not in item and key[1:] in known and value.__class__ is dict and extension is not None:
                    extension.name = key[1:]
                    extension.value = self._cells(known[key[1:]], None, value, depth)[-1]
            elif key != "url":
                self._unknown(key)
                self.swallow(value, item.get("_" + key), depth + 1)

    def _id(self, value: Any) -> str:
        return str(value) if value.__class__ is str else self._text(value)


class _Hollow(dict[str, Any]):
    """An object of which nothing is written, but that HAPI takes for present."""


def _store(out: Json, field: Field, cells: list[Cell]) -> bool:
    """Write an element's values; True where something was said that is not written."""
    kept = [cell for cell in cells if cell.filled]
    if not kept:
        return False
    if field.many:
        out[field.name] = [cell.value for cell in kept]
    elif kept[0].value is not None:
        out[field.name] = kept[0].value
    if field.read is not None:
        beside = [cell.extended() or None for cell in kept]
        if any(beside):
            out[field.sibling] = beside if field.many else beside[0]
    return field.name not in out and field.sibling not in out


def _ordered(out: Json, kind: Shape) -> Json:
    return {name: out[name] for name in sorted(out, key=kind.ranks.__getitem__)}


def _with_own_id(resource: Json) -> Json:
    """Only the logical id is kept of an id that was sent as a path; its version goes to meta."""
    sent = resource.get("id")
    if sent is None or "/" not in sent:
        return resource
    own = identifiers.parts(sent)
    if own.id:
        resource["id"] = own.id
    else:
        del resource["id"]
    return resource


def _numbered(contained: list[Json]) -> list[Json]:
    """Contained resources by their ids; one that has none gets the next number."""
    following, done = 1, []
    for resource in contained:
        own = str(resource.get("id", "")).removeprefix("#")
        if not own:
            own, following = str(following), following + 1
        elif own.isdigit():
            following = int(own) + 1
        done.append({"resourceType": resource["resourceType"], "id": own, **{k: v for k, v in resource.items() if k not in ("id", "resourceType")}})
    return done


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_without(item, names) for item in value]
    if isinstance(value, dict):
        return {name: _without(item, names) for name, item in value.items() if name not in names}
    return value


def _versionless(reference: Json) -> None:
    text = reference.get("reference")
    if text:
        reference["reference"] = identifiers.versionless(text)


def _drop_empty_codings(meta: Json) -> None:
    for name in ("tag", "security"):
        if name in meta:
            meta[name] = [coding for coding in meta[name] if "system" in coding or "code" in coding]
            if not meta[name]:
                del meta[name]


_AFTERWARDS = {"Reference": _versionless, "Meta": _drop_empty_codings}


def _json_type(value: Any) -> str:
    return {dict: "OBJECT", list: "ARRAY", type(None): "NULL"}.get(value.__class__, "SCALAR")


def _not_array(name: str, value: Any) -> Refused:
    found = _json_type(value)
    return refuse(1841, f"Syntax error parsing JSON FHIR structure: Expected ARRAY at element '{name}', found '{found}'")


def _crash(name: str) -> Refused:
    return refuse(1843, f"Missing required element 'resourceType' from JSON resource object '{name}', unable to parse")


_ESCAPES = {ord("'"): "&apos;", ord('"'): "&quot;", ord("<"): "&lt;", ord(">"): "&gt;", 10: "&#10;", 13: "&#13;"}
_ESCAPES |= {code: "" for code in range(32) if code not in _ESCAPES}


def _sanitized(text: str) -> str:
    return text.translate(_ESCAPES)
