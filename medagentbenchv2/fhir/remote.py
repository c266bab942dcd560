"""One rollout's view of a remote FHIR server: the same interface as the embedded EHR, writes kept apart by default.

A search is put to the server without paging or sorting, all its pages are read, and what is visible (as of the clock,
and not written by others after the freeze) is sorted and paged here together with the rollout's own writes, by the
same code that serves the embedded EHR.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl, quote, unquote

import numpy as np
import orjson
from numpy.typing import NDArray

from medagentbenchv2.fhir import kinds, paging, query, writing
from medagentbenchv2.fhir.bundles import search_bundle
from medagentbenchv2.fhir.dates import milliseconds
from medagentbenchv2.fhir.ehr import Params, Resource, Response, Write
from medagentbenchv2.fhir.extract import walk
from medagentbenchv2.fhir.fetched import Fetched, is_later
from medagentbenchv2.fhir.links import LINKS
from medagentbenchv2.fhir.overlay import Deleted, Overlay, Row
from medagentbenchv2.fhir.parameters import CONTROLS
from medagentbenchv2.fhir.parsing import Refused, parse
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.references import target
from medagentbenchv2.fhir.search import Base, View
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
    stored later do not exist (None: all do). isolated: writes stay in this rollout; otherwise they are really posted.
    """

    def __init__(
        self, server: Server, now: datetime | None = None, *, frozen_at: datetime | None = None, isolated: bool = True
    ) -> None:
        self._server, self._isolated, self._frozen_at = server, isolated, frozen_at
        self._now_ms = None if now is None else milliseconds(now)
        self._overlay = _Floating()
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
            resources, refused = await self._server.search(kind, [p for p in frozen if _is_for_server(p[0])])
            if refused is not None:
                return refused
            view = self._view([*resources, *await self._chained(asked, frozen)], kind)
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
        if not self._isolated:
            return await self._post(kind, body if isinstance(body, bytes) else orjson.dumps(body))
        try:
            kinds.check(kind)
            known = await self._targets(kind, parse(body, kind).resource)
            return writing.create(self._writer(known), kind, body)
        except Problem as problem:
            return refusal(problem)
        except Refused as refused:
            return refusal(Problem(refused.status, refused.diagnostics))

    async def request(self, method: str, url: str, body: bytes = b"") -> Response:
        """Any request; url relative to the base, or absolute under it. PUT and DELETE touch the overlay alone."""
        path, _, text = url.removeprefix(self.base_url).lstrip("/").partition("?")
        params = tuple(parse_qsl(text, keep_blank_values=True))
        parts = [unquote(part) for part in path.split("/") if part]
        try:
            return await self._route(method.upper(), parts, params, body)
        except Problem as problem:
            return refusal(problem)
        except Refused as refused:
            return refusal(Problem(refused.status, refused.diagnostics))

    async def _route(self, method: str, parts: list[str], params: paging.Params, body: bytes) -> Response:
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
            case "GET", [kind, id]:
                return await self.read(kind, id)
            case "GET", [kind, id, "_history", version]:
                return await self._version(kind, id, version)
            case "POST", [kind]:
                return await self.create(kind, body)
            case (("PUT" | "DELETE"), [kind, id]) if self._isolated:
                return await self._change(method, kind, id, body)
            case _:
                words = f"{method} {'/'.join(parts)} is not offered over a remote server"
                return refusal(Problem(400, words, "not-supported"))

    async def _version(self, kind: str, id: str, version: str) -> Response:
        wanted = self._overlay.version(kind, id, version)
        if wanted is not None:
            return resource_response(wanted)
        response = await self._server.get(f"{quote(kind)}/{quote(id)}/_history/{quote(version)}")
        if response.ok and not self._exists(orjson.loads(response.body)):
            return refusal(Problem(404, f"HAPI-2001: Resource {kind}/{id} is not known"))
        return response

    async def _change(self, method: str, kind: str, id: str, body: bytes) -> Response:
        known = [] if self._overlay.get(kind, id) else await self._fetch(kind, id)
        if method == "DELETE":
            return writing.delete(self._writer(known), kind, id)
        known += await self._targets(kind, parse(body, kind).resource)
        return writing.update(self._writer(known), kind, id, body)

    async def _post(self, kind: str, body: bytes) -> Response:
        response = await self._server.post(kind, body)
        if response.ok:
            stored = orjson.loads(response.body)
            self._posted.add((kind, stored["id"]))
            self._overlay.writes.append(Write("POST", kind, stored["id"], stored))
        return response

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
        written = [(name.partition(".")[2], value) for name, value in params if "." in name and value]
        for chain, param in zip(asked.chains, written, strict=True):
            resources, _ = await self._server.search(chain.query.kind, [param])
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


def _is_for_server(name: str) -> bool:
    return name in _KEPT or name.partition(":")[0] not in CONTROLS
