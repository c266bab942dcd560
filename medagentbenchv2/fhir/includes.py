"""`_include` and `_revinclude`: records around a page of matches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from medagentbenchv2.fhir.controls import Include
from medagentbenchv2.fhir.overlay import Row
from medagentbenchv2.fhir.parameters import PARAMETERS
from medagentbenchv2.fhir.query import Clause, Query
from medagentbenchv2.fhir.references import ReferenceMatcher, target
from medagentbenchv2.fhir.search import Item, View, base_row, find
from medagentbenchv2.fhir.segment import Segment

MOST = 1000
"""HAPI's limit of included records a page."""


@dataclass(frozen=True, slots=True)
class Included:
    """One included record and where it lies."""

    segment: Segment
    item: Item


def around(view: View, query: Query, page: list[Item]) -> list[Included]:
    """Records that the page's records point to, then records that point to them; each once, matches left out."""
    if not (query.includes or query.revincludes):
        return []
    seen = {(query.kind, id) for id in _ids(view, query.kind, page)}
    found: list[Included] = []
    for include in query.includes:
        for kind, id in _targets(view, query.kind, page, include):
            if (kind, id) not in seen and (not include.target or kind == include.target):
                seen.add((kind, id))
                found += _record(view, kind, id)
    for include in query.revincludes:
        for kind, id, one in _sources(view, query.kind, page, include):
            if (kind, id) not in seen:
                seen.add((kind, id))
                found.append(one)
    return found[:MOST]


def _ids(view: View, kind: str, page: list[Item]) -> list[str]:
    segment = view.base.of(kind)
    return [item.resource["id"] if isinstance(item, Row) else segment.ids(np.array([item]))[0] for item in page]


def _targets(view: View, kind: str, page: list[Item], include: Include) -> Iterator[tuple[str, str]]:
    if include.kind != kind:
        return
    segment = view.base.of(kind)
    for item in page:
        for name in include.names:
            have = item.references(name) if isinstance(item, Row) else segment.references(kind, item, name)
            yield from (target(reference) for reference in have)


def _record(view: View, kind: str, id: str) -> list[Included]:
    if kind not in PARAMETERS:
        return []
    state = view.overlay.get(kind, id)
    if isinstance(state, Row):
        return [Included(view.base.of(kind), state)]
    row = base_row(view, kind, id) if state is None else None
    return [] if row is None else [Included(view.base.of(kind), row)]


def _sources(view: View, kind: str, page: list[Item], include: Include) -> Iterator[tuple[str, str, Included]]:
    if include.target and include.target != kind:
        return
    wanted = ReferenceMatcher(frozenset((kind, id) for id in _ids(view, kind, page)))
    for name in include.names:
        query = Query(include.kind, (Clause(PARAMETERS[include.kind][name], wanted),))
        found = find(view, query)
        items = found.page(0, MOST)
        for id, item in zip(_ids(view, include.kind, items), items, strict=True):
            yield include.kind, id, Included(found.segment, item)
