"""Scripted agents behind one OpenAI-compatible address, told apart by the model that is asked for."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import uvicorn

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.agents.server import AgentServer
from medagentbenchv2.setup import Setup


class Hall:
    """The ASGI application; a model's id is an agent's name."""

    def __init__(self, names: Sequence[str], setup: Setup) -> None:
        self.servers = {name: AgentServer(agent_of(name), setup) for name in names}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)

        async def again() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        await self.servers[orjson.loads(body)["model"]](scope, again, send)


@contextlib.contextmanager
def open_hall(names: Sequence[str], setup: Setup) -> Iterator[str]:
    """The agents' base URL, for as long as the block lasts."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Hall(names, setup), log_level="error", lifespan="off", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
