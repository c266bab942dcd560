"""From the bytes of a request to a JSON object, by the rules of HAPI's reader (Jackson).

The fast reader loses the spelling of numbers, which matters when `1.10` is sent where text belongs; `exact` keeps it.
Single quotes are allowed and trailing text is not, as there. Nesting is bounded, so that no body can blow the stack.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import orjson

MAX_DEPTH = 100
"""Deepest nesting of arrays and objects in a body."""

_MAX_DIGITS = 4000
_TOKENS = re.compile(rb"\"(?:[^\"\\]|\\.)*(?:\"|\Z)|'(?:[^'\\]|\\.)*(?:'|\Z)|[\[\]{}]", re.DOTALL)


_ESCAPE = re.compile(
    r"\\(?:(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


class Refused(Exception):
    """A request body that HAPI answers with a 4xx; data for that response."""

    def __init__(self, status: int, code: str, diagnostics: str) -> None:
        super().__init__(diagnostics)
        self.status = status
        """HTTP status."""
        self.code = code
        """HAPI's message code that names the cause, such as HAPI-1821."""
        self.diagnostics = diagnostics
        """The whole message for the OperationOutcome."""


def refuse(code: int, message: str) -> Refused:
    """The 400 of a create whose body does not parse."""
    text = f"HAPI-0450: Failed to parse request body as JSON resource. Error was: HAPI-{code}: {message}"
    return Refused(400, f"HAPI-{code}", text)


class Number(str):
    """A JSON number by its spelling."""

    __slots__ = ()


def plain(value: float | Number) -> str:
    """A number as Java writes it where text belongs: the digits as spelled, without exponent."""
    spelling = value if isinstance(value, Number) else repr(value)
    if spelling.lstrip("-").isdigit():
        return "0" if spelling == "-0" else str(spelling)
    number = Decimal(spelling)
    if not -_MAX_DIGITS < number.adjusted() < _MAX_DIGITS or len(spelling) > _MAX_DIGITS:
        raise refuse(1861, "Failed to parse JSON encoded FHIR content: a number has too many digits")
    return format(abs(number) if number.is_zero() else number, "f")


def dump(body: dict[str, Any]) -> bytes:
    """A body that was handed over as an object, as the bytes that a client would have sent."""
    try:
        return orjson.dumps(body)
    except TypeError:  # half a surrogate pair, or an integer beyond 64 bits
        return json.dumps(body).encode()


def load(body: bytes) -> dict[str, Any]:
    """The body as an object; numbers as int and float."""
    _check_start(body)
    try:
        loaded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return exact(body)
    return dict(loaded)


def exact(body: bytes) -> dict[str, Any]:
    """The body as an object; numbers as `Number`. Slower; also reads what the fast reader refuses and Jackson takes."""
    _check_start(body)
    _check_depth(body)
    text = _TOKENS.sub(_double_quoted, body).decode("utf-8", errors="replace")
    try:
        loaded = json.loads(
            _ESCAPE.sub(_whole_pair, text), parse_float=Number, parse_int=Number, parse_constant=_no_constant
        )
    except ValueError as error:
        raise refuse(1861, f"Failed to parse JSON encoded FHIR content: {error}") from None
    return dict(loaded)


def _check_start(body: bytes) -> None:
    for byte in body:
        if byte == 0x7B:
            return
        if byte not in b" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f":
            first = body.lstrip().decode("utf-8", errors="replace")[:1]
            message = "Content does not appear to be FHIR JSON, first non-whitespace character was: "
            cause = f"HAPI-1859: {message}'{first}' (must be '{{')"
            raise refuse(1861, f"Failed to parse JSON encoded FHIR content: {cause}")
    raise refuse(1861, "Failed to parse JSON encoded FHIR content: HAPI-1857: Did not find any content to parse")


def _check_depth(body: bytes) -> None:
    depth = 0
    for match in _TOKENS.finditer(body):
        token = match[0]
        depth += (token in b"[{") - (token in b"]}")
        if depth > MAX_DEPTH:
            raise too_deep()


def too_deep() -> Refused:
    """The refusal of a body that nests too far."""
    return refuse(1861, f"Failed to parse JSON encoded FHIR content: nested deeper than {MAX_DEPTH} levels")


def _double_quoted(match: re.Match[bytes]) -> bytes:
    token = match[0]
    if token[:1] == b"'":
        token = b'"' + re.sub(rb'\\.|"', lambda inner: b'\\"' if inner[0] == b'"' else inner[0], token[1:-1]) + b'"'
    return token.replace(b"\\'", b"'") if token[:1] == b'"' and b"\\\\" not in token else token


def _whole_pair(match: re.Match[str]) -> str:
    """Half a surrogate pair becomes a question mark, as when Java writes it."""
    return "?" if match[2] else match[0]


def _no_constant(name: str) -> None:
    raise ValueError(f"Non-standard token '{name}'")
