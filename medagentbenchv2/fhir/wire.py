"""A FHIR server over HTTP: one bounded pool, timeouts, jittered retries, pages followed to the end.

Retried: reads that ended in a connection error, a timeout, a cut body, 429 or 5xx. A create is repeated only when the
server cannot have accepted it (no connection, 429, 503), so that no order is ever filed twice.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import orjson
from httpx_aiohttp import AiohttpTransport
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.fhir.ehr import Params, Resource, Response

HEADERS = {"Accept": "application/fhir+json", "Cache-Control": "no-cache"}
PAGE = 1000
"""Rows asked for at a time."""
LONGEST_WAIT_S = 30.0
"""A Retry-After beyond this is shortened to it."""
LONGEST_PAUSE_S = 5.0
"""The longest random pause before an attempt is repeated."""


class _Again(Exception):
    """An attempt that may succeed when repeated."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Server:
    """One FHIR server, shared by all rollouts; counts its retries."""

    def __init__(self, base_url: str, *, connections: int = 64, timeout_s: float = 30.0, attempts: int = 8) -> None:
        self.base_url = base_url.rstrip("/")
        self.retries = 0
        """Attempts that failed and were repeated."""
        self._connections, self._timeout_s, self._attempts = connections, timeout_s, attempts
        # A pool belongs to the event loop that opened it; environments may be used from several, one after another.
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = (
            weakref.WeakKeyDictionary()
        )

    async def get(self, url: str, params: Params = ()) -> Response:
        """GET a path below the base, or an absolute link of this server; 4xx answers come back as they are.

        Raises InfrastructureError when all attempts failed.
        """
        return await self._retry("GET", self.rebased(url), params, None, careful=False)

    async def post(self, kind: str, body: bytes) -> Response:
        """POST a resource. Raises InfrastructureError when it is unknown whether the server accepted it."""
        return await self._retry("POST", f"{self.base_url}/{kind}", (), body, careful=True)

    async def send(self, method: str, url: str, body: bytes) -> Response:
        """Any other request, sent once. Raises InfrastructureError when there is no answer."""
        return await self._retry(method, self.rebased(url), (), body, careful=True)

    async def search(self, kind: str, params: Params) -> tuple[list[Resource], Response | None]:
        """All resources of a search, every page followed; or none and the server's refusal."""
        response = await self.get(kind, [*params, ("_count", str(PAGE))])
        found: list[Resource] = []
        while response.ok:
            bundle = orjson.loads(response.body)
            found += [entry["resource"] for entry in bundle.get("entry", ()) if "resource" in entry]
            following = [link["url"] for link in bundle.get("link", ()) if link.get("relation") == "next"]
            if not following:
                return found, None
            response = await self.get(following[0])
        return [], response

    def rebased(self, url: str) -> str:
        """A link as the configured host reaches it: servers behind a proxy name themselves as they please."""
        parts = urlsplit(url)
        if not parts.scheme:
            return f"{self.base_url}/{url.lstrip('/')}"
        root = urlsplit(self.base_url)
        tail = parts.path.removeprefix(root.path).lstrip("/")
        query = f"?{parts.query}" if parts.query else ""
        return f"{self.base_url}/{tail}{query}" if tail else f"{self.base_url}{query}"

    async def close(self) -> None:
        """Close the running event loop's connections."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    async def _retry(self, method: str, url: str, params: Params, body: bytes | None, *, careful: bool) -> Response:
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._attempts), retry=retry_if_exception_type(_Again), wait=_wait, reraise=True
        )
        try:
            async for attempt in attempts:
                with attempt:
                    self.retries += attempt.retry_state.attempt_number > 1
                    return await self._once(method, url, params, body, careful=careful)
        except _Again as failed:
            raise InfrastructureError(f"{method} {url}: {failed} (after {self._attempts} attempts)") from None
        raise AssertionError("tenacity either returns or raises")

    async def _once(self, method: str, url: str, params: Params, body: bytes | None, *, careful: bool) -> Response:
        sent = "application/json-patch+json" if method == "PATCH" else "application/fhir+json"
        headers = HEADERS | ({"Content-Type": sent, "Prefer": "return=representation"} if body else {})
        try:
            answer = await self._client().request(
                method, url, params=list(params) or None, content=body, headers=headers
            )
        except httpx.HTTPError as error:
            if _never_sent(error):
                raise _Again(f"no connection ({type(error).__name__})") from None
            if careful:
                words = f"{method} {url}: {type(error).__name__}; it may have been accepted"
                raise InfrastructureError(words) from None
            raise _Again(f"{type(error).__name__}: {error}") from None
        if answer.status_code in (429, 503) or (answer.status_code >= 500 and not careful):
            raise _Again(f"status {answer.status_code}", _seconds(answer.headers.get("retry-after")))
        if answer.status_code >= 500:
            raise InfrastructureError(f"{method} {url}: status {answer.status_code}; it may have been accepted")
        if method == "GET" and not _is_json(answer.content):
            raise _Again(f"status {answer.status_code} with a body that is not JSON")
        return Response(answer.status_code, answer.content, dict(answer.headers))

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            limits = httpx.Limits(max_connections=self._connections, max_keepalive_connections=self._connections)
            self._clients[loop] = httpx.AsyncClient(
                transport=AiohttpTransport(limits=limits), timeout=self._timeout_s, follow_redirects=True
            )
        return self._clients[loop]


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, _Again) else None
    # The jitter is unseeded on purpose: many rollouts must not come back at the same moment.
    return wait_random_exponential(multiplier=0.2, max=LONGEST_PAUSE_S)(state) + min(asked or 0.0, LONGEST_WAIT_S)


def _never_sent(error: httpx.HTTPError) -> bool:
    """Whether no connection was made; the transport gives a lost answer the name of a connection that timed out."""
    never = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    return isinstance(error, httpx.PoolTimeout) or isinstance(error.__cause__, never)


def _seconds(text: Any) -> float | None:
    return float(text) if isinstance(text, str) and text.strip().isdigit() else None


def _is_json(body: bytes) -> bool:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True
