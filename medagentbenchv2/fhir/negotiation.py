"""What HTTP headers ask of a FHIR server: formats, whole or minimal answers, and versions that must be current."""

from __future__ import annotations

from functools import lru_cache

import orjson

from medagentbenchv2.fhir.controls import OTHER_FORMATS
from medagentbenchv2.fhir.ehr import Response
from medagentbenchv2.fhir.matching import UNCONDITIONAL, Conditions
from medagentbenchv2.fhir.outcomes import operation_outcome
from medagentbenchv2.fhir.problems import Problem

Headers = dict[bytes, bytes]
"""Request headers by lower-case name."""
_ANSWERABLE = ("json", "*/*", "application/*", "text/html")
_JSON_PATCH = "application/json-patch+json"


def check_formats(method: str, headers: Headers, body: bytes) -> None:
    """Refuse what this server cannot read or write: XML, Turtle, and patches that are no JSON Patch."""
    accepted, sent = headers.get(b"accept"), headers.get(b"content-type")
    if accepted and not _answers(accepted):
        raise Problem(406, f'This server answers in application/fhir+json only, not in "{_text(accepted)}"')
    if body and sent and not _reads(sent):
        raise Problem(415, f'This server reads application/fhir+json only, not "{_text(sent)}"', "not-supported")
    if method == "PATCH" and _text(sent or b"").partition(";")[0].strip().lower() != _JSON_PATCH:
        words = f'Invalid Content-Type for PATCH operation: "{_text(sent or b"")}"; this server reads {_JSON_PATCH}'
        raise Problem(400, words, "not-supported")


def conditions(headers: Headers) -> Conditions:
    """What must hold for a write to happen."""
    none_exist, match = headers.get(b"if-none-exist", b""), headers.get(b"if-match", b"")
    if not none_exist and not match:
        return UNCONDITIONAL
    return Conditions(none_exist.decode("utf-8", "replace").strip(), match.decode("latin-1").strip())


@lru_cache(maxsize=64)
def _answers(accepted: bytes) -> bool:
    text = accepted.decode("latin-1").lower()
    return any(name in text for name in _ANSWERABLE) or not any(name in text for name in OTHER_FORMATS)


@lru_cache(maxsize=64)
def _reads(sent: bytes) -> bool:
    return sent.decode("latin-1").partition(";")[0].strip().lower() not in OTHER_FORMATS


def _text(header: bytes) -> str:
    return header[:200].decode("latin-1")


def preferred(method: str, headers: Headers, response: Response) -> Response:
    """The answer to an accepted write as `Prefer: return=...` asks for it; whole where it says nothing."""
    wanted = headers.get(b"prefer")
    if (
        wanted is None
        or method not in ("POST", "PUT", "PATCH")
        or not response.ok
        or "Location" not in response.headers
    ):
        return response
    if b"return=minimal" in wanted:
        return Response(response.status, b"", response.headers)
    if b"return=OperationOutcome" in wanted:
        done = operation_outcome("Successfully stored the resource", severity="information", code="informational")
        return Response(response.status, orjson.dumps(done), response.headers)
    return response
