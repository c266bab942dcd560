"""A create's body, as lenient as HAPI's JSON parser: what it keeps, drops with a warning, and refuses.

Kept: an object where an array belongs, numbers sent as text and text sent as numbers, the first of several where one
belongs, the last of several choices. Dropped with a warning: unknown elements, a scalar where an object belongs, empty
strings. Refused: what `bodies` cannot read, a missing or wrong resourceType, a bad code, date, number or boolean.
The result is what HAPI would write back: elements in the order of the specification, nothing empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medagentbenchv2.fhir import bodies, r4
from medagentbenchv2.fhir.bodies import Refused, refuse
from medagentbenchv2.fhir.extensions import Cell, Extension
from medagentbenchv2.fhir.finishing import TOUCHES, Hollow, as_contained, numbered, ordered, store, with_own_id
from medagentbenchv2.fhir.primitives import blank
from medagentbenchv2.fhir.shapes import Field, Shape, shape
from medagentbenchv2.fhir.walking import Around, SpellingLost, Walker, json_type

__all__ = ["Parsed", "Refused", "parse"]

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What is left of a body after lenient parsing."""

    resource: Json
    """The resource, elements in the order of the specification."""
    warnings: tuple[str, ...]
    """What was dropped, one sentence each."""


def parse(body: bytes | Json, expected_kind: str = "") -> Parsed:
    """Parse a body that was sent to `/{expected_kind}`; an empty kind accepts any resource.

    Raises Refused for what HAPI refuses. The body is not changed, and the result shares nothing with it; every string
    in it can be written as UTF-8.
    """
    sent = body if isinstance(body, bytes) else bodies.dump(body)
    try:
        return _parse(bodies.load(sent), expected_kind, spelled=False)
    except SpellingLost:
        return _parse(bodies.exact(sent), expected_kind, spelled=True)


def _parse(source: Json, expected: str, *, spelled: bool) -> Parsed:
    parser = _Parser(spelled)
    return Parsed(parser.top(source, expected), tuple(parser.warnings))


