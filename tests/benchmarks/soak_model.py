"""The scripted agents of a soak behind one endpoint that now and then answers nonsense with status 200."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.agents.server import AgentServer
from medagentbenchv2.setup import Setup
from tests.benchmarks.soak_plan import models
from tests.runs.hall import Hall

_CHOICE = b'{"id":"x","object":"chat.completion","created":0,"model":"m","choices":[%s]}'
NONSENSE = {
    "a page": b"<html><body>Bad gateway</body></html>",
    "half an answer": b'{"id":"x","object":"chat.completion","choices":[{"index":0,"mess',
    "an error inside": b'{"error":{"message":"upstream overloaded","code":502}}',
    "no choices": _CHOICE % b"",
    "no message": _CHOICE % b'{"index":0,"finish_reason":"stop","message":null}',
    "calls that are no list": _CHOICE
    % b'{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":"finish"}}',
    "broken off": _CHOICE % b'{"index":0,"finish_reason":"error","message":{"role":"assistant","content":"I w"}}',
}
"""What an endpoint says when it is not well, with status 200."""


class Moody:
    """The ASGI application; a model's id is `agent|variant|protocol`."""

    def __init__(self, share: float, seed: int) -> None:
        self.share, self.rng = share, random.Random(seed)
        self.committed: Counter[str] = Counter()
        self.hall = Hall((), Setup())
        setups = {(v, p): Setup(tasks_variant=v, protocol=p) for _, v, p in models()}
        self.hall.servers = {
            f"{agent}|{variant}|{protocol}": AgentServer(agent_of(agent), setups[variant, protocol])
            for agent, variant, protocol in models()
        }

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or self.rng.random() >= self.share:
            await self.hall(scope, receive, send)
            return
        name = self.rng.choice(list(NONSENSE))
        self.committed[name] += 1
        while (await receive()).get("more_body"):
            pass
        length = str(len(NONSENSE[name])).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": NONSENSE[name]})
