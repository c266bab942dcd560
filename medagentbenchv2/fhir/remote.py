"""One rollout's view of a remote FHIR server: the same interface as the embedded EHR, writes kept apart by default.

A search is put to the server without paging or sorting, all its pages are read, and what is visible (as of the clock,
and not written by others after the freeze) is sorted and paged here together with the rollout's own writes, by the
same code that serves the embedded EHR.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime
from urllib.parse import parse_qsl, quote, unquote, urlencode

import numpy as np
import orjson
from numpy.typing import NDArray

from medagentbenchv2.fhir import kinds, paging, query, transactions, writing
from medagentbenchv2.fhir.bundles import search_bundle
from medagentbenchv2.fhir.dates import milliseconds
from medagentbenchv2.fhir.ehr import Params, Resource, Response, Write
from medagentbenchv2.fhir.extract import walk
from medagentbenchv2.fhir.fetched import Fetched, is_later
from medagentbenchv2.fhir.history import history
from medagentbenchv2.fhir.links import LINKS
from medagentbenchv2.fhir.matching import UNCONDITIONAL, Conditions, matched
from medagentbenchv2.fhir.overlay import Deleted, Overlay, Row
from medagentbenchv2.fhir.parameters import CONTROLS, HAS
from medagentbenchv2.fhir.parsing import Refused, parse
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.references import target
from medagentbenchv2.fhir.search import Base, View, exists, referred
from medagentbenchv2.fhir.session import FIRST_WRITE_MS, refusal, resource_response
from medagentbenchv2.fhir.wire import Server
from medagentbenchv2.moment import is_moment, parse_moment

FIRST_ID = 9_000_000_000
"""Logical id of the first isolated write: above anything a server hands out."""
_KEPT = frozenset({"_include", "_include:iterate", "_revinclude", "_revinclude:iterate"})
"""Result parameters that the server must see; paging, sorting and shaping happen here."""


class _Floating(Overlay):
    """An overlay over rows that have no lasting number: what it replaces is left out by id when rows are fetched."""

    __slots__ = ()

    def unhidden(self, kind: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """All of them."""
        return rows


class RemoteSession:
    """Implements `Ehr` over a `Server`.

    now: base records with a later clinical date do not exist (None: all do). frozen_at: base records that the server
    stored later do not exist (None: all do). isolated: writes stay in this rollout; otherwise they are really made.
    """

    def __init__(
        self, server: Server, now: datetime | None = None, *, frozen_at: datetime | None = None, isolated: bool = True
    ) -> None:
        self._server, self._isolated, self._frozen_at = server, isolated, frozen_at
        self._now_ms = None if now is None else milliseconds(now)
        self._overlay: Overlay = _Floating()
        self._posted: set[tuple[str, str]] = set()
        self.base_url = server.base_url

    @property
    def writes(self) -> Sequence[Write]:
        """Accepted changes in the order they were made."""
        return self._overlay.writes

    async def search(self, kind: str, params: Params, offset: int = 0) -> Response:
        """GET {base}/{kind}?{params}, with this rollout's writes merged in."""
        frozen = query.freeze(params)
        try:
            asked = query.read(kind, frozen)
            sent = [param for param in frozen if _is_for_server(param[0])]
            around = await self._chained(asked, frozen)
            ids: list[list[str]] = []
            if asked.reverses:
                around += await self._referring(asked, frozen)
                ids = [referred(self._view(around), one, kind) for one in asked.reverses]
                sent = [param for param in sent if not param[0].startswith(HAS)]
                sent += [("_id", ",".join(one)) for one in ids]
            # an empty _id would ask for everybody
            resources, refused = await self._server.search(kind, sent) if all(ids) else ([], None)
            if refused is not None:
                return refused
            view = self._view([*resources, *around], kind)
            return Response(200, search_bundle(view, self.base_url, asked, frozen, offset))
        except Problem as problem:
            return refusal(problem)

    async def read(self, kind: str, id: str) -> Response:
        """GET {base}/{kind}/{id}."""
        state = self._overlay.get(kind, id)
        if isinstance(state, Deleted):
            return refusal(Problem(410, f"Resource was deleted: {kind}/{id}", "deleted"))
        if isinstance(state, Row):
            return resource_response(state)
        response = await self._server.get(f"{quote(kind)}/{quote(id)}")
        if response.ok and not self._exists(orjson.loads(response.body)):
            return refusal(Problem(404, f"HAPI-2001: Resource {kind}/{id} is not known"))
        return response

    async def create(self, kind: str, body: bytes | Resource) -> Response:
        """POST {base}/{kind}: into the overlay, or really."""
        return await self._answered(self._create(kind, body))

    async def request(
        self, method: str, url: str, body: bytes = b"", conditions: Conditions = UNCONDITIONAL
    ) -> Response:
        """Any request; url relative to the base, or absolute under it."""
        path, _, text = url.removeprefix(self.base_url).lstrip("/").partition("?")
        params = tuple(parse_qsl(text, keep_blank_values=True))
        parts = [unquote(part) for part in path.split("/") if part]
        if method.upper() in ("GET", "HEAD", "POST"):
            return await self._answered(self._route(method.upper(), parts, params, body, conditions))
        return await self._answered(self._change(method.upper(), parts, urlencode(params), body, conditions))

    async def _answered(self, act: Awaitable[Response]) -> Response:
        try:
            return await act
        except Problem as problem:
            return refusal(problem)
        except Refused as refused:
            return refusal(Problem(refused.status, refused.diagnostics))

    async def _route(
        self, method: str, parts: list[str], params: paging.Params, body: bytes, conditions: Conditions
    ) -> Response:
        match method, parts:
            case "GET", [] if any(name == "_getpages" for name, _ in params):
                kind, search, offset = paging.read_link(params)
                return await self.search(kind, search, offset)
            case "GET", ["metadata"]:
                return await self._server.get("metadata")
            case "GET", [kind] | [kind, "_search"]:
                return await self.search(kind, params)
            case "POST", [kind, "_search"]:
                form = tuple(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
                return await self.search(kind, params + form)
            case "GET", [kind, id] if not id.startswith(("_", "$")):
                return await self.read(kind, id)
            case "GET", [kind, id, "_history"]:
                return await self._history(kind, id)
            case "GET", [kind, id, "_history", version]:
                return await self._version(kind, id, version)
            case "POST", [kind]:
                return await self._create(kind, body, conditions.none_exist)
            case "POST", []:
                return await self._transact(body)
            case _:
                raise _not_offered(method, parts)

    async def _version(self, kind: str, id: str, version: str) -> Response:
        wanted = self._overlay.version(kind, id, version)
        if isinstance(wanted, Deleted):
            raise Problem(410, f"Resource was deleted: {kind}/{id}", "deleted")
        if wanted is not None:
            return resource_response(wanted)
        response = await self._server.get(f"{quote(kind)}/{quote(id)}/_history/{quote(version)}")
        if response.ok and not self._exists(orjson.loads(response.body)):
            return refusal(Problem(404, f"HAPI-2001: Resource {kind}/{id} is not known"))
        return response

    async def _history(self, kind: str, id: str) -> Response:
        """Versions of a record: what this rollout wrote, before it the server's record as one version."""
        kinds.check(kind)
        fetched = Fetched(filter(self._exists, await self._fetch(kind, id)))
        view = View(Base(fetched, fetched, ()), self._overlay, self._now_ms)
        if self._isolated or not exists(view, kind, id):
            return Response(200, history(view, self.base_url, kind, id))
        return await self._server.get(f"{quote(kind)}/{quote(id)}/_history")

    async def _create(self, kind: str, body: bytes | Resource, none_exist: str = "") -> Response:
        kinds.check(kind)
        known = await self._matches(kind, none_exist)
        if self._isolated:
            known += await self._targets(kind, parse(body, kind).resource)
            return writing.create(self._writer(known), kind, body, none_exist)
        id = matched(self._view(known), kind, none_exist, "CREATE") if none_exist else None
        if id is not None:
            return await self.read(kind, id)
        response = await self._server.post(kind, body if isinstance(body, bytes) else orjson.dumps(body))
        if response.ok:
            self._note("POST", orjson.loads(response.body))
        return response

    async def _change(self, method: str, parts: list[str], search: str, body: bytes, asked: Conditions) -> Response:
        """PUT, PATCH or DELETE of a record named by its id, or by a search for it."""
        if method not in ("PUT", "PATCH", "DELETE") or len(parts) not in (1, 2) or (method, len(parts)) == ("PATCH", 1):
            raise _not_offered(method, parts)
        kind, id = parts[0], "".join(parts[1:])
        kinds.check(kind)
        known = await (self._fetch(kind, id) if id else self._matches(kind, search))
        if not self._isolated:
            return await self._really(method, kind, id, search, body, known, asked)
        if method == "DELETE":
            writer = self._writer(known)
            return writing.delete(writer, kind, id, asked.match) if id else writing.delete_matched(writer, kind, search)
        if method == "PATCH":
            body = orjson.dumps(writing.patched(self._view(known), kind, id, body))
        writer = self._writer([*known, *await self._targets(kind, parse(body, kind).resource)])
        if id:
            return writing.update(writer, kind, id, body, asked.match)
        return writing.update_matched(writer, kind, search, body)

    async def _really(
        self, method: str, kind: str, id: str, search: str, body: bytes, known: list[Resource], asked: Conditions
    ) -> Response:
        """A change made on the server itself; a record that does not exist for this rollout stays as it is."""
        view = self._view(known)
        if not id:
            id = matched(view, kind, search, "DELETE" if method == "DELETE" else "UPDATE") or ""
            if not id and method == "DELETE":
                return writing.delete_matched(self._writer(known), kind, search)
            sent = parse(body, kind).resource if method == "PUT" else {}
            if not id and not sent.get("id"):
                return await self._create(kind, body)
            id = id or sent["id"]
            body = orjson.dumps({**sent, "id": id}) if method == "PUT" else body
            known = known or await self._fetch(kind, id)
        if known and not self._exists(known[0]):
            raise Problem(404, f"HAPI-2001: Resource {kind}/{id} is not known")
        if known:
            verb = "delete" if method == "DELETE" else "update"
            writing.check_version(verb, kind, id, known[0].get("meta", {}).get("versionId", ""), asked.match)
        response = await self._server.send(method, f"{quote(kind)}/{quote(id)}", body)
        if response.ok:
            stored = known if method == "DELETE" else await self._fetch(kind, id)
            if method == "DELETE" or stored != known:
                self._note("DELETE" if method == "DELETE" else "PUT", *stored)
        return response

    async def _matches(self, kind: str, search: str) -> list[Resource]:
        """What a match URL finds on the server; nothing where there is no URL or where the server refuses it."""
        params = parse_qsl(search.rpartition("?")[2])
        return (await self._server.search(kind, params))[0] if params else []

    def _note(self, method: str, *resources: Resource) -> None:
        """Remember a change that the server made."""
        for resource in resources:
            kind, id = resource["resourceType"], resource["id"]
            self._posted.add((kind, id))
            self._overlay.writes.append(Write(method, kind, id, resource))

    async def _transact(self, body: bytes) -> Response:
        kind, entries = transactions.read(body)
        if kind == "batch":
            return await self._run(transactions.batch(entries))
        if not self._isolated:
            return await self._file_all(entries, body)
        before, self._overlay = self._overlay, self._overlay.copy()
        try:
            return await self._run(transactions.transaction(entries))
        except BaseException:
            self._overlay = before
            raise

    async def _file_all(self, entries: list[Resource], body: bytes) -> Response:
        """A transaction of creates, made whole by the server."""
        if any(entry["request"]["method"] != "POST" for entry in entries):
            words = "Only creates can be made in one transaction on a remote server; send others by themselves"
            raise Problem(400, words, "not-supported")
        response = await self._server.send("POST", "", body)
        made = orjson.loads(response.body).get("entry", ()) if response.ok else ()
        for entry in made:
            answer = entry.get("response", {})
            kind, id = f"/{answer.get('location', '')}".partition("/_history/")[0].split("/")[-2:]
            if answer.get("status", "").startswith("201"):
                self._note("POST", *await self._fetch(kind, id))
        return response

    async def _run(self, steps: transactions.Steps) -> Response:
        try:
            asked = next(steps)
            while True:
                asked = steps.send(await self.request(*asked))
        except StopIteration as done:
            whole: Response = done.value
            return whole

    async def _targets(self, kind: str, resource: Resource) -> list[Resource]:
        """What a resource refers to on the server, so that dangling references are refused here as they are there."""
        wanted: dict[tuple[str, str], None] = {}
        for path in LINKS.get(kind, ("subject", "patient", "encounter")):
            for item in walk(resource, path.split(".")):
                reference = item.get("reference") if isinstance(item, dict) else None
                if isinstance(reference, str):
                    wanted[target(reference)] = None
        new = [(type, id) for type, id in wanted if kinds.is_kind(type) and not self._overlay.get(type, id)]
        return [found for type, id in new for found in await self._fetch(type, id)]

    async def _fetch(self, kind: str, id: str) -> list[Resource]:
        response = await self._server.get(f"{quote(kind)}/{quote(id)}")
        return [orjson.loads(response.body)] if response.ok else []

    async def _chained(self, asked: query.Query, params: paging.Params) -> list[Resource]:
        """What the chained parameters of a search lead to, so that this rollout's own writes can be judged by them."""
        if not asked.chains or asked.kind not in self._overlay.kinds:
            return []
        found: list[Resource] = []
        chained = [(name, value) for name, value in params if "." in name and value and not name.startswith("_")]
        written = [(name.partition(".")[2], value) for name, value in chained]
        for chain, param in zip(asked.chains, written, strict=True):
            resources, _ = await self._server.search(chain.query.kind, [param])
            found += resources
        return found

    async def _referring(self, asked: query.Query, params: paging.Params) -> list[Resource]:
        """What the searches of `_has` find, to be judged as of the clock and together with this rollout's writes."""
        found: list[Resource] = []
        written = [(name.split(":", 3)[3], value) for name, value in params if name.startswith(HAS) and value]
        for reverse, param in zip(asked.reverses, written, strict=True):
            if reverse.query.chains or reverse.query.reverses:
                raise Problem(400, "A chain within _has is not offered over a remote server", "not-supported")
            resources, _ = await self._server.search(reverse.query.kind, [param])
            found += resources
        return found

    def _view(self, resources: Sequence[Resource], matched: str = "") -> View:
        seen = (r for r in resources if self._exists(r) and not self._overlay.get(r["resourceType"], r["id"]))
        fetched = Fetched(seen, matched)
        return View(Base(fetched, fetched, ()), self._overlay, self._now_ms)

    def _writer(self, known: Sequence[Resource]) -> writing.Writer:
        return writing.Writer(self._view(known), self.base_url, self._number, self._updated_ms)

    def _exists(self, resource: Resource) -> bool:
        """Whether a record of the server exists for this rollout: not from after the clock, nor after the freeze."""
        if self._now_ms is not None and is_later(resource, self._now_ms):
            return False
        if self._frozen_at is None or (resource["resourceType"], resource.get("id")) in self._posted:
            return True
        stored = resource.get("meta", {}).get("lastUpdated")
        return not is_moment(stored) or parse_moment(stored).instant <= self._frozen_at

    def _number(self) -> str:
        return str(FIRST_ID + len(self._overlay.writes))

    def _updated_ms(self) -> int:
        return FIRST_WRITE_MS + len(self._overlay.writes) + 1


def _not_offered(method: str, parts: list[str]) -> Problem:
    return Problem(400, f"{method} {'/'.join(parts)} is not offered over a remote server", "not-supported")


def _is_for_server(name: str) -> bool:
    return name in _KEPT or name.partition(":")[0] not in CONTROLS
