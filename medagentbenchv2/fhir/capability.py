"""`metadata`: what this server can do, and which EHR it holds."""

from __future__ import annotations

from typing import Any

from medagentbenchv2.fhir.parameters import PARAMETERS
from medagentbenchv2.fhir.snapshot import Snapshot

CHECKSUM_URL = "urn:medagentbenchv2:ehr-checksum"
"""Extension by which a client recognises our own EHR."""

_INTERACTIONS = ("read", "vread", "update", "patch", "delete", "history-instance", "search-type", "create")
_TYPES = {"id": "token", "instant": "date"}
_NAMED_TYPES = {"_profile": "uri", "_source": "uri"}


def statement(base_url: str, snapshot: Snapshot) -> dict[str, Any]:
    """The CapabilityStatement."""
    return {
        "resourceType": "CapabilityStatement",
        "id": snapshot.checksum[:32],
        "extension": [{"url": CHECKSUM_URL, "valueString": snapshot.checksum}],
        "name": "RestServer",
        "status": "active",
        "date": "2025-01-01T00:00:00.000+00:00",
        "publisher": "Not provided",
        "kind": "instance",
        "software": {"name": "MedAgentBench V2 FHIR engine"},
        "implementation": {"description": snapshot.labels.get("name", "MedAgentBench V2"), "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(kind) for kind in sorted(PARAMETERS)],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }


def _resource(kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "searchParam": [
            {"name": one.name, "type": _NAMED_TYPES.get(one.name, _TYPES.get(one.type, one.type))}
            for one in PARAMETERS[kind].values()
        ],
    }
