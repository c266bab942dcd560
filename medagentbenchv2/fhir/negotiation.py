"""What HTTP headers ask of a FHIR server: formats, whole or minimal answers, and versions that must be current."""

from __future__ import annotations

import orjson

from medagentbenchv2.fhir.controls import OTHER_FORMATS
from medagentbenchv2.fhir.ehr import Response
from medagentbenchv2.fhir.outcomes import operation_outcome
from medagentbenchv2.fhir.problems import Problem

Headers = dict[bytes, bytes]
"""Request headers by lower-case name."""
_ANSWERABLE = ("json", "*/*", "application/*", "text/html")
_CONDITIONAL = (b"if-none-exist", b"if-match")


def check_formats(method: str, headers: Headers, body: bytes) -> None:
    """Refuse what this server cannot read or write: XML, Turtle, and conditions on a write."""
    accepted = headers.get(b"accept", b"").decode("latin-1").lower()
    if any(name in accepted for name in OTHER_FORMATS) and not any(name in accepted for name in _ANSWERABLE):
        raise Problem(406, f'This server answers in application/fhir+json only, not in "{accepted[:200]}"')
    sent = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if body and sent in OTHER_FORMATS:
        raise Problem(415, f'This server reads application/fhir+json only, not "{sent}"', "not-supported")
    if method in ("POST", "PUT", "DELETE"):
        for name in _CONDITIONAL:
            # a condition that is not checked must not look like one that holds
            if name in headers:
                words = f"{name.decode().title()}: conditional writes are not supported by this server"
                raise Problem(412, words, "not-supported")


def preferred(method: str, headers: Headers, response: Response) -> Response:
    """The answer to an accepted write as `Prefer: return=...` asks for it; whole where it says nothing."""
    wanted = headers.get(b"prefer")
    if wanted is None or method not in ("POST", "PUT") or not response.ok or "Location" not in response.headers:
        return response
    if b"return=minimal" in wanted:
        return Response(response.status, b"", response.headers)
    if b"return=OperationOutcome" in wanted:
        done = operation_outcome("Successfully stored the resource", severity="information", code="informational")
        return Response(response.status, orjson.dumps(done), response.headers)
    return response
