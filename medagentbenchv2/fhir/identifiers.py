"""FHIR ids and literal references taken apart as HAPI's IdType does."""

from __future__ import annotations

import re
from typing import NamedTuple

_PLAIN = re.compile(r"(?:[A-Za-z]+/)?[A-Za-z0-9.\-]+|#[^/]*", re.ASCII)


class IdParts(NamedTuple):
    """`{base}/{kind}/{id}/_history/{version}`, each part optional."""

    base: str
    kind: str
    id: str
    version: str


def parts(text: str) -> IdParts:
    """Take an id or a literal reference apart."""
    if (text[:1] == "#" and len(text) > 1) or text.startswith("urn:"):
        return IdParts("", "", text, "")
    head, _, version = text.partition("/_history/")
    slash = head.rfind("/")
    own = head[slash + 1 :]
    if slash <= 0:
        return IdParts("", "", own, version)
    before = head.rfind("/", 0, slash)
    if before == -1:
        return IdParts("", head[:slash], own, version)
    if before > 0 and head[before - 1] == "/":
        before = head.find("/", before + 1)
    if before >= slash:
        return IdParts(head[:before] if before > 4 else "", own, "", version)
    return IdParts(head[:before] if before > 4 else "", head[before + 1 : slash], own, version)


def versionless(reference: str) -> str:
    """A literal reference without the version that it names, as HAPI stores it."""
    if _PLAIN.fullmatch(reference):
        return reference
    base, kind, own, _ = parts(reference)
    if not own.strip() or own[:1] == "#" or own.startswith("urn:"):
        return reference
    prefix = base if not base or base.endswith("/") else base + "/"
    return prefix + kind + ("/" if prefix + kind else "") + own
