"""The engine over HTTP: raw ASGI, FHIR below `/fhir`, an overlay of its own for every session.

A request belongs to the default session, to the one that its `X-Session: ID` header names, or to the one in its path,
`/session/ID/fhir/...`. A session is made on first use. Its clock is the `X-Session-Now` header or, below `/session/ID`,
the query parameter `now`: base records with a later clinical date do not exist in it. `PUT /session/ID?now=...` makes
one, `GET /session/ID` describes it, `DELETE /session/ID` ends it. Written records of the default session are stamped
with the wall clock, those of others with a count that is the same in every repetition.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import orjson

from medagentbenchv2.fhir.ehr import Response
from medagentbenchv2.fhir.negotiation import check_formats, conditions, preferred
from medagentbenchv2.fhir.outcomes import operation_outcome
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.served import DEFAULT, Limits, Sessions, clock_of
from medagentbenchv2.fhir.snapshot import Snapshot

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
FHIR_JSON = b"application/fhir+json;charset=UTF-8"
_HOST = re.compile(rb"[A-Za-z0-9._-]{1,255}(?::\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?")


class _Place(NamedTuple):
    """Whom a request is for."""

    session: str
    url: str | None
    """Relative to the FHIR base, with its query; None for a request about the session itself."""
    root: str
    """Path of the FHIR base."""
    now: str | None


class FhirServer:
    """The ASGI application."""

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        limits: Limits | None = None,
        validation: str = "hapi",
        hapi_date_quirk: bool = False,
    ) -> None:
        self.limits = limits or Limits()
        self.sessions = Sessions(snapshot, self.limits, validation=validation, hapi_date_quirk=hapi_date_quirk)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1003})
            return
        head = dict(scope["headers"])
        try:
            self._check_length(scope, head)
            body = await self._body(receive, head) if scope["method"] in ("POST", "PUT", "PATCH") else b""
            answer = self._answer(scope, head, body)
        except Problem as problem:
            answer = _outcome(problem)
        headers = [(b"content-type", FHIR_JSON), (b"content-length", b"%d" % len(answer.body))]
        headers += [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        if answer.status == 413:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _check_length(self, scope: Scope, head: dict[bytes, bytes]) -> None:
        length = len(scope["raw_path"]) + len(scope["query_string"])
        if length > self.limits.query_bytes:
            raise Problem(414, f"The request's address has {length} bytes; this server reads {self.limits.query_bytes}")
        stated = head.get(b"content-length", b"0")
        if stated.isdigit() and int(stated) > self.limits.body_bytes:
            raise self._too_large()
        if head.get(b"content-encoding", b"identity").lower() != b"identity":
            raise Problem(415, "This server reads uncompressed bodies only", "not-supported")

    async def _body(self, receive: Receive, head: dict[bytes, bytes]) -> bytes:
        is_form = head.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded")
        chunks: list[bytes] = []
        size = 0
        while True:
            event = await receive()
            chunks.append(event.get("body", b""))
            size += len(chunks[-1])
            if size > self.limits.body_bytes:
                raise self._too_large()
            if is_form and size > self.limits.query_bytes:
                raise Problem(413, f"A search form may have {self.limits.query_bytes} bytes", "too-long")
            if not event.get("more_body"):
                return b"".join(chunks)

    def _too_large(self) -> Problem:
        return Problem(413, f"The body is larger than {self.limits.body_bytes} bytes", "too-long")

    def _answer(self, scope: Scope, head: dict[bytes, bytes], body: bytes) -> Response:
        place = _place(scope, head)
        method = scope["method"]
        if place.url is None:
            return self._about(method, place)
        check_formats(method, head, body)
        now = None if place.now is None else clock_of(place.now)
        session = self.sessions.get(place.session, now)
        base_url = _origin(scope.get("scheme", "http"), head.get(b"host") or _own_host(scope)) + place.root
        return preferred(method, head, session.answer(base_url, method, place.url, body, conditions(head)))

    def _about(self, method: str, place: _Place) -> Response:
        """A request about a session: make, describe or end it."""
        if method in ("PUT", "POST"):
            made = self.sessions.find(place.session) is None
            self.sessions.get(place.session, None if place.now is None else clock_of(place.now))
            return Response(201 if made else 200, self._description(place.session))
        if method in ("GET", "HEAD") and self.sessions.find(place.session) is not None:
            return Response(200, self._description(place.session))
        if method == "DELETE" and self.sessions.end(place.session):
            return Response(204, b"")
        if method not in ("GET", "HEAD", "DELETE"):
            raise Problem(405, "/session/ID takes PUT, GET and DELETE", "not-supported")
        raise Problem(404, f"There is no session {place.session[:80]!r}", "not-found")

    def _description(self, id: str) -> bytes:
        session = self.sessions.get(id)
        now = session.now.isoformat() if session.now else None
        return orjson.dumps({"session": id, "now": now, "writes": len(session.writes)})


def _place(scope: Scope, head: dict[bytes, bytes]) -> _Place:
    path: str = scope["raw_path"].decode("latin-1")
    query: str = scope["query_string"].decode("latin-1")
    root, id, now = "/fhir", head.get(b"x-session", DEFAULT.encode()).decode("latin-1"), head.get(b"x-session-now")
    clock = None if now is None else now.decode("latin-1")
    if path.startswith("/session/"):
        id, _, rest = path.removeprefix("/session/").partition("/")
        root, path = f"/session/{id}/fhir", f"/{rest}"
        if "now=" in query:
            params = parse_qsl(query, keep_blank_values=True)
            clock = next((value for name, value in params if name == "now"), clock)
            query = urlencode([pair for pair in params if pair[0] != "now"])
        if not rest:
            return _Place(id, None, root, clock)
    if path != "/fhir" and not path.startswith("/fhir/"):
        raise Problem(404, f"Nothing is served at {path[:200]}; the FHIR base is /fhir", "not-found")
    url = path.removeprefix("/fhir").lstrip("/")
    return _Place(id, f"{url}?{query}" if query else url, root, clock)


@lru_cache(maxsize=256)
def _origin(scheme: str, host: bytes) -> str:
    """The server as the client called it; it stands in every link, so only the name of a host will do."""
    if not _HOST.fullmatch(host):
        raise Problem(400, "The Host header is not the name of a host")
    return f"{scheme}://{host.decode()}"


def _own_host(scope: Scope) -> bytes:
    """What stands for the server where a client (of HTTP/1.0) does not name it."""
    name, port = scope.get("server") or ("localhost", None)
    return f"{name}:{port}".encode() if port else str(name).encode()


def _outcome(problem: Problem) -> Response:
    return Response(problem.status, orjson.dumps(operation_outcome(problem.diagnostics, code=problem.code)))


async def _lifespan(receive: Receive, send: Send) -> None:
    while (event := await receive())["type"] != "lifespan.shutdown":
        await send({"type": event["type"] + ".complete"})
    await send({"type": "lifespan.shutdown.complete"})
