"""An EHR as files that any FHIR server can load: NDJSON by type, or transaction Bundles in the order of dependency."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from medagentbenchv2.fhir import kinds
from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.fhir.overlay import Overlay
from medagentbenchv2.fhir.query import Query
from medagentbenchv2.fhir.search import View, find
from medagentbenchv2.fhir.snapshot import Snapshot

FORMATS = ("ndjson", "bundles")
BUNDLE_SIZE = 1000
"""Resources in one transaction."""
_SLICE = 5000
_FIRST = ("Organization", "Location", "Practitioner", "PractitionerRole", "Patient", "RelatedPerson", "Device",
          "Medication", "EpisodeOfCare", "Encounter")  # fmt: skip
"""Types that others refer to, each before those that refer to it."""


def counts(snapshot: Snapshot) -> dict[str, int]:
    """Number of base records by type, for the types that there are, in the order of dependency."""
    rest = [kind for kind in kinds.RESOURCE_TYPES if kind not in _FIRST]
    found = {kind: find(_everything(snapshot), Query(kind, ())).total for kind in (*_FIRST, *rest)}
    return {kind: count for kind, count in found.items() if count}


def lines(snapshot: Snapshot, kind: str) -> Iterator[bytes]:
    """Every base record of a type as JSON text, in the order of insertion."""
    found = find(_everything(snapshot), Query(kind, ()))
    for start in range(0, len(found.rows), _SLICE):
        yield from found.segment.resources(found.rows[start : start + _SLICE])


def write_ndjson(snapshot: Snapshot, folder: Path) -> dict[str, int]:
    """Write `<Type>.ndjson` for every type, one resource a line, as `ehr serve --data` reads it; counts by type."""
    folder.mkdir(parents=True, exist_ok=True)
    held = counts(snapshot)
    for kind in held:
        with (folder / f"{kind}.ndjson").open("wb") as file:
            file.writelines(line + b"\n" for line in lines(snapshot, kind))
    return held


def write_bundles(snapshot: Snapshot, folder: Path, *, keep_ids: bool = False) -> dict[str, int]:
    """Write transaction Bundles of 1,000 resources each, to be POSTed to a server's base in the order of their names.

    A resource with a numeric id is created (POST) under an id that the server assigns, since a HAPI server accepts
    client-assigned ids only with a letter in them; keep_ids=True PUTs it too (HAPI: client_id_strategy ANY).
    Returns counts by type.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = counts(snapshot)
    number = 0
    for kind in held:
        for resources in _batches(lines(snapshot, kind)):
            number += 1
            body = {"resourceType": "Bundle", "type": "transaction"}
            entries = [_entry(orjson.loads(text), keep_ids) for text in resources]
            (folder / f"{number:05d}-{kind}.json").write_bytes(orjson.dumps({**body, "entry": entries}))
    return held


def _batches(texts: Iterator[bytes]) -> Iterator[list[bytes]]:
    kept: list[bytes] = []
    for text in texts:
        kept.append(text)
        if len(kept) == BUNDLE_SIZE:
            yield kept
            kept = []
    if kept:
        yield kept


def _entry(resource: Resource, keep_ids: bool) -> dict[str, Any]:
    kind, id = resource["resourceType"], resource["id"]
    meta = {name: value for name, value in resource.get("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    body = {name: value for name, value in resource.items() if name != "meta"} | ({"meta": meta} if meta else {})
    if keep_ids or not id.isdecimal():
        return {"resource": body, "request": {"method": "PUT", "url": f"{kind}/{id}"}}
    del body["id"]
    return {"resource": body, "request": {"method": "POST", "url": kind}}


def _everything(snapshot: Snapshot) -> View:
    return View(snapshot.base, Overlay(), None)
