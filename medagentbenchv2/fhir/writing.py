"""Create, update and delete in a rollout's overlay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import orjson

from medagentbenchv2.fhir import bodies, kinds, links
from medagentbenchv2.fhir.columns import KINDS
from medagentbenchv2.fhir.dates import instant_text
from medagentbenchv2.fhir.ehr import Resource, Response, Write
from medagentbenchv2.fhir.outcomes import Issue, operation_outcome
from medagentbenchv2.fhir.overlay import AFTER_BASE, Deleted, Row
from medagentbenchv2.fhir.parameters import PARAMETERS
from medagentbenchv2.fhir.parsing import parse
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.query import Clause, Query
from medagentbenchv2.fhir.references import ReferenceMatcher
from medagentbenchv2.fhir.search import View, base_row, find


@dataclass(frozen=True, slots=True)
class Writer:
    """Where writes go, and what numbers and stamps they get."""

    view: View
    base_url: str
    number: Callable[[], str]
    """The next logical id."""
    updated_ms: Callable[[], int]
    """meta.lastUpdated of the next write."""
    strict: bool = False
    """Whether bodies must be valid R4, beyond what HAPI's parser asks."""


class Invalid(Exception):
    """A body that is not valid R4, with every issue."""

    def __init__(self, issues: list[Issue]) -> None:
        super().__init__(issues[0].diagnostics)
        self.issues = issues


def _parsed(writer: Writer, kind: str, body: bytes | Resource) -> Resource:
    """The body after lenient parsing; raises Refused, and Invalid where the writer is strict."""
    resource: Resource = parse(body, kind).resource
    if writer.strict:
        from medagentbenchv2.fhir.validation import validate  # only strict servers need its tables

        sent = bodies.load(body) if isinstance(body, bytes) else body
        issues = validate(sent)
        if issues:
            raise Invalid(issues)
    return resource


def create(writer: Writer, kind: str, body: bytes | Resource) -> Response:
    """POST: 201 with Location and ETag, the body as stored."""
    kinds.check(kind)
    parsed = _parsed(writer, kind, body)
    links.check(parsed, writer.view, writer.base_url)
    overlay = writer.view.overlay
    row = Row(_stamped(parsed, writer.number(), 1, writer.updated_ms()), AFTER_BASE + len(overlay.writes), 1)
    overlay.put(row, None)
    overlay.writes.append(Write("POST", kind, row.resource["id"], row.resource))
    return _stored(writer, row, 201)


def update(writer: Writer, kind: str, id: str, body: bytes | Resource) -> Response:
    """PUT: 200 with the next version, or 201 for a new non-numeric id."""
    kinds.check(kind)
    parsed = _parsed(writer, kind, body)
    said = parsed.get("id")
    need = "Can not update resource, resource body must contain an ID element"
    if said is None:
        raise Problem(400, f"HAPI-0419: {need} for update (PUT) operation")
    if said != id:
        mismatch = f'Resource body ID of "{said}" does not match URL ID of "{id}"'
        raise Problem(400, f"HAPI-0420: {need} which matches the request URL for update (PUT) operation - {mismatch}")
    overlay, state = writer.view.overlay, writer.view.overlay.get(kind, id)
    hidden = base_row(writer.view, kind, id)
    if state is None and hidden is None and id.isdecimal():
        words = "no resource with this ID exists and clients may only assign IDs which begin with a non-numeric"
        raise Problem(400, f"HAPI-0960: Can not create resource with ID[{id}], {words} character on this server")
    links.check(parsed, writer.view, writer.base_url)
    version = (state.version if state else 1 if hidden is not None else 0) + 1
    row = Row(_stamped(parsed, id, version, writer.updated_ms()), _insertion(writer, kind, state, hidden), version)
    overlay.put(row, hidden)
    overlay.writes.append(Write("PUT", kind, id, row.resource))
    return _stored(writer, row, 201 if version == 1 else 200)


def delete(writer: Writer, kind: str, id: str) -> Response:
    """DELETE: 200 with an OperationOutcome; 404 for a record that never was, 409 while others refer to it."""
    kinds.check(kind)
    overlay, state = writer.view.overlay, writer.view.overlay.get(kind, id)
    hidden = base_row(writer.view, kind, id)
    if isinstance(state, Deleted):
        return _done(f"Not deleted, resource {kind}/{id} was already deleted.")
    if state is None and hidden is None:
        raise Problem(404, f"HAPI-2001: Resource {kind}/{id} is not known")
    if kind == "Patient":
        _check_unreferenced(writer.view, id)
    if isinstance(state, Row):
        resource, version = state.resource, state.version + 1
    else:
        resource, version = _base_resource(writer.view, kind, hidden), 2
    overlay.delete(kind, id, Deleted(version, writer.updated_ms()), hidden)
    overlay.writes.append(Write("DELETE", kind, id, resource))
    return _done(f"Successfully deleted 1 resource(s). Deleted {kind}/{id}.")


def _base_resource(view: View, kind: str, row: int | None) -> Resource:
    found: Resource = orjson.loads(view.base.of(kind).resources(np.array([row]))[0])
    return found


def _insertion(writer: Writer, kind: str, state: Row | Deleted | None, hidden: int | None) -> int:
    """A changed record keeps its place in the order of insertion."""
    if isinstance(state, Row):
        return state.insertion
    if hidden is not None:
        return writer.view.base.of(kind).insertion(hidden)
    return AFTER_BASE + len(writer.view.overlay.writes)


def _stamped(parsed: Resource, id: str, version: int, ms: int) -> Resource:
    meta = {"versionId": str(version), "lastUpdated": instant_text(ms)}
    kept = {name: value for name, value in parsed.get("meta", {}).items() if name not in meta}
    rest = {name: value for name, value in parsed.items() if name not in ("resourceType", "id", "meta")}
    return {"resourceType": parsed["resourceType"], "id": id, "meta": {**meta, **kept}, **rest}


def _stored(writer: Writer, row: Row, status: int) -> Response:
    location = f"{writer.base_url}/{row.kind}/{row.resource['id']}/_history/{row.version}"
    headers = {"Location": location, "ETag": f'W/"{row.version}"'}
    return Response(status, row.text, headers)


def _done(words: str) -> Response:
    return Response(200, orjson.dumps(operation_outcome(words, severity="information", code="informational")))


def _check_unreferenced(view: View, id: str) -> None:
    wanted = ReferenceMatcher(frozenset((("Patient", id),)))
    for kind in sorted({*KINDS, *view.overlay.kinds}):
        parameter = PARAMETERS[kind].get("patient")
        if parameter is None:
            continue
        found = find(view, Query(kind, (Clause(parameter, wanted),)))
        if found.total:
            item = found.page(0, 1)[0]
            first = item.resource["id"] if isinstance(item, Row) else found.segment.ids(found.rows[:1])[0]
            words = f"First reference found was resource {kind}/{first} in path {kind}.{parameter.paths[0]}"
            unable = f"Unable to delete Patient/{id} because at least one resource has a reference to this resource"
            raise Problem(409, f"HAPI-0550: HAPI-0515: {unable}. {words}")
