"""A bounded cache of answers that depend on the base alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from medagentbenchv2.fhir.ehr import Response

ENTRY = 4096
"""Bytes that a kept answer counts beside its body: what was asked, and the bookkeeping."""


class ResponseCache:
    """Least recently used answers, bounded by their bytes; a kept answer knows what it depends on."""

    def __init__(self, most_bytes: int = 16 * 2**20) -> None:
        self._most, self.size = most_bytes, 0
        self._kept: OrderedDict[Hashable, tuple[frozenset[str], Response]] = OrderedDict()

    def get(self, key: Hashable) -> tuple[frozenset[str], Response] | None:
        """(types whose overlay rows would change the answer, answer); no types means any."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, touches: frozenset[str], response: Response) -> None:
        """Keep an answer; the least recently used ones make room."""
        if key in self._kept or len(response.body) > self._most // 8 or len(repr(key)) > ENTRY:
            return
        self._kept[key] = (touches, response)
        self.size += len(response.body) + ENTRY
        while self.size > self._most:
            self.size -= len(self._kept.popitem(last=False)[1][1].body) + ENTRY

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self.size = 0

    def __len__(self) -> int:
        return len(self._kept)
