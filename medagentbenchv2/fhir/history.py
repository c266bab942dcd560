"""The versions of one record, newest first (https://hl7.org/fhir/R4/http.html#history)."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from medagentbenchv2.fhir import kinds
from medagentbenchv2.fhir.bundles import identified
from medagentbenchv2.fhir.overlay import Row
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.search import View, base_row


def history(view: View, base_url: str, kind: str, id: str) -> bytes:
    """A history Bundle with every version of a record on one page; raises Problem for a record that never was."""
    kinds.check(kind)
    entries = [
        _entry(base_url, kind, id, one.version, orjson.loads(one.text) if isinstance(one, Row) else None)
        for one in view.overlay.versions(kind, id)
    ]
    row = base_row(view, kind, id)
    if row is not None:
        text = view.base.of(kind).resources(np.array([row]))[0]
        entries.append(_entry(base_url, kind, id, 1, orjson.loads(text)))
    if not entries:
        raise Problem(404, f"HAPI-2001: Resource {kind}/{id} is not known")
    url = f"{base_url}/{kind}/{id}/_history"
    bundle = {
        **identified(url),
        "type": "history",
        "total": len(entries),
        "link": [{"relation": "self", "url": url}],
        "entry": entries,
    }
    return orjson.dumps(bundle)


def _entry(base_url: str, kind: str, id: str, version: int, resource: Any) -> dict[str, Any]:
    """One version; a deletion has no resource."""
    method = "DELETE" if resource is None else "POST" if version == 1 else "PUT"
    entry: dict[str, Any] = {"fullUrl": f"{base_url}/{kind}/{id}"}
    if resource is not None:
        entry["resource"] = resource
    entry["request"] = {"method": method, "url": f"{kind}/{id}/_history/{version}"}
    entry["response"] = {"status": "201 Created" if version == 1 else "200 OK", "etag": f'W/"{version}"'}
    return entry
