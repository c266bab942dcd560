"""One rollout's embedded EHR: a snapshot as of a clock, and the rollout's own writes on top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote, urlencode

import numpy as np
import orjson

from medagentbenchv2.errors import ArgumentError, not_among
from medagentbenchv2.fhir import capability, controls, kinds, paging, query, transactions, writing
from medagentbenchv2.fhir.bundles import pretty, search_bundle
from medagentbenchv2.fhir.dates import instant_text, milliseconds
from medagentbenchv2.fhir.ehr import Params, Resource, Response, Write
from medagentbenchv2.fhir.history import history
from medagentbenchv2.fhir.matching import UNCONDITIONAL, Conditions
from medagentbenchv2.fhir.outcomes import operation_outcome, outcome_of
from medagentbenchv2.fhir.overlay import Deleted, Overlay, Row
from medagentbenchv2.fhir.parsing import Refused
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.search import View, base_row
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.fhir.subsets import cut

BASE_URL = "http://localhost:8080/fhir"
"""What in-process answers name as the server's base, as the published server does."""
FIRST_WRITE_MS = milliseconds(datetime(2025, 1, 2, tzinfo=UTC))
"""meta.lastUpdated of a rollout's writes counts up from here by one ms a write: later than the base, and the same in
every repetition."""

READ_CONTROLS = ("_summary", "_elements", "_format", "_pretty")
"""Parameters that shape what a read answers."""
VALIDATIONS = ("hapi", "r4")
"""What a body must satisfy: what HAPI's parser asks, or all of R4."""


