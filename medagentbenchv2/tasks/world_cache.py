"""The worlds that a process keeps: those used last, as many as fit into a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from medagentbenchv2.tasks.world import World


class WorldCache:
    """Least recently used worlds make room; whoever still holds one may go on using it. Safe to share by threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[Hashable, World] = OrderedDict()
        # Two locks, so that looking up a world never waits for another one that is being made.
        self._order, self._making = Lock(), Lock()

    def at_hand(self, key: Hashable) -> World | None:
        """The world if it is kept; never makes one."""
        with self._order:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def get(self, key: Hashable, make: Callable[[], World]) -> World:
        """The kept world, or the one that `make` returns, made once however many threads ask."""
        found = self.at_hand(key)
        if found is not None:
            return found
        with self._making:
            found = self.at_hand(key)
            if found is None:
                found = make()
                with self._order:
                    self._kept[key] = found
                    self._make_room()
            return found

    @property
    def size(self) -> int:
        """Bytes of all kept worlds, as they are now."""
        return sum(world.size for world in self._kept.values())

    def __len__(self) -> int:
        return len(self._kept)

    def _make_room(self) -> None:
        """Drop the least recently used worlds above the limit; the one used last stays however large it is."""
        size = self.size
        while size > self._most and len(self._kept) > 1:
            size -= self._kept.popitem(last=False)[1].size
