"""Searchset Bundles, assembled as text in HAPI's element order."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from uuid import UUID

import numpy as np
import orjson

from medagentbenchv2.fhir import includes
from medagentbenchv2.fhir.overlay import Row
from medagentbenchv2.fhir.paging import Params, page_link, self_link
from medagentbenchv2.fhir.query import Query
from medagentbenchv2.fhir.search import Item, View, find
from medagentbenchv2.fhir.segment import Segment
from medagentbenchv2.fhir.subsets import cut

ANSWERED = "2025-01-02T00:00:00.000+00:00"
"""Bundle.meta.lastUpdated: fixed, so that equal requests have byte-identical answers."""


def search_bundle(view: View, base_url: str, query: Query, params: Params, offset: int) -> bytes:
    """The answer to a search, from offset on."""
    found = find(view, query)
    url = self_link(base_url, query.kind, params)
    links = [_link("self", url)]
    entries: list[str] = []
    if query.summary != "count":
        page = found.page(offset, query.count)
        entries = _entries(found.segment, page, base_url, "match", query)
        for include in includes.around(view, query, page):
            entries += _entries(include.segment, [include.item], base_url, "include", query)
        if offset + query.count < found.total:
            links.append(_link("next", page_link(base_url, query.kind, params, offset + query.count, query.count)))
        if offset:
            before = max(offset - query.count, 0)
            links.append(_link("previous", page_link(base_url, query.kind, params, before, query.count)))
    total = f'"total":{found.total},' if query.total or query.summary == "count" else ""
    tag = _SUBSETTED_META if query.summary != "false" or query.elements else ""
    identity = UUID(bytes=blake2b(f"{url}#{offset}".encode(), digest_size=16).digest())
    body = (
        f'{{"resourceType":"Bundle","id":"{identity}","meta":{{"lastUpdated":"{ANSWERED}"{tag}}},"type":"searchset",'
        f'{total}"link":[{",".join(links)}]'
    )
    # FHIR forbids empty arrays: no entry key on an empty page
    body += f',"entry":[{",".join(entries)}]}}' if entries else "}"
    return pretty(body.encode()) if query.pretty else body.encode()


_SUBSETTED_META = (
    ',"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED",'
    '"display":"Resource encoded in summary mode"}]'
)


def _link(relation: str, url: str) -> str:
    return f'{{"relation":"{relation}","url":{orjson.dumps(url).decode()}}}'


def _entries(segment: Segment, items: list[Item], base_url: str, mode: str, query: Query) -> list[str]:
    if query.summary != "false" or query.elements:
        return _cut_entries(segment, items, base_url, mode, query)
    if not any(isinstance(item, Row) for item in items):
        return segment.entries(np.array(items, dtype=np.int64), base_url, mode)
    return _mixed(
        items,
        lambda rows: segment.entries(np.array(rows, dtype=np.int64), base_url, mode),
        lambda row: row.entry(base_url, mode),
    )


def _cut_entries(segment: Segment, items: list[Item], base_url: str, mode: str, query: Query) -> list[str]:
    texts = _mixed(items, lambda rows: segment.resources(np.array(rows, dtype=np.int64)), lambda row: row.text)
    entries = []
    for text in texts:
        resource = cut(orjson.loads(text), query.summary, query.elements)
        url = f"{base_url}/{resource['resourceType']}/{resource['id']}"
        entry = {"fullUrl": url, "resource": resource, "search": {"mode": mode}}
        entries.append(orjson.dumps(entry).decode())
    return entries


def _mixed(items: list[Item], of_base: Callable[[list[int]], list[str]], of_row: Callable[[Row], str]) -> list[str]:
    """Texts of base and overlay items in their common order, the base ones made in one go."""
    base = iter(of_base([item for item in items if not isinstance(item, Row)]))
    return [of_row(item) if isinstance(item, Row) else next(base) for item in items]


def pretty(body: bytes) -> bytes:
    """The same JSON, indented by two spaces."""
    return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)