class Session:
    """Implements `Ehr`; every method answers at once and never blocks.

    snapshot: the shared base. now: an aware datetime; base records with a later clinical date do not exist (None: all
    do). first_id: logical id of the first record created; default one above the base. base_url: stands in links.
    clock: gives meta.lastUpdated of writes; default is the deterministic count from 2025-01-02T00:00:00Z.
    hapi_date_quirk: `ge2023` starts on 2023-12-31, as HAPI has it. validation: "hapi" is as lenient as HAPI; "r4"
    refuses bodies that are not valid R4 with 422 and every issue.
    """

    __slots__ = ("_clock", "_first_id", "_key", "_next_id", "_overlay", "_quirk", "_snapshot", "_strict", "base_url")

    def __init__(
        self,
        snapshot: Snapshot,
        now: datetime | None = None,
        first_id: int | None = None,
        *,
        base_url: str = BASE_URL,
        clock: Callable[[], datetime] | None = None,
        hapi_date_quirk: bool = False,
        validation: str = "hapi",
    ) -> None:
        if validation not in VALIDATIONS:
            raise not_among("validation", validation, VALIDATIONS)
        if now is not None and now.tzinfo is None:
            raise ArgumentError(f"now: {now.isoformat()} has no time zone; use an aware datetime")
        self.base_url = base_url
        self._snapshot, self._clock, self._quirk = snapshot, clock, hapi_date_quirk
        self._strict = validation == "r4"
        self._overlay = Overlay()
        self._first_id = self._next_id = snapshot.next_id if first_id is None else first_id
        self._key = (base_url, None if now is None else milliseconds(now), hapi_date_quirk)

    @property
    def snapshot(self) -> Snapshot:
        """The shared base."""
        return self._snapshot

    @property
    def writes(self) -> Sequence[Write]:
        """Accepted changes in the order they were made."""
        return self._overlay.writes

    async def search(self, kind: str, params: Params) -> Response:
        """GET {base}/{kind}?{params}."""
        return self.search_now(kind, params)

    async def read(self, kind: str, id: str) -> Response:
        """GET {base}/{kind}/{id}."""
        return self.read_now(kind, id)

    async def create(self, kind: str, body: bytes | Resource) -> Response:
        """POST {base}/{kind}."""
        return self.create_now(kind, body)

    async def request(self, method: str, url: str, body: bytes = b"") -> Response:
        """Any request; url relative to the base, or absolute under it."""
        return self.request_now(method, url, body)

    def reset(self) -> None:
        """Drop everything that was written."""
        self._overlay = Overlay()
        self._next_id = self._first_id

    def search_now(self, kind: str, params: Params, offset: int = 0) -> Response:
        """`search` for callers that are not async."""
        frozen = query.freeze(params)
        key = (self._key, kind, frozen, offset)
        kept = self._snapshot.responses.get(key)
        changed = self._overlay.kinds
        if kept is not None and (not changed or (kept[0] and kept[0].isdisjoint(changed))):
            return kept[1]
        try:
            asked = query.read(kind, frozen, self._quirk)
            response = Response(200, search_bundle(self._view(), self.base_url, asked, frozen, offset))
        except Problem as problem:
            return refusal(problem)
        if not changed or (asked.touches and asked.touches.isdisjoint(changed)):
            self._snapshot.responses.put(key, asked.touches, response)
        return response

    def read_now(self, kind: str, id: str, version: str = "") -> Response:
        """`read`, and vread with a version, for callers that are not async."""
        try:
            kinds.check(kind)
            return self._read(kind, id, version)
        except Problem as problem:
            return refusal(problem)

    def create_now(self, kind: str, body: bytes | Resource, none_exist: str = "") -> Response:
        """`create` for callers that are not async; none_exist is what If-None-Exist says."""
        return self._write(lambda: writing.create(self._writer(), kind, body, none_exist))

    def request_now(self, method: str, url: str, body: bytes = b"", conditions: Conditions = UNCONDITIONAL) -> Response:
        """`request` for callers that are not async; conditions are those that HTTP headers state."""
        path, _, text = self._relative(url).partition("?")
        params = tuple(parse_qsl(text, keep_blank_values=True)) if text else ()
        parts = [unquote(part) for part in path.split("/") if part]
        try:
            return self._route(method.upper(), parts, params, body, conditions)
        except Problem as problem:
            return refusal(problem)

    def _relative(self, url: str) -> str:
        return url.removeprefix(self.base_url).lstrip("/")

    def _route(
        self, method: str, parts: list[str], params: paging.Params, body: bytes, conditions: Conditions
    ) -> Response:
        if method not in ("GET", "HEAD", "POST"):
            return self._changed(method, parts, params, body, conditions)
        match method, parts:
            case "GET" | "HEAD", []:
                if not any(name == "_getpages" for name, _ in params):
                    raise Problem(400, "HAPI-0287: This is the base URL of FHIR server. Unable to handle this request, "
                                  "as it does not contain a resource type or operation name.")  # fmt: skip
                kind, search, offset = paging.read_link(params)
                return self.search_now(kind, search, offset)
            case "GET" | "HEAD", ["metadata"]:
                return Response(200, orjson.dumps(capability.statement(self.base_url, self._snapshot)))
            case "GET" | "HEAD", [kind] | [kind, "_search"]:
                return self.search_now(kind, params)
            case "POST", [kind, "_search"]:
                form = tuple(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
                return self.search_now(kind, params + form)
            case "GET" | "HEAD", [kind, id] if not id.startswith(("_", "$")):
                return self._shaped(self.read_now(kind, id), params)
            case "GET" | "HEAD", [kind, id, "_history"]:
                return Response(200, history(self._view(), self.base_url, kind, id))
            case "GET" | "HEAD", [kind, id, "_history", version]:
                return self._shaped(self.read_now(kind, id, version), params)
            case "POST", [kind]:
                return self.create_now(kind, body, conditions.none_exist)
            case "POST", []:
                return self._write(lambda: self._transact(body))
            case _:
                return _unknown_operation(method, parts)

    def _changed(
        self, method: str, parts: list[str], params: paging.Params, body: bytes, conditions: Conditions
    ) -> Response:
        """A request that changes or deletes a record named by its id, or by a search for it."""
        search = urlencode(params)
        match method, parts:
            case "PUT", [kind, id]:
                return self._write(lambda: writing.update(self._writer(), kind, id, body, conditions.match))
            case "PUT", [kind]:
                return self._write(lambda: writing.update_matched(self._writer(), kind, search, body))
            case "PATCH", [kind, id]:
                return self._write(lambda: writing.patch(self._writer(), kind, id, body, conditions.match))
            case "DELETE", [kind, id]:
                return self._write(lambda: writing.delete(self._writer(), kind, id, conditions.match))
            case "DELETE", [kind]:
                return self._write(lambda: writing.delete_matched(self._writer(), kind, search))
            case _:
                return _unknown_operation(method, parts)

    def _shaped(self, response: Response, params: tuple[tuple[str, str], ...]) -> Response:
        if not response.ok or not params:
            return response
        resource = orjson.loads(response.body)
        shape: dict[str, list[str]] = {}
        for name, value in params:
            if name in READ_CONTROLS and value:
                shape.setdefault(name, []).append(value)
        asked = controls.read(resource["resourceType"], shape)
        body = orjson.dumps(cut(resource, asked["summary"], asked["elements"]))
        return Response(response.status, pretty(body) if asked["pretty"] else body, response.headers)

    def _read(self, kind: str, id: str, version: str) -> Response:
        state = self._overlay.get(kind, id)
        if version:
            wanted = self._overlay.version(kind, id, version)
            if isinstance(wanted, Deleted):
                raise _gone(wanted)
            if wanted is not None:
                return resource_response(wanted)
            if version != "1":
                raise Problem(404, f'HAPI-0979: Version "{version}" is not valid for resource {kind}/{id}')
        elif isinstance(state, Deleted):
            raise _gone(state)
        elif isinstance(state, Row):
            return resource_response(state)
        row = base_row(self._view(), kind, id)
        if row is None:
            raise Problem(404, f"HAPI-2001: Resource {kind}/{id} is not known")

        text = self._snapshot.base.of(kind).resources(np.array([row]))[0]
        return Response(200, text, {"ETag": 'W/"1"'})

    def _write(self, act: Callable[[], Response]) -> Response:
        try:
            return act()
        except Problem as problem:
            return refusal(problem)
        except Refused as refused:
            return refusal(Problem(refused.status, refused.diagnostics))
        except writing.Invalid as invalid:
            return Response(422, orjson.dumps(outcome_of(invalid.issues)))

    def _transact(self, body: bytes) -> Response:
        kind, entries = transactions.read(body)
        if kind == "batch":
            return self._run(transactions.batch(entries))
        before, next_id = self._overlay, self._next_id
        self._overlay = before.copy()
        try:
            return self._run(transactions.transaction(entries))
        except Problem:
            self._overlay, self._next_id = before, next_id
            raise

    def _run(self, steps: transactions.Steps) -> Response:
        try:
            asked = next(steps)
            while True:
                asked = steps.send(self.request_now(*asked))
        except StopIteration as done:
            whole: Response = done.value
            return whole

    def _view(self) -> View:
        return View(self._snapshot.base, self._overlay, self._key[1])

    def _writer(self) -> writing.Writer:
        return writing.Writer(self._view(), self.base_url, self._number, self._updated_ms, self._strict)

    def _number(self) -> str:
        id = str(self._next_id)
        self._next_id += 1
        return id

    def _updated_ms(self) -> int:
        """meta.lastUpdated of the next write."""
        return milliseconds(self._clock()) if self._clock else FIRST_WRITE_MS + len(self._overlay.writes) + 1


def _gone(deleted: Deleted) -> Problem:
    return Problem(410, f"Resource was deleted at {instant_text(deleted.ms)}", "deleted")


def resource_response(row: Row, status: int = 200) -> Response:
    """A written resource as an answer."""
    return Response(status, row.text, {"ETag": f'W/"{row.version}"'})


def refusal(problem: Problem) -> Response:
    """A problem as an OperationOutcome."""
    return Response(problem.status, orjson.dumps(operation_outcome(problem.diagnostics, code=problem.code)))


def _unknown_operation(method: str, parts: list[str]) -> Response:
    if parts and not parts[0].startswith(("$", "_")):
        kinds.check(parts[0])
    words = f"The FHIR endpoint on this server does not know how to handle {method} operation[{'/'.join(parts)}]"
    return refusal(Problem(400 if method in ("GET", "POST") else 405, f"Invalid request: {words}", "not-supported"))
