"""An EHR that records what it is asked and answers with what it was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from medagentbenchv2.fhir.ehr import Params, Resource, Response, Write

ROW = {
    "resourceType": "Observation",
    "id": "1",
    "meta": {"versionId": "1"},
    "text": {"status": "generated", "div": "<div>narrative</div>"},
    "status": "final",
    "code": {"text": "K"},
    "subject": {"reference": "Patient/S1234567", "identifier": {"value": "S1234567"}},
}


@dataclass
class RecordingEhr:
    """Holds `total` equal rows and pages through them as HAPI does; creates echo the body, or are refused."""

    total: int = 0
    refuse: bool = False
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    """("search", type, parameters), ("create", type, resource) or ("request", method, url)."""

    @property
    def writes(self) -> Sequence[Write]:
        return [Write("POST", kind, "1", body) for verb, kind, body in self.asked if verb == "create"]

    async def search(self, kind: str, params: Params) -> Response:
        self.asked.append(("search", kind, list(params)))
        return self._page(int(dict(params).get("_count", "20")), 0)

    async def read(self, kind: str, id: str) -> Response:
        raise AssertionError("no tool reads by id")

    async def create(self, kind: str, body: bytes | Resource) -> Response:
        if self.refuse:
            return Response(400, b'{"resourceType":"OperationOutcome","issue":[{"diagnostics":"HAPI-1094"}]}')
        assert isinstance(body, dict)
        self.asked.append(("create", kind, body))
        return Response(201, orjson.dumps(body | {"id": "9", "meta": {"versionId": "1"}}))

    async def request(self, method: str, url: str, body: bytes = b"") -> Response:
        self.asked.append(("request", method, url))
        asked = dict(parse_qsl(url.partition("?")[2]))
        return self._page(int(asked["_count"]), int(asked["_getpagesoffset"]))

    def _page(self, count: int, offset: int) -> Response:
        shown = range(offset, min(offset + count, self.total))
        links = [{"relation": "self", "url": "http://ehr/fhir/Observation"}]
        if offset + count < self.total:
            url = f"http://ehr/fhir?_getpages=abc&_getpagesoffset={offset + count}&_count={count}"
            links.append({"relation": "next", "url": url})
        entry = [
            {"fullUrl": "http://ehr/x", "resource": ROW | {"id": str(n)}, "search": {"mode": "match"}} for n in shown
        ]
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": self.total, "link": links}
        return Response(200, orjson.dumps(bundle | ({"entry": entry} if entry else {})))
