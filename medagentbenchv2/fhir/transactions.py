"""Transaction and batch Bundles: several requests in one, all or nothing, or each on its own."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import orjson

from medagentbenchv2.fhir.ehr import Response
from medagentbenchv2.fhir.matching import UNCONDITIONAL, Conditions
from medagentbenchv2.fhir.outcomes import operation_outcome
from medagentbenchv2.fhir.problems import Problem


class Asked(NamedTuple):
    """One entry's request."""

    method: str
    url: str
    """Relative to the base."""
    body: bytes
    conditions: Conditions = UNCONDITIONAL


Steps = Generator[Asked, Response, Response]
"""Yields each request, is sent its answer, and returns the answer to the whole: so it waits for nothing itself."""

_STATUS = {200: "200 OK", 201: "201 Created", 400: "400 Bad Request", 404: "404 Not Found", 409: "409 Conflict",
           410: "410 Gone", 412: "412 Precondition Failed", 422: "422 Unprocessable Entity"}  # fmt: skip
_METHODS = ("DELETE", "POST", "PUT", "GET")
"""The order in which R4 has a transaction's entries processed."""


def read(body: bytes) -> tuple[str, list[dict[str, Any]]]:
    """(transaction or batch, entries) of a body; refuses anything else."""
    try:
        bundle = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        words = f"HAPI-0450: Failed to parse request body as JSON resource. Error was: HAPI-1861: {error}"
        raise Problem(400, words) from None
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise Problem(400, "The body of a POST to the server's base must be a Bundle")
    kind, entries = bundle.get("type"), bundle.get("entry", [])
    if kind not in ("transaction", "batch"):
        raise Problem(400, f"HAPI-0527: Unable to process transaction where incoming Bundle.type = {kind}")
    if not isinstance(entries, list):
        raise Problem(400, "Bundle.entry must be an array")
    for at, entry in enumerate(entries):
        request = entry.get("request") if isinstance(entry, dict) else None
        if not isinstance(request, dict) or request.get("method") not in _METHODS or "url" not in request:
            raise Problem(400, f"Bundle.entry[{at}].request needs a method ({', '.join(_METHODS)}) and a url")
        for name in ("url", "ifNoneExist", "ifMatch"):
            if not isinstance(request.get(name, ""), str):
                raise Problem(400, f"Bundle.entry[{at}].request.{name} must be a string")
    return kind, entries


def transaction(entries: list[dict[str, Any]]) -> Steps:
    """Run all entries; the first refusal is raised as a Problem, and the caller takes everything back."""
    answers: dict[int, dict[str, Any]] = {}
    assigned: dict[str, str] = {}
    for at in _in_order(entries):
        entry = entries[at]
        response = yield _asked(entry, _resolved(entry.get("resource"), assigned))
        if not response.ok:
            words = orjson.loads(response.body)["issue"][0]["diagnostics"]
            raise Problem(response.status, words)
        answers[at] = _answer(response)
        if entry["request"]["method"] == "POST" and "fullUrl" in entry:
            stored = orjson.loads(response.body)
            assigned[entry["fullUrl"]] = f"{stored['resourceType']}/{stored['id']}"
    return _bundle("transaction-response", [answers[at] for at in range(len(entries))])


def batch(entries: list[dict[str, Any]]) -> Steps:
    """Run each entry by itself; refusals are answered in its place."""
    answers = []
    for entry in entries:
        response = yield _asked(entry, entry.get("resource"))
        answers.append(_answer(response))
    return _bundle("batch-response", answers)


def _asked(entry: dict[str, Any], resource: Any) -> Asked:
    request = entry["request"]
    body = orjson.dumps(resource) if "resource" in entry else b""
    conditions = Conditions(request.get("ifNoneExist", ""), request.get("ifMatch", ""))
    return Asked(request["method"], request["url"], body, conditions)


def _in_order(entries: list[dict[str, Any]]) -> list[int]:
    """Deletes, creates, updates, reads; a create comes after the creates that it refers to."""
    methods = [entry["request"]["method"] for entry in entries]
    by_method = {one: [at for at, method in enumerate(methods) if method == one] for one in _METHODS}
    waiting, done = by_method["POST"], []
    while waiting:
        open_urls = {entries[at].get("fullUrl") for at in waiting}
        ready = [at for at in waiting if not (_refers(entries[at].get("resource")) & (open_urls - {None}))]
        if not ready:
            raise Problem(400, "The transaction's new resources refer to each other in a circle")
        done += ready
        waiting = [at for at in waiting if at not in ready]
    return [*by_method["DELETE"], *done, *by_method["PUT"], *by_method["GET"]]


def _refers(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["reference"]} if isinstance(node.get("reference"), str) else set()
        return own.union(*(_refers(value) for value in node.values()))
    return set().union(*(_refers(item) for item in node)) if isinstance(node, list) else set()


def _resolved(node: Any, assigned: dict[str, str]) -> Any:
    """The resource with references to other entries replaced by the ids that these were given."""
    if isinstance(node, dict):
        whole = {name: _resolved(value, assigned) for name, value in node.items()}
        reference = node.get("reference")
        return {**whole, "reference": assigned[reference]} if reference in assigned else whole
    return [_resolved(item, assigned) for item in node] if isinstance(node, list) else node


def _answer(response: Response) -> dict[str, Any]:
    body = orjson.loads(response.body)
    answer: dict[str, Any] = {"status": _STATUS.get(response.status, str(response.status))}
    if "Location" in response.headers:
        answer["location"] = "/".join(response.headers["Location"].split("/")[-4:])
    if "ETag" in response.headers:
        answer["etag"] = response.headers["ETag"].removeprefix("W/").strip('"')
        answer["lastModified"] = body["meta"]["lastUpdated"]
    if not response.ok:
        return {"response": {**answer, "outcome": body}}
    if response.status == 201:
        done = operation_outcome("Successfully created resource", severity="information", code="informational")
        return {"response": {**answer, "outcome": done}}
    return {"resource": body, "response": answer}


def _bundle(type: str, answers: list[dict[str, Any]]) -> Response:
    body: dict[str, Any] = {"resourceType": "Bundle", "type": type}
    if answers:
        body["entry"] = answers
    return Response(200, orjson.dumps(body))
