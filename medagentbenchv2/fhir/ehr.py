"""What every EHR is, embedded or remote: it answers FHIR requests and remembers what one rollout wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Resource = dict[str, Any]
Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP-shaped answer."""

    status: int
    """HTTP status code."""
    body: bytes
    """JSON text, UTF-8."""
    headers: dict[str, str] = field(default_factory=dict)
    """Location, ETag and the like; Content-Type is always application/fhir+json;charset=UTF-8."""

    @property
    def ok(self) -> bool:
        """True for any 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Write:
    """One accepted change that a rollout made."""

    method: str
    """POST, PUT or DELETE."""
    kind: str
    """Resource type."""
    id: str
    """The resource's logical id."""
    resource: Resource
    """The resource as stored (after lenient parsing), with id and meta; for DELETE the resource that was deleted."""


class Ehr(Protocol):
    """One rollout's view of an EHR: a shared base as of a clock, plus the rollout's own writes.

    Every method answers bad requests with a 4xx Response; InfrastructureError is raised only when there is no answer
    (embedded EHRs never raise it).
    """

    @property
    def writes(self) -> Sequence[Write]:
        """Accepted changes in the order they were made; a rejected create is not among them."""
        ...

    async def search(self, kind: str, params: Params) -> Response:
        """GET {base}/{kind}?{params}: a searchset Bundle."""
        ...

    async def read(self, kind: str, id: str) -> Response:
        """GET {base}/{kind}/{id}."""
        ...

    async def create(self, kind: str, body: bytes | Resource) -> Response:
        """POST {base}/{kind}."""
        ...

    async def request(self, method: str, url: str, body: bytes = b"") -> Response:
        """Any request; url is relative to the base, such as `Observation?patient=S1&code=K` or `Patient/S1`."""
        ...
