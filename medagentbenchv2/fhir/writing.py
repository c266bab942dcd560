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
from medagentbenchv2.fhir.jsonpatch import Unpatchable, apply
from medagentbenchv2.fhir.matching import matched
from medagentbenchv2.fhir.outcomes import Issue, operation_outcome
from medagentbenchv2.fhir.overlay import AFTER_BASE, Deleted, Row
from medagentbenchv2.fhir.parameters import PARAMETERS
from medagentbenchv2.fhir.parsing import Refused, parse
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.query import Clause, Query
from medagentbenchv2.fhir.references import ReferenceMatcher
from medagentbenchv2.fhir.search import View, base_row, exists, find


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


def create(writer: Writer, kind: str, body: bytes | Resource, none_exist: str = "") -> Response:
    """POST: 201 with Location and ETag, the body as stored.

    none_exist is a match URL: the one record that it finds is answered with 200, and nothing is stored.
    """
    kinds.check(kind)
    parsed = _parsed(writer, kind, body)
    id = matched(writer.view, kind, none_exist, "CREATE") if none_exist else None
    if id is not None:
        return _stored(writer, _current(writer.view, kind, id), 200)
    return _new(writer, kind, parsed)


def _new(writer: Writer, kind: str, parsed: Resource) -> Response:
    links.check(parsed, writer.view, writer.base_url)
    overlay = writer.view.overlay
    row = Row(_stamped(parsed, writer.number(), 1, writer.updated_ms()), AFTER_BASE + len(overlay.writes), 1)
    overlay.put(row, None)
    overlay.writes.append(Write("POST", kind, row.resource["id"], row.resource))
    return _stored(writer, row, 201)


def update(writer: Writer, kind: str, id: str, body: bytes | Resource, if_match: str = "") -> Response:
    """PUT: 200 with the next version, or 201 for a new non-numeric id; 409 where if_match is not current."""
    kinds.check(kind)
    parsed = _parsed(writer, kind, body)
    said = parsed.get("id")
    need = "Can not update resource, resource body must contain an ID element"
    if said is None:
        raise Problem(400, f"HAPI-0419: {need} for update (PUT) operation")
    if said != id:
        mismatch = f'Resource body ID of "{said}" does not match URL ID of "{id}"'
        raise Problem(400, f"HAPI-0420: {need} which matches the request URL for update (PUT) operation - {mismatch}")
    return _replace(writer, kind, id, parsed, if_match)


def update_matched(writer: Writer, kind: str, url: str, body: bytes | Resource) -> Response:
    """PUT to a match URL: the record that it finds is changed; where it finds none, one is created."""
    kinds.check(kind)
    parsed = _parsed(writer, kind, body)
    id = matched(writer.view, kind, url, "UPDATE")
    said: str = parsed.get("id", "")
    because = f'Failed to UPDATE resource with match URL "{kind}?{url}" because'
    if id is not None and said not in ("", id):
        raise Problem(400, f"HAPI-2279: {because} the matching resource does not match the provided ID")
    if id is None and not said:
        return _new(writer, kind, parsed)
    if id is None and exists(writer.view, kind, said):
        raise Problem(409, f"{because} {kind}/{said} exists and is not what it finds", "conflict")
    return _replace(writer, kind, said if id is None else id, parsed)


def patch(writer: Writer, kind: str, id: str, body: bytes, if_match: str = "") -> Response:
    """PATCH with a JSON Patch: 200 with the next version."""
    changed = patched(writer.view, kind, id, body)
    return _replace(writer, kind, id, _parsed(writer, kind, changed), if_match)


def patched(view: View, kind: str, id: str, body: bytes) -> Resource:
    """A record after a JSON Patch; raises Problem where HAPI would not read the result without a warning."""
    kinds.check(kind)
    if isinstance(view.overlay.get(kind, id), Deleted):
        raise Problem(410, f"Resource was deleted: {kind}/{id}", "deleted")
    failed = f"Failed to apply JSON patch to {kind}/{id}:"
    try:
        changed: Resource = apply(_current(view, kind, id).resource, orjson.loads(body))
        parsed = parse(changed, kind)
    except orjson.JSONDecodeError as error:
        raise Problem(400, f"HAPI-1272: {failed} {error}") from None
    except Unpatchable as error:
        raise Problem(400, f"HAPI-1272: {failed} {error}") from None
    except Refused as error:
        raise Problem(400, f"HAPI-1271: {failed} {error.diagnostics}") from None
    if parsed.warnings or parsed.resource.get("id") != id:
        raise Problem(400, f"HAPI-1271: {failed} {(*parsed.warnings, 'the id must stay')[0]}")
    return changed


