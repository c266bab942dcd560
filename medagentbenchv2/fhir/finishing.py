"""Last touches on parsed objects, as HAPI gives them when it writes: order, ids, references, contained resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medagentbenchv2.fhir import identifiers
from medagentbenchv2.fhir.extensions import Cell
from medagentbenchv2.fhir.shapes import Field, Shape

Json = dict[str, Any]
_KEPT_BACK_IN_CONTAINED = ("security", "versionId", "lastUpdated")


class Hollow(dict[str, Any]):
    """An object of which nothing is written, but that HAPI takes for present."""


def store(out: Json, field: Field, cells: list[Cell]) -> bool:
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
        if any(beside) and not field.bare:
            out[field.sibling] = beside if field.many else beside[0]
    return field.name not in out and field.sibling not in out


def ordered(out: Json, kind: Shape) -> Json:
    """The object with its names in the order of the specification."""
    return {name: out[name] for name in sorted(out, key=kind.ranks.__getitem__)}


def with_own_id(resource: Json) -> Json:
    """Only the logical id is kept of an id that was sent as a path; beside it, extensions that say something."""
    sent = resource.get("id")
    if sent is not None and "/" in sent:
        own = identifiers.parts(sent).id
        if own:
            resource["id"] = own
        else:
            del resource["id"]
    if "_id" in resource:
        shown = [extension for extension in resource["_id"]["extension"] if extension.keys() - {"id", "url"}]
        if shown and "id" in resource:
            resource["_id"] = {"extension": shown}
        else:
            del resource["_id"]
    return resource


def numbered(contained: list[Json]) -> list[Json]:
    """Contained resources by their ids; one that has none gets the next number."""
    following, done = 1, []
    for resource in contained:
        own = str(resource.get("id", ""))
        if not own:
            own, following = str(following), following + 1
        elif own.isdigit():
            following = int(own) + 1
        done.append({"resourceType": resource["resourceType"], "id": own} | resource | {"id": own})
    return done


def as_contained(resource: Json) -> Json:
    """A contained resource without the names that HAPI keeps back there."""
    return {name: _without(item, _KEPT_BACK_IN_CONTAINED) for name, item in resource.items()}


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


def _adopt_full_urls(bundle: Json) -> None:
    """A bundled resource without an id takes that of its entry's fullUrl, unless that is a urn."""
    for entry in bundle.get("entry", ()):
        own = identifiers.parts(entry.get("fullUrl", "")).id
        resource = entry.get("resource")
        if resource is not None and "id" not in resource and own and not own.startswith("urn:"):
            entry["resource"] = {"resourceType": resource["resourceType"], "id": own} | resource


TOUCHES: dict[str, Callable[[Json], None]] = {
    "Reference": _versionless,
    "Meta": _drop_empty_codings,
    "Bundle": _adopt_full_urls,
}
"""What is done to every object of a type."""
