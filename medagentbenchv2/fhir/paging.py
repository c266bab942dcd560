"""Page links without server state: the token is the search itself."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote

from medagentbenchv2.fhir import kinds
from medagentbenchv2.fhir.problems import Problem

Params = tuple[tuple[str, str], ...]
_PLAIN = re.compile(r"[\w.~/:,|-]*", re.ASCII)


def self_link(base_url: str, kind: str, params: Params) -> str:
    """The request as HAPI writes it back: parameters sorted by name."""
    ordered = sorted(params, key=lambda pair: pair[0])
    return f"{base_url}/{kind}?{_encoded(ordered)}" if params else f"{base_url}/{kind}"


def _encoded(params: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in params)


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe="/:,|")


def page_link(base_url: str, kind: str, params: Params, offset: int, count: int) -> str:
    """The link to another page of the same search."""
    kept = _encoded(pair for pair in params if pair[0] != "_count")
    token = urlsafe_b64encode(f"{kind}?{kept}".encode()).decode().rstrip("=")
    extras = "".join(f"&{name}={quote(value)}" for name, value in params if name in ("_format", "_pretty"))
    return f"{base_url}?_getpages={token}&_getpagesoffset={offset}&_count={count}{extras}&_bundletype=searchset"


def read_link(params: Params) -> tuple[str, Params, int]:
    """(type, search parameters with `_count`, offset) of a page request."""
    asked = dict(params)
    token = asked.get("_getpages", "")
    gone = Problem(410, f'Search ID "{token}" does not exist and may have expired')
    try:
        kind, _, rest = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition("?")
        offset = int(asked.get("_getpagesoffset", "0"))
    except (Base64Error, UnicodeDecodeError, ValueError):
        raise gone from None
    if not kinds.is_kind(kind) or offset < 0:
        raise gone
    search = [*parse_qsl(rest, keep_blank_values=True)]
    search += [("_count", asked["_count"])] if "_count" in asked else []
    return kind, tuple(search), offset
