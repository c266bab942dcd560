"""One look at a FHIR server before the first rollout: is it there, and what does it hold?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import httpx

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.capability import CHECKSUM_URL
from medagentbenchv2.fhir.wire import HEADERS

TIMEOUT_S = 5.0
PUBLISHED_MRNS = ("S6315806", "S6474456", "S2874099")
"""Three patients of the published MedAgentBench image."""
_AT_ONCE = 50
"""MRNs in one request."""
HOW_TO_START = (
    "start one with `medagentbenchv2 ehr serve` (http://127.0.0.1:8080/fhir/), or leave fhir_api_base out for the "
    "embedded EHR"
)


@dataclass(frozen=True)
class Holding:
    """What a server holds."""

    hospital: Literal["ours", "published", "other"]
    checksum: str | None = None
    """The EHR's checksum, where the server is ours."""


def preflight(base_url: str) -> Holding:
    """GET metadata once (5 s). Raises ArgumentError, in one line with the remedy, when it is no FHIR R4 server."""
    if not base_url.startswith(("http://", "https://")):
        raise ArgumentError(f"fhir_api_base: {base_url!r} is not an http address such as http://localhost:8080/fhir/")
    root = base_url.rstrip("/")
    with httpx.Client(timeout=TIMEOUT_S, headers=HEADERS, follow_redirects=True) as client:
        statement = _get(client, root, "metadata")
        if statement.get("resourceType") != "CapabilityStatement" or not str(statement.get("fhirVersion")).startswith(
            "4"
        ):
            raise ArgumentError(f"fhir_api_base: {base_url} answers, but is no FHIR R4 server; {HOW_TO_START}")
        stated = [e.get("valueString") for e in _objects(statement, "extension") if e.get("url") == CHECKSUM_URL]
        if stated:
            return Holding("ours", stated[0])
        found = [_get(client, root, f"Patient?identifier={mrn}&_count=1") for mrn in PUBLISHED_MRNS]
        return Holding("published" if all(_objects(bundle, "entry") for bundle in found) else "other")


def unknown_patients(base_url: str, mrns: Iterable[str]) -> list[str]:
    """Those MRNs that the server has no patient for, sorted. Raises ArgumentError when it does not answer."""
    root, asked = base_url.rstrip("/"), sorted(set(mrns))
    found: set[str] = set()
    with httpx.Client(timeout=TIMEOUT_S, headers=HEADERS, follow_redirects=True) as client:
        for start in range(0, len(asked), _AT_ONCE):
            some = ",".join(quote(mrn) for mrn in asked[start : start + _AT_ONCE])
            bundle = _get(client, root, f"Patient?identifier={some}&_count={_AT_ONCE * 2}")
            patients = [entry.get("resource") for entry in _objects(bundle, "entry")]
            found |= {str(one.get("value")) for patient in patients for one in _objects(patient, "identifier")}
    return [mrn for mrn in asked if mrn not in found]


def _objects(value: Any, name: str) -> list[dict[str, Any]]:
    """The objects under a name: whoever answers at a wrong address may send anything there."""
    held = value.get(name) if isinstance(value, dict) else None
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


def _get(client: httpx.Client, root: str, place: str) -> dict[str, Any]:
    try:
        answer = client.get(f"{root}/{place}")
        answer.raise_for_status()
        body = answer.json()
    except httpx.HTTPStatusError as error:
        raise ArgumentError(
            f"fhir_api_base: {root}/{place} answers {error.response.status_code}; {HOW_TO_START}"
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ArgumentError(
            f"fhir_api_base: nothing answers at {root} ({type(error).__name__}); {HOW_TO_START}"
        ) from None
    except ValueError:
        raise ArgumentError(f"fhir_api_base: {root}/{place} does not answer JSON; {HOW_TO_START}") from None
    return body if isinstance(body, dict) else {}
