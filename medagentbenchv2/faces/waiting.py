"""Waiting for coroutines where nothing can be awaited, an event loop running there (a notebook, a trainer) or not."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class Waiter:
    """An event loop in a thread of its own; started when first needed, and anew after a fork or a close."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stop: weakref.finalize[Any, Waiter] | None = None

    @property
    def running(self) -> bool:
        """Whether the thread runs, in this process."""
        # A forked child inherits the loop and not the thread: whoever waited for that one would wait for ever.
        return self._thread is not None and self._thread.is_alive()

    def wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine to its end and return its result or raise its error; the calling thread waits meanwhile.

        An interrupt of the caller cancels the coroutine.
        """
        pending = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return pending.result()
        except BaseException:
            pending.cancel()
            raise

    def close(self) -> None:
        """End the thread and its loop; nothing happens when there is none."""
        if self._stop is not None:
            self._stop()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None or not self.running:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="medagentbenchv2", daemon=True)
            self._thread.start()
            self._stop = weakref.finalize(self, _end, self._loop, self._thread)
        return self._loop


def _end(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    if thread.is_alive():
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