class _Parser(Walker):
    """One parse; holds contained resources until their container is complete."""

    def __init__(self, spelled: bool) -> None:
        super().__init__(spelled)
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
                similar = f"Resource names are case sensitive, found similar name: '{alike[0]}'"
                raise refuse(1815, f"Unknown resource type '{kind}': {similar}")
            raise refuse(1684, f'Unknown resource name "{kind}" (this name is not known in FHIR version "R4")')
        outer, self.contained = self.contained, []
        out = with_own_id({"resourceType": kind, **self.object(source, shape(kind), depth)})
        if self.contained:
            out["contained"] = numbered(self.contained)
            out = ordered(out, shape(kind))
        self.contained = outer
        return out

    def object(self, source: Json, kind: Shape, depth: int, said: Cell | None = None) -> Json:
        """An object of a known type; `said` holds what its underscored sibling said before."""
        if depth > bodies.MAX_DEPTH:
            raise bodies.too_deep()
        out: Json = {}
        chosen: dict[str, Field] = {}
        fields = kind.fields
        last, sorted_, hollow, around = -1, True, False, None if said is None else self.around(kind, said)
        for name, value in source.items():
            field = fields.get(name)
            if field is None:
                if name != "resourceType":
                    around = around or self.around(kind, Cell())
                    self.stranger(around, name, value, source, depth)
                continue
            if field.rank < last:
                sorted_ = False
            last = field.rank
            if field.choice and value != []:
                _replace(out, chosen, field)
            alone = field.sibling not in source
            if alone and value.__class__ is str and field.text and value and not value.isspace():
                out[name] = [value] if field.many else value
            elif not alone or not self._plain(out, field, value, depth):
                cells = self.cells(field, value, source.get(field.sibling), depth)
                hollow |= store(out, field, cells)
        if around is not None:
            hollow |= self._rest(out, chosen, source, depth, around)
            sorted_ = False
        if not sorted_ and len(out) > 1:
            out = ordered(out, kind)
        if kind.name in TOUCHES:
            TOUCHES[kind.name](out)
        return out if out or not hollow else Hollow()

    def _plain(self, out: Json, field: Field, value: Any, depth: int) -> bool:
        """The usual cases, without ids or extensions on primitives; False leaves the value to `cells`."""
        if field.read is not None:
            if field.many or value.__class__ in (list, dict) or value is None:
                return False
            read = self.scalar(field, value)
            if read is not None:
                out[field.name] = read
            return True
        if field.type == "Resource":
            return False
        if value.__class__ is dict:
            if field.many:
                self.wrong_type(field.name, "ARRAY", "OBJECT")
            child = self.object(value, shape(field.type), depth + 1)
            if child or child.__class__ is Hollow:
                out[field.name] = [child] if field.many else child
            return True
        if value.__class__ is not list or not field.many or not all(item.__class__ is dict for item in value):
            return False
        children = []
        for item in value:
            child = self.object(item, shape(field.type), depth + 1)
            if child or child.__class__ is Hollow:
                children.append(child)
        if children:
            out[field.name] = children
        return True

    def cells(
        self, field: Field, value: Any, sibling: Any, depth: int, *, listed: bool = False, all_: bool = False
    ) -> list[Cell]:
        """Every value of an element, nested lists flattened; only the first one where the element does not repeat."""
        if depth > bodies.MAX_DEPTH:
            raise bodies.too_deep()
        if value.__class__ is list:
            beside = sibling if sibling.__class__ is list else []
            if sibling is not None and sibling.__class__ is not list:
                self.wrong_type(field.sibling, "ARRAY", json_type(sibling))
            cells: list[Cell] = []
            for index, item in enumerate(value):
                its = beside[index] if index < len(beside) else None
                if cells and not field.many and not all_:
                    self.warnings.append(f"Multiple repetitions of non-repeatable element '{field.name}' found")
                    self.swallow(field.name, item, its, depth + 1)
                else:
                    cells += self.cells(field, item, its, depth + 1, listed=True, all_=all_)
            return cells
        if field.type == "Resource":
            self.sibling(None, None, sibling, field.sibling, depth)
            return self._resources(field, value, depth)
        cell = Cell()
        modifiers = shape(field.type).modifiable if field.read is None else False
        changers: list[Extension] = []
        if value.__class__ not in (dict, type(None)) and field.read is not None:
            cell.value = self.scalar(field, value)
            self.sibling(cell, None, sibling, field.sibling, depth)
            return [cell]
        self.sibling(cell, changers if modifiers else None, sibling, field.sibling, depth)
        if value.__class__ is dict:
            self._object_cell(cell, field, value, depth, listed)
        else:
            if value is not None:
                self.wrong_type(field.name, "OBJECT", "SCALAR (STRING)")
            if field.read is None:
                self._object_cell(cell, field, {}, depth, True)
        return [cell]

    def _object_cell(self, cell: Cell, field: Field, value: Json, depth: int, listed: bool) -> None:
        if field.many and not listed:
            self.wrong_type(field.name, "ARRAY", "OBJECT")
        if field.read is not None:  # an object where a primitive belongs: only its extensions count
            self.walk(value, Around(cell), depth + 1)
            return
        said, cell.extensions, identity, cell.id = cell.extensions, [], cell.id, None
        child = self.object(value, shape(field.type), depth + 1, Cell(None, identity, said))
        cell.value, cell.hollow = child, child.__class__ is Hollow

    def _resources(self, field: Field, value: Any, depth: int) -> list[Cell]:
        if value.__class__ is not dict:
            if not field.many:
                raise refuse(1843, f"Missing required element 'resourceType' from JSON resource object '{field.name}'")
            self.wrong_type(field.name, "OBJECT", json_type(value))
            return []
        kind = value.get("resourceType")
        if kind.__class__ is not str:
            raise refuse(1843, "Missing required element 'resourceType' from JSON resource object, unable to parse")
        resource = self.resource(value, kind, depth + 1)
        if not field.many:
            return [Cell(resource)]
        self.contained += [*resource.pop("contained", ()), as_contained(resource)]
        return []

    def _rest(self, out: Json, chosen: dict[str, Field], source: Json, depth: int, around: Around) -> bool:
        """Lone underscored siblings and extensions; True where something invisible was said."""
        hollow = False
        for field in self.lone_siblings(around, source, depth):
            if field.choice:
                _replace(out, chosen, field)
            hollow |= store(out, field, self.cells(field, None, source[field.sibling], depth))
        said = around.cell
        if said.id and "id" not in out:
            out["id"] = said.id
        shown = [extension.json() for extension in said.extensions if extension.written]
        changing = [extension.json("modifierExtension") for extension in around.changers if extension.filled]
        out.update({"extension": shown} if shown else {})
        out.update({"modifierExtension": changing} if changing else {})
        return hollow or any(extension.filled for extension in said.extensions)


def _replace(out: Json, chosen: dict[str, Field], field: Field) -> None:
    """A later name of a choice takes the place of an earlier one."""
    earlier = chosen.get(field.choice)
    if earlier is not None:
        out.pop(earlier.name, None)
        out.pop(earlier.sibling, None)
    chosen[field.choice] = field
