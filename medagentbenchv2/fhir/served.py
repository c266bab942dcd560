"""Sessions of the HTTP server: one overlay a session, found by id, bounded in number and in what a request may ask."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from medagentbenchv2.fhir.controls import DEFAULT_COUNT
from medagentbenchv2.fhir.ehr import Params, Response
from medagentbenchv2.fhir.matching import UNCONDITIONAL, Conditions
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.session import Session, refusal
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.moment import parse_moment

DEFAULT = "default"
"""The session of requests that name none."""
_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Limits:
    """What one server holds and answers at most."""

    sessions: int = 10_000
    """Sessions at the same time."""
    idle_s: float = 3600.0
    """Seconds without a request after which a session may make room for a new one."""
    rows: int = 10_000
    """Records on one page; the rest is reached by next links."""
    answer_bytes: int = 64 * 1024 * 1024
    """What the entries of one transaction or batch may answer together; entries after that are refused."""
    request_s: float = 10.0
    """How long the entries of one transaction or batch may take together; entries after that are refused."""
    parameters: int = 500
    """Parameters of one search."""
    query_bytes: int = 16 * 1024
    """Length of a path with its query, and of a search form."""
    body_bytes: int = 10 * 1024 * 1024
    """Length of a request's body."""


class ServedSession(Session):
    """A session whose clients may call it by several addresses, and may not ask for everything at once."""

    __slots__ = ("_bytes_left", "_deadline", "limits", "now", "used")

    def __init__(
        self,
        snapshot: Snapshot,
        now: datetime | None,
        limits: Limits,
        *,
        clock: Callable[[], datetime] | None,
        validation: str,
        hapi_date_quirk: bool,
    ) -> None:
        super().__init__(snapshot, now, clock=clock, validation=validation, hapi_date_quirk=hapi_date_quirk)
        self.limits, self.now = limits, now
        self.used = time.monotonic()
        """When the last request came."""
        self._bytes_left, self._deadline = limits.answer_bytes, self.used + limits.request_s

    def answer(
        self, base_url: str, method: str, url: str, body: bytes, conditions: Conditions = UNCONDITIONAL
    ) -> Response:
        """One HTTP request; url is relative to the base, base_url is what the client called."""
        if base_url != self.base_url:
            self.base_url = base_url
            self._key = (base_url, *self._key[1:])
        self.used = time.monotonic()
        self._bytes_left, self._deadline = self.limits.answer_bytes, self.used + self.limits.request_s
        return self.request_now(method, url, body, conditions)

    def request_now(self, method: str, url: str, body: bytes = b"", conditions: Conditions = UNCONDITIONAL) -> Response:
        """One request, or one entry of a transaction or batch: refused once the whole has taken too much."""
        if self._bytes_left < 0 or time.monotonic() > self._deadline:
            return refusal(Problem(413, "This Bundle asks for too much at once; send it in parts", "too-costly"))
        response = super().request_now(method, url, body, conditions)
        self._bytes_left -= len(response.body)
        return response

    def search_now(self, kind: str, params: Params, offset: int = 0) -> Response:
        """A search whose page is no longer than the server's longest."""
        if len(params) > self.limits.parameters:
            raise Problem(
                400, f"A search may have {self.limits.parameters} parameters, not {len(params)}", "too-costly"
            )
        if _count(params) > self.limits.rows:
            kept = [pair for pair in params if pair[0] != "_count"]
            params = (*kept, ("_count", str(self.limits.rows)))
        return super().search_now(kind, params, offset)


def _count(params: Params) -> int:
    """The page that a search asks for; 0 where the engine will refuse what is written."""
    asked = [text for name, text in params if name == "_count" and text]
    try:
        return int(asked[-1]) if asked else DEFAULT_COUNT
    except ValueError:
        return 0


class Sessions:
    """The sessions of one server, least recently used first."""

    def __init__(
        self, snapshot: Snapshot, limits: Limits, *, validation: str = "hapi", hapi_date_quirk: bool = False
    ) -> None:
        self.snapshot, self.limits = snapshot, limits
        self._validation, self._quirk = validation, hapi_date_quirk
        self._kept: OrderedDict[str, ServedSession] = OrderedDict()
        self.default = self._new(None, lambda: datetime.now(UTC))

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, id: str, now: datetime | None = None) -> ServedSession:
        """The session of an id, made when it is new. Raises Problem: bad id, another clock, too many sessions."""
        if id == DEFAULT:
            return _of_clock(self.default, id, now)
        found = self._kept.get(id)
        if found is not None:
            self._kept.move_to_end(id)
            return _of_clock(found, id, now)
        if not _ID.fullmatch(id):
            raise Problem(400, f"Session id {id[:80]!r} is not 1 to 64 letters, digits, dots, dashes, _ or ~")
        if len(self._kept) >= self.limits.sessions:
            self._make_room()
        self._kept[id] = self._new(now, None)
        return self._kept[id]

    def find(self, id: str) -> ServedSession | None:
        """The session of an id, or None."""
        return self.default if id == DEFAULT else self._kept.get(id)

    def end(self, id: str) -> bool:
        """Forget a session and what it wrote; the default one starts anew. False when there is none."""
        if id == DEFAULT:
            self.default.reset()
            return True
        return self._kept.pop(id, None) is not None

    def _new(self, now: datetime | None, clock: Callable[[], datetime] | None) -> ServedSession:
        return ServedSession(
            self.snapshot,
            now,
            self.limits,
            clock=clock,
            validation=self._validation,
            hapi_date_quirk=self._quirk,
        )

    def _make_room(self) -> None:
        oldest = next(iter(self._kept))
        if time.monotonic() - self._kept[oldest].used < self.limits.idle_s:
            raise Problem(503, f"All {self.limits.sessions} sessions are in use; end one with DELETE /session/ID")
        del self._kept[oldest]


def clock_of(text: str) -> datetime:
    """A session's clock as written by a client. Raises Problem."""
    try:
        moment = parse_moment(text.replace(" ", "+"))
    except ValueError as error:
        raise Problem(400, f"now: {error}") from None
    if not moment.has_time:
        raise Problem(400, f"now: {text!r} has no time of day; write it such as 2023-11-13T10:15:00+00:00")
    return moment.instant


def _of_clock(session: ServedSession, id: str, now: datetime | None) -> ServedSession:
    if now is None or now == session.now:
        return session
    has = "no clock" if session.now is None else f"the clock {session.now.isoformat()}"
    raise Problem(409, f"Session {id!r} was made with {has}; end it with DELETE /session/{id}, or use another id")
