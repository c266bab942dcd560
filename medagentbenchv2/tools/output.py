"""How an answer of the EHR reads to the agent: `bundle`, as the server gives it, or `compact`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.tools.paging import Found

_CACHED = 32
"""Compact pages remembered; rollouts of one task read the same ones."""


def render(body: bytes, output: str) -> str:
    """A resource or an OperationOutcome as JSON text."""
    return body.decode("utf-8", "replace") if output == "bundle" else orjson.dumps(_slim(_loads(body))).decode()


def render_page(found: Found, output: str) -> str:
    """A page of search results as JSON text; either form says how many rows there are in all and what is left out."""
    if output == "bundle":
        return _with_note(found) if found.more else found.body.decode("utf-8", "replace")
    return _compact(found)


def _note(found: Found, total: int | None, shown: int) -> str:
    first = (found.page - 1) * found.count + 1
    rows = f"Rows {first} to {first + shown - 1} of {total if total is not None else 'more'} are shown."
    return f"{rows} Ask for page {found.page + 1} for the next." if found.pageable else f"{rows} Narrow the search."


def _with_note(found: Found) -> str:
    """The Bundle with an informational outcome at its end, which is how FHIR lets a search say something."""
    bundle = _loads(found.body)
    note = _note(found, bundle.get("total"), len(bundle.get("entry", ())))
    issue = {"severity": "information", "code": "incomplete", "diagnostics": note}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    bundle["entry"] = [*bundle.get("entry", ()), {"resource": outcome, "search": {"mode": "outcome"}}]
    return orjson.dumps(bundle).decode()


@lru_cache(maxsize=_CACHED)
def _compact(found: Found) -> str:
    bundle = _loads(found.body)
    if bundle.get("resourceType") != "Bundle":
        return orjson.dumps(_slim(bundle)).decode()
    resources = [_slim(entry["resource"]) for entry in bundle.get("entry", ())]
    total = bundle.get("total", None if found.more or found.page > 1 else len(resources))
    page: dict[str, Any] = {"total": total, "page": found.page, "next": found.more}
    if found.more:
        page["note"] = _note(found, total, len(resources))
    return orjson.dumps(page | {"resources": resources}).decode()


def _slim(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource without meta, narrative and the subject's identifier."""
    kept = {name: value for name, value in resource.items() if name not in ("meta", "text")}
    subject = kept.get("subject")
    if isinstance(subject, dict) and "identifier" in subject:
        kept["subject"] = {name: value for name, value in subject.items() if name != "identifier"}
    return kept


def _loads(body: bytes) -> dict[str, Any]:
    try:
        return dict(orjson.loads(body))
    except (orjson.JSONDecodeError, TypeError, ValueError) as error:
        raise InfrastructureError(f"the EHR answered with something that is not a JSON object: {error}") from error
