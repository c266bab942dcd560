"""The searchset entry around a resource."""

from __future__ import annotations


def entry(kind: str, id: str, text: bytes, base_url: str, mode: str) -> bytes:
    """One entry with fullUrl, resource and search mode, JSON text."""
    return b'{"fullUrl":"%b/%b/%b","resource":%b,"search":{"mode":"%b"}}' % (
        base_url.encode(), kind.encode(), id.encode(), text, mode.encode(),
    )  # fmt: skip
