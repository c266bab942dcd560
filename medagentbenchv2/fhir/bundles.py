"""Searchset Bundles, assembled as text in HAPI's element order."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from medagentbenchv2.fhir import includes
from medagentbenchv2.fhir.entries import entries, page_pieces
from medagentbenchv2.fhir.paging import Params, page_link, self_link
from medagentbenchv2.fhir.query import Query
from medagentbenchv2.fhir.search import Item, View, find

ANSWERED = "2025-01-02T00:00:00.000+00:00"
"""Bundle.meta.lastUpdated: fixed, so that equal requests have byte-identical answers."""


def search_bundle(view: View, base_url: str, query: Query, params: Params, offset: int) -> bytes:
    """The answer to a search, from offset on."""
    found = find(view, query)
    url = self_link(base_url, query.kind, params)
    links = [_link("self", url)]
    pieces: list[bytes] = []
    if query.summary != "count":
        pieces = page_pieces(found, query, base_url, offset)
        if query.includes or query.revincludes:
            around = _included(view, base_url, query, found.page(offset, query.count))
            pieces += [piece for one in around for piece in (b",", one)]
        if offset + query.count < found.total:
            links.append(_link("next", page_link(base_url, query.kind, params, offset + query.count, query.count)))
        if offset:
            before = max(offset - query.count, 0)
            links.append(_link("previous", page_link(base_url, query.kind, params, before, query.count)))
    total = f'"total":{found.total},' if query.total or query.summary == "count" else ""
    tag = _SUBSETTED_META if query.is_subset else ""
    head = (
        f'{{"resourceType":"Bundle","id":"{_identity(f"{url}#{offset}")}","meta":{{"lastUpdated":"{ANSWERED}"{tag}}},"type":"searchset",'
        f'{total}"link":[{",".join(links)}]'
    ).encode()
    if any(pieces):
        pieces[:0] = (head, b',"entry":[')
        pieces.append(b"]}")
    else:  # FHIR forbids empty arrays: no entry key on an empty page
        pieces = [head, b"}"]
    body = b"".join(pieces)
    return pretty(body) if query.pretty else body


def _identity(text: str) -> UUID:
    return UUID(bytes=blake2b(text.encode(), digest_size=16).digest())


def identified(url: str) -> dict[str, Any]:
    """The beginning of another Bundle that answers the request of an address."""
    return {"resourceType": "Bundle", "id": str(_identity(url)), "meta": {"lastUpdated": ANSWERED}}


_SUBSETTED_META = (
    ',"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED",'
    '"display":"Resource encoded in summary mode"}]'
)


def _included(view: View, base_url: str, query: Query, page: list[Item]) -> list[bytes]:
    around = includes.around(view, query, page)
    return [one for found in around for one in entries(found.segment, [found.item], base_url, "include", query)]


def _link(relation: str, url: str) -> str:
    return f'{{"relation":"{relation}","url":{orjson.dumps(url).decode()}}}'


def pretty(body: bytes) -> bytes:
    """The same JSON, indented by two spaces."""
    return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)