def _replace(writer: Writer, kind: str, id: str, parsed: Resource, if_match: str = "") -> Response:
    overlay, state = writer.view.overlay, writer.view.overlay.get(kind, id)
    hidden = base_row(writer.view, kind, id)
    if state is None and hidden is None and id.isdecimal():
        words = "no resource with this ID exists and clients may only assign IDs which begin with a non-numeric"
        raise Problem(400, f"HAPI-0960: Can not create resource with ID[{id}], {words} character on this server")
    version = (state.version if state else 1 if hidden is not None else 0) + 1
    check_version("update", kind, id, version - 1, if_match)
    links.check(parsed, writer.view, writer.base_url)
    if exists(writer.view, kind, id):
        current = _current(writer.view, kind, id)
        stamp = {name: current.resource.get("meta", {}).get(name) for name in ("versionId", "lastUpdated")}
        if current.resource == {**parsed, "id": id, "meta": {**parsed.get("meta", {}), **stamp}}:
            return _stored(writer, current, 200)  # HAPI makes no version of an update without a change
    row = Row(_stamped(parsed, id, version, writer.updated_ms()), _insertion(writer, kind, state, hidden), version)
    overlay.put(row, hidden)
    overlay.writes.append(Write("PUT", kind, id, row.resource))
    return _stored(writer, row, 201 if version == 1 else 200)


def check_version(verb: str, kind: str, id: str, current: int | str, if_match: str) -> None:
    """Raise Problem (409) where If-Match names another version; verb is update or delete."""
    wanted = if_match.removeprefix("W/").strip('"')
    if wanted and wanted != str(current):
        code = {"update": "HAPI-0989", "delete": "HAPI-0961"}[verb]
        words = f"Trying to {verb} {kind}/{id}/_history/{wanted} but this is not the current version"
        raise Problem(409, f"{code}: {words}", "conflict")


def delete_matched(writer: Writer, kind: str, url: str) -> Response:
    """DELETE of a match URL: the one record that it finds; finding none is no error."""
    kinds.check(kind)
    id = matched(writer.view, kind, url, "DELETE")
    if id is None:
        words = f'Unable to find resource matching URL "{kind}?{url}". Nothing has been deleted.'
        return Response(200, orjson.dumps(operation_outcome(words, severity="warning", code="not-found")))
    return delete(writer, kind, id)


def delete(writer: Writer, kind: str, id: str, if_match: str = "") -> Response:
    """DELETE: 200 with an OperationOutcome; 404 for a record that never was, 409 while others refer to it."""
    kinds.check(kind)
    overlay, state = writer.view.overlay, writer.view.overlay.get(kind, id)
    hidden = base_row(writer.view, kind, id)
    if isinstance(state, Deleted):
        return _done(f"Not deleted, resource {kind}/{id} was already deleted.")
    if state is None and hidden is None:
        raise Problem(404, f"HAPI-2001: Resource {kind}/{id} is not known")
    check_version("delete", kind, id, state.version if state else 1, if_match)
    if kind == "Patient":
        _check_unreferenced(writer.view, id)
    current = _current(writer.view, kind, id)
    overlay.delete(kind, id, Deleted(current.version + 1, writer.updated_ms()), hidden)
    overlay.writes.append(Write("DELETE", kind, id, current.resource))
    return _done(f"Successfully deleted 1 resource(s). Deleted {kind}/{id}.")


def _current(view: View, kind: str, id: str) -> Row:
    """A record that exists, as it now is; 404 for one that does not."""
    state = view.overlay.get(kind, id)
    if isinstance(state, Row):
        return state
    row = base_row(view, kind, id) if state is None else None
    if row is None:
        raise Problem(404, f"HAPI-2001: Resource {kind}/{id} is not known")
    segment = view.base.of(kind)
    return Row(orjson.loads(segment.resources(np.array([row]))[0]), segment.insertion(row), 1)


def _insertion(writer: Writer, kind: str, state: Row | Deleted | None, hidden: int | None) -> int:
    """A changed record keeps its place in the order of insertion."""
    if isinstance(state, Row):
        return state.insertion
    if hidden is not None:
        return writer.view.base.of(kind).insertion(hidden)
    return AFTER_BASE + len(writer.view.overlay.writes)


def _stamped(parsed: Resource, id: str, version: int, ms: int) -> Resource:
    stamp = {"versionId": str(version), "lastUpdated": instant_text(ms)}
    meta = {**stamp, **parsed.get("meta", {}), **stamp}
    head = {"resourceType": parsed["resourceType"], "id": id, "meta": meta}
    return {**head, **parsed, **head}  # named twice: to stand first, and to win


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
            first = found.ids(found.page(0, 1))[0]
            words = f"First reference found was resource {kind}/{first} in path {kind}.{parameter.paths[0]}"
            unable = f"Unable to delete Patient/{id} because at least one resource has a reference to this resource"
            raise Problem(409, f"HAPI-0550: HAPI-0515: {unable}. {words}")
