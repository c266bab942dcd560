"""Texts of a page, each stored once by content hash, in compressed blocks that the page opens when needed."""

from __future__ import annotations

import base64
import gzip
import hashlib

import orjson

BLOCK = 192 * 1024
"""Characters of text in a block before the next begins."""

Reference = tuple[int, int]
"""Block and place within it."""


def pack(value: object) -> str:
    """A JSON value as base64 of gzip, the same bytes for the same value."""
    return base64.b64encode(gzip.compress(orjson.dumps(value), compresslevel=6, mtime=0)).decode()


class Pool:
    """Collects values into blocks; equal texts share one place."""

    def __init__(self) -> None:
        """Start empty."""
        self.blocks: list[str] = []
        self._open: list[object] = []
        self._size = 0
        self._places: dict[bytes, Reference] = {}

    def text(self, text: str) -> Reference:
        """The place of a text; it is stored when it was not yet."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest not in self._places:
            self._places[digest] = self.item(text, len(text))
        return self._places[digest]

    def item(self, value: object, size: int) -> Reference:
        """Store a value of about `size` characters; its place."""
        if self._open and self._size + size > BLOCK:
            self.close()
        self._open.append(value)
        self._size += size
        return len(self.blocks), len(self._open) - 1

    def close(self) -> None:
        """Compress the open block."""
        if self._open:
            self.blocks.append(pack(self._open))
            self._open, self._size = [], 0

    @property
    def size(self) -> int:
        """Characters of all closed blocks in the page."""
        return sum(map(len, self.blocks))
