"""An OpenAI-compatible endpoint on this machine for tests: remembers every request, answers by a script."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn


@dataclass(frozen=True)
class Reply:
    """What the server answers: a completion's text, or another status with its body and headers."""

    text: str = ""
    finish_reason: str = "stop"
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    latency_s: float = 0.0
    cached_tokens: int = 0


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def model(self) -> str:
        return str(self.body["model"])

    @property
    def question(self) -> str:
        return str(self.body["messages"][-1]["content"])


Script = Callable[[Request], Reply]


class ModelServer:
    """The server; `requests` is everything that reached it, in order of arrival."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.base_url = ""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        request = Request(json.loads(body), headers)
        self.requests.append(request)
        reply = self.script(request)
        await asyncio.sleep(reply.latency_s)
        content = _completion(request, reply) if reply.body is None else reply.body
        payload = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        kind = b"application/json"
        extra = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
        start = {"type": "http.response.start", "status": reply.status}
        await send({**start, "headers": [(b"content-type", kind), *extra]})
        await send({"type": "http.response.body", "body": payload})


def _completion(request: Request, reply: Reply) -> dict[str, Any]:
    choice = {
        "index": 0,
        "finish_reason": reply.finish_reason,
        "message": {"role": "assistant", "content": reply.text},
    }
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": reply.cached_tokens},
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": f"{request.model}-2026-01-01",
        "system_fingerprint": "fp_test",
        "choices": [choice],
        "usage": usage,
    }


@contextlib.contextmanager
def serving(script: Script) -> Iterator[ModelServer]:
    """A server on a free port for as long as the block lasts."""
    app = ModelServer(script)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    app.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield app
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
