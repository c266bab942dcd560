"""An HTTP proxy that misbehaves on purpose: drops, refuses, delays and cuts a share of what passes through it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
REFUSALS = {
    "refused": b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\nretry-after: 0\r\n\r\nbusy",
    "limited": b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 4\r\nretry-after: 0.05\r\n\r\nslow",
    "failed": b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 4\r\n\r\noops",
}


@dataclass
class Faults:
    """The share of requests for each fault, and how often each was committed."""

    dropped: float = 0.0
    refused: float = 0.0
    delayed: float = 0.0
    cut: float = 0.0
    limited: float = 0.0
    failed: float = 0.0
    delay_s: float = 3.0
    before_the_server: bool = True
    """Whether a dropped request never reaches the server; False drops its answer instead."""
    seed: int = 0
    committed: Counter[str] = field(default_factory=Counter)
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def next(self) -> str:
        draw = self.rng.random()
        for name in ("dropped", "refused", "delayed", "cut", "limited", "failed"):
            draw -= getattr(self, name)
            if draw < 0:
                self.committed[name] += 1
                return name
        self.committed["passed"] += 1
        return "passed"


@contextlib.contextmanager
def proxied(base_url: str, faults: Faults) -> Iterator[str]:
    """A proxy before a server; yields its own address with the path of `base_url`."""
    target = urlsplit(base_url)
    assert target.hostname is not None
    assert target.port is not None
    host, port = target.hostname, target.port
    started, place = threading.Event(), []
    loop = asyncio.new_event_loop()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: Streams | None = None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            upstream = await asyncio.open_connection(host, port)
            while await _one((reader, writer), upstream, faults):
                pass
        for one in (writer, upstream[1] if upstream else None):
            if one is not None:
                one.close()

    async def main() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        place.append(server.sockets[0].getsockname()[1])
        started.set()
        async with server:
            await server.serve_forever()

    def run() -> None:
        task = loop.create_task(main())
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        for other in asyncio.all_tasks(loop):
            other.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield f"http://127.0.0.1:{place[0]}{target.path}"
    finally:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        thread.join(10)


async def _one(client: Streams, upstream: Streams, faults: Faults) -> bool:
    """One request and its answer; False when the connection ends."""
    asked = await _message(client[0])
    fault = faults.next()
    if fault in REFUSALS:
        client[1].write(REFUSALS[fault])
        await client[1].drain()
        return True
    if fault == "dropped" and faults.before_the_server:
        return False
    upstream[1].write(asked)
    await upstream[1].drain()
    answer = await _message(upstream[0])
    if fault == "dropped":
        return False
    if fault == "delayed":
        await asyncio.sleep(faults.delay_s)
    if fault == "cut":
        client[1].write(answer[: max(len(answer) * 2 // 3, len(answer) - 200)])
        await client[1].drain()
        return False
    client[1].write(answer)
    await client[1].drain()
    return True


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP message with a stated length, whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    return head + await reader.readexactly(length)
