"""The tools over the Model Context Protocol, for desktop agents: an interactive EHR, or one task.

Every client session has an overlay of its own. The official SDK serves (1.x and 2.x); because rollouts have state, the
sessionless protocol of 2026 is answered by falling back to the handshake, which every client knows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.routing import Mount

from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.faces.seats import FreeSeat, Seat, TaskSeat
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tools.prompt import OPEN_PROMPT
from medagentbenchv2.tools.registry import TOOLS

MOST_SESSIONS = 1000
"""Client sessions kept; those not heard from for longest are dropped first."""
TASK, VERDICT = "medagentbench://task", "medagentbench://verdict"
HOSTS = ["127.0.0.1:*", "localhost:*", "[::1]:*"]


@dataclass
class Desk:
    """Seats by client session, and what a client is told; knows nothing of the SDK's versions."""

    setup: Setup
    task: Task | None = None
    _seats: OrderedDict[str, Seat] = field(default_factory=OrderedDict)

    def seat(self, key: str) -> Any:
        """The seat of a session, taken on its first request."""
        if key not in self._seats:
            self._seats[key] = (
                TaskSeat(self.setup, self.task) if self.task else FreeSeat(self.setup, self.setup.tasks[0])
            )
            if len(self._seats) > MOST_SESSIONS:
                self._seats.popitem(last=False)
        self._seats.move_to_end(key)
        return self._seats[key]

    async def list_tools(self, key: str, params: Any) -> types.ListToolsResult:
        """The tools, with their schemas to the letter; without a task there is nothing to finish."""
        offered = [tool for tool in TOOLS.values() if self.task or tool.name != "finish"]
        return types.ListToolsResult.model_validate({"tools": [
            {"name": t.name, "description": t.description, "inputSchema": t.schema,
             "annotations": {"readOnlyHint": not t.writes, "destructiveHint": False, "openWorldHint": False}}
            for t in offered
        ]})  # fmt: skip

    async def call_tool(self, key: str, params: Any) -> types.CallToolResult:
        """Execute a call in the session's seat; an EHR that gives no answer is an error of the call."""
        try:
            texts, invalid = await self.seat(key).call(params.name, params.arguments or {})
        except InfrastructureError as error:
            texts, invalid = [str(error)], True
        content = [{"type": "text", "text": text} for text in texts]
        return types.CallToolResult.model_validate({"content": content, "isError": invalid})

    async def list_prompts(self, key: str, params: Any) -> types.ListPromptsResult:
        """The task, as a prompt."""
        prompts = [{"name": "task", "description": f"The task {self.task.id}"}] if self.task else []
        return types.ListPromptsResult.model_validate({"prompts": prompts})

    async def get_prompt(self, key: str, params: Any) -> types.GetPromptResult:
        """The task's text."""
        content = {"type": "text", "text": self._read(key, TASK)}
        return types.GetPromptResult.model_validate({"messages": [{"role": "user", "content": content}]})

    async def list_resources(self, key: str, params: Any) -> types.ListResourcesResult:
        """The task and, once it is finished, its verdict."""
        named = [("task", TASK, "text/plain"), ("verdict", VERDICT, "application/json")] if self.task else []
        listed = [{"name": name, "uri": uri, "mimeType": kind} for name, uri, kind in named]
        return types.ListResourcesResult.model_validate({"resources": listed})

    async def read_resource(self, key: str, params: Any) -> types.ReadResourceResult:
        """One resource's text."""
        uri = str(params.uri)
        contents = [{"uri": uri, "mimeType": "text/plain", "text": self._read(key, uri)}]
        return types.ReadResourceResult.model_validate({"contents": contents})

    def _read(self, key: str, uri: str) -> str:
        if self.task is None:
            return "There is no task: ask what you like."
        return str(self.seat(key).verdict()) if uri == VERDICT else self.setup.prompt(self.task)


def build(desk: Desk) -> Server[Any]:
    """The SDK's server over a desk, whichever SDK is installed."""
    about = desk.setup.system_prompt if desk.task else OPEN_PROMPT
    names = ("list_tools", "call_tool", "list_prompts", "get_prompt", "list_resources", "read_resource")
    handlers: dict[str, Callable[[str, Any], Awaitable[Any]]] = {name: getattr(desk, name) for name in names}
    if hasattr(Server, "add_request_handler"):
        return _build_2(handlers, about)
    server: Any = Server("medagentbenchv2", instructions=about)
    for name, handler in handlers.items():
        request = getattr(types, "".join(part.title() for part in name.split("_")) + "Request")

        async def answer(asked: Any, handler: Callable[[str, Any], Awaitable[Any]] = handler) -> Any:
            return types.ServerResult(await handler(_key(server.request_context.request), asked.params))

        server.request_handlers[request] = answer
    return server


def _build_2(handlers: dict[str, Callable[[str, Any], Awaitable[Any]]], about: str) -> Any:
    from mcp_types import DiscoverResult, RequestParams
    from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

    def bound(handler: Callable[[str, Any], Awaitable[Any]]) -> Any:
        async def answer(context: Any, params: Any) -> Any:
            return await handler(_key(context.request), params)

        return answer

    ours: dict[str, Any] = {f"on_{name}": bound(handler) for name, handler in handlers.items()}
    server: Any = Server("medagentbenchv2", instructions=about, **ours)

    async def discover(context: Any, params: Any) -> Any:
        capabilities = server.get_capabilities(protocol_version=context.protocol_version)
        return DiscoverResult(supported_versions=list(HANDSHAKE_PROTOCOL_VERSIONS), capabilities=capabilities)

    server.add_request_handler("server/discover", RequestParams, discover)
    return server


def _key(request: Any) -> str:
    """The client session of an HTTP request; a server on stdio has one."""
    return "stdio" if request is None else str(request.headers.get("mcp-session-id", "none"))


async def serve_stdio(desk: Desk) -> None:
    """Serve one client on standard input and output until it leaves."""
    server = build(desk)
    async with stdio_server() as (reads, writes):
        await server.run(reads, writes, server.create_initialization_options())
    await desk.setup.close()


def http_app(desk: Desk) -> Starlette:
    """The desk as an ASGI application that serves /mcp to this machine."""
    safe = TransportSecuritySettings(
        enable_dns_rebinding_protection=True, allowed_hosts=HOSTS, allowed_origins=[f"http://{host}" for host in HOSTS]
    )
    manager = StreamableHTTPSessionManager(build(desk), security_settings=safe)

    @asynccontextmanager
    async def running(_: Starlette) -> Any:
        async with manager.run():
            yield
        await desk.setup.close()

    return Starlette(routes=[Mount("/mcp", app=manager.handle_request)], lifespan=running)
