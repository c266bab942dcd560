"""A search's request, and the page of its result that the agent asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.fhir.ehr import Ehr, Response
from medagentbenchv2.tools.searches import PAGE, Paged, Search

_NEXT = re.compile(rb'"relation"\s*:\s*"next"')


@dataclass(frozen=True)
class Found:
    """One page of a search's result."""

    body: bytes
    """The Bundle as the server gave it, or its OperationOutcome."""
    page: int
    """Which page this is, from 1."""
    count: int
    """Most rows to a page."""
    more: bool
    """Rows follow on the next page."""
    pageable: bool
    """The tool has a page argument."""


async def fetch(ehr: Ehr, search: Search, rows: int) -> Found:
    """The page that the search asks for, of at most `rows` rows. Raises InfrastructureError when there is no answer."""
    kind, params = search.target(), [*search.filters(), *search.sorting()]
    if not isinstance(search, Paged):
        count = min(rows, 20)
        response = await ehr.search(kind, params if count == 20 else [*params, ("_count", str(count))])
        return Found(response.body, 1, count, _has_next(response), pageable=False)
    count, page = min(search.count or PAGE, rows), search.page or 1
    response = await ehr.search(kind, [*params, ("_count", str(count))])
    if page > 1 and response.ok:
        response = await _later(ehr, response, page, count)
    return Found(response.body, page, count, _has_next(response), pageable=True)


def _has_next(response: Response) -> bool:
    return response.ok and _NEXT.search(response.body) is not None


async def _later(ehr: Ehr, first: Response, page: int, count: int) -> Response:
    """A later page by the first one's next link; past the last row an empty page with the same total."""
    bundle = _bundle(first)
    offset = (page - 1) * count
    following = next((link["url"] for link in bundle.get("link", ()) if link["relation"] == "next"), None)
    total = bundle.get("total")
    if following is None or (isinstance(total, int) and offset >= total):
        kept: dict[str, Any] = {name: value for name, value in bundle.items() if name != "entry"}
        kept["link"] = [link for link in bundle.get("link", ()) if link["relation"] != "next"]
        return Response(first.status, orjson.dumps(kept), first.headers)
    query = following.partition("?")[2]
    return await ehr.request("GET", "?" + re.sub(r"_getpagesoffset=\d+", f"_getpagesoffset={offset}", query))


def _bundle(response: Response) -> dict[str, Any]:
    try:
        bundle = orjson.loads(response.body)
    except orjson.JSONDecodeError as error:
        raise InfrastructureError(f"the EHR answered a search with something that is not JSON: {error}") from error
    return dict(bundle)
