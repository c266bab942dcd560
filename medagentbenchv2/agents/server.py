"""A scripted agent as an OpenAI-compatible model: ASGI, `/v1/chat/completions` and `/v1/models`.

Stateless: the task is recognised by its prompt, and the turn follows from the tool results in the messages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson

from medagentbenchv2.agents.script import Agent, Turn, one_call
from medagentbenchv2.agents.text_form import result_of, to_text
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tools.call import Result

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
LARGEST = 64 * 1024 * 1024
"""Bytes of a request body that are read at most."""


class Refused(Exception):
    """A request that is answered with an OpenAI-shaped error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class AgentServer:
    """The ASGI application of one agent over a setup's evaluation tasks, with split train over its training tasks."""

    def __init__(self, agent: Agent, setup: Setup) -> None:
        self.agent, self.setup = agent, setup
        self.tasks = setup.train_tasks if setup.split == "train" else setup.tasks
        self._by_prompt = {setup.prompt(task): task for task in self.tasks}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        try:
            body = await _body(receive)
            answer = self.answer(scope["method"], scope["path"], body)
            status = 200
        except Refused as refused:
            status, answer = refused.status, {"error": {"message": refused.message, "type": "invalid_request_error"}}
        streamed = status == 200 and scope["method"] == "POST" and orjson.loads(body).get("stream")
        kind = b"text/event-stream" if streamed else b"application/json"
        content = _events(answer) if streamed else orjson.dumps(answer)
        headers = [(b"content-type", kind), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def answer(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        """The JSON answer to one request. Raises Refused."""
        place = path.rstrip("/").removeprefix("/v1")
        if (method, place) == ("GET", "/models"):
            return {"object": "list", "data": [{"id": self.agent.name, "object": "model", "owned_by": "scripted"}]}
        if (method, place) != ("POST", "/chat/completions"):
            raise Refused(404, f"{method} {path} is not served; use POST /v1/chat/completions or GET /v1/models")
        try:
            request = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Refused(400, f"the body is not JSON: {error}") from None
        if not isinstance(request, dict) or not isinstance(request.get("messages"), list):
            raise Refused(400, "the body must be an object with a list of messages")
        return self.complete(request)

    def complete(self, request: dict[str, Any]) -> dict[str, Any]:
        """The chat completion for a request. Raises Refused (404) for a prompt that is none of the tasks'."""
        messages = request["messages"]
        task = self._task(messages)
        by_text = self.setup.protocol == "text"
        results = _replies(messages) if by_text else [Result(_text(m)) for m in messages if m.get("role") == "tool"]
        if by_text:
            turn = Turn(text=to_text(one_call(self.agent, task, results, request.get("seed"))))
        else:
            turn = self.agent.turn(task, results, request.get("seed"))
        key = hashlib.sha256(orjson.dumps([task.id, task.instruction, len(results)])).hexdigest()[:24]
        sizes = len(orjson.dumps(messages)) // 4, 1 + sum(len(c.json) for c in turn.calls) // 4
        return {
            "id": f"chatcmpl-{key}",
            "object": "chat.completion",
            "created": 0,
            "model": request.get("model") or self.agent.name,
            "choices": [
                {
                    "index": 0,
                    "message": turn.message(f"call_{key[:16]}"),
                    "finish_reason": "tool_calls" if turn.calls else "stop",
                }
            ],
            "usage": {"prompt_tokens": sizes[0], "completion_tokens": sizes[1], "total_tokens": sum(sizes)},
        }

    def _task(self, messages: Sequence[dict[str, Any]]) -> Task:
        for message in messages:
            if isinstance(message, dict) and message.get("role") == "user":
                task = self._by_prompt.get(_text(message))
                if task is not None:
                    return task
        raise Refused(404, "no task of this agent has that prompt; serve it with the arguments of the environment")


def _events(completion: dict[str, Any]) -> bytes:
    """A completion as the server-sent events of a stream: the whole turn in one chunk, then the usage."""
    (choice,) = completion["choices"]
    calls = [{"index": index, **call} for index, call in enumerate(choice["message"].get("tool_calls", ()))]
    delta = choice["message"] | ({"tool_calls": calls} if calls else {})
    chunk = completion | {"object": "chat.completion.chunk", "usage": None}
    ended = {"index": 0, "delta": delta, "finish_reason": choice["finish_reason"]}
    last = chunk | {"choices": [], "usage": completion["usage"]}
    chunks = (orjson.dumps(part) for part in (chunk | {"choices": [ended]}, last))
    return b"".join(b"data: " + part + b"\n\n" for part in (*chunks, b"[DONE]"))


def _replies(messages: Sequence[dict[str, Any]]) -> list[Result]:
    """The environment's replies in the text protocol: user messages after the first assistant message."""
    roles = [message.get("role") for message in messages]
    first = roles.index("assistant") if "assistant" in roles else len(roles)
    return [result_of(_text(message)) for message in messages[first:] if message.get("role") == "user"]


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(part.get("text", "") for part in parts if isinstance(part, dict))


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        chunks.append(event.get("body", b""))
        size += len(chunks[-1])
        if size > LARGEST:
            raise Refused(413, f"the body is larger than {LARGEST} bytes")
        if not event.get("more_body"):
            return b"".join(chunks)


async def _lifespan(receive: Receive, send: Send) -> None:
    while (event := await receive())["type"] != "lifespan.shutdown":
        await send({"type": event["type"] + ".complete"})
    await send({"type": "lifespan.shutdown.complete"})
