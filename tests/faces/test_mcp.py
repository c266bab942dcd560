"""The MCP face, asked by the SDK's own client over stdio and over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.setup import Setup
from medagentbenchv2.tools.call import Result
from medagentbenchv2.tools.registry import TOOLS

mcp = pytest.importorskip("mcp", reason="needs pip install 'medagentbenchv2[mcp]'")
uvicorn = pytest.importorskip("uvicorn", reason="needs pip install 'medagentbenchv2[server]'")
SETUP = Setup()
TASK = next(task for task in SETUP.tasks if task.branch == "uncovered")


@asynccontextmanager
async def over_http(task: Any) -> AsyncIterator[str]:
    from medagentbenchv2.faces.mcp import Desk, http_app

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(http_app(Desk(SETUP, task)), log_level="warning"))
        running = asyncio.create_task(server.serve([listening]))
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp/"
        server.should_exit = True
        await running


@asynccontextmanager
async def client(url: str) -> AsyncIterator[Any]:
    from mcp.client import streamable_http

    opening = getattr(streamable_http, "streamable_http_client", None) or streamable_http.streamablehttp_client
    async with opening(url) as streams, mcp.ClientSession(streams[0], streams[1]) as session:
        await session.initialize()
        yield session


async def call(session: Any, tool: str, arguments: dict[str, Any]) -> Any:
    return await session.call_tool(tool, arguments)


async def solve(session: Any, task: Any) -> Any:
    """Play the oracle through the client; the reply to finish."""
    results: list[Result] = []
    while True:
        (step,) = Oracle().turn(task, results, None).calls
        reply = await call(session, step.tool, step.arguments)
        results.append(Result(reply.content[0].text))
        if step.tool == "finish":
            return reply


async def test_a_task_over_http_ends_with_its_verdict_and_each_client_has_its_own() -> None:
    async with over_http(TASK) as url, client(url) as one, client(url) as two:
        tools = (await one.list_tools()).tools
        schemas = {t.name: getattr(t, "inputSchema", None) or t.input_schema for t in tools}
        assert schemas == {tool.name: tool.schema for tool in TOOLS.values()}
        prompt = (await one.get_prompt("task")).messages[0].content.text
        assert prompt == SETUP.prompt(TASK)
        assert (await one.read_resource("medagentbench://task")).contents[0].text == prompt
        assert "no verdict" in (await one.read_resource("medagentbench://verdict")).contents[0].text
        verdict = json.loads((await solve(one, TASK)).content[1].text)
        assert verdict["reward"] == 1.0
        assert json.loads((await one.read_resource("medagentbench://verdict")).contents[0].text) == verdict
        assert "no verdict" in (await two.read_resource("medagentbench://verdict")).contents[0].text
        wrong = json.loads((await call(two, "finish", {"value": []})).content[1].text)
        assert wrong["reward"] == 0.0


async def test_a_malformed_call_is_an_error_that_says_what_is_wrong() -> None:
    async with over_http(TASK) as url, client(url) as session:
        reply = await call(session, "fhir_patient_search", {"identifer": "S1"})
        assert getattr(reply, "isError", None) or getattr(reply, "is_error", None)
        assert "identifer" in reply.content[0].text


async def test_without_a_task_there_is_an_ehr_to_try_over_stdio() -> None:
    from mcp.client.stdio import StdioServerParameters, stdio_client

    command = StdioServerParameters(command=sys.executable, args=["-m", "medagentbenchv2", "mcp"])
    async with stdio_client(command) as (reads, writes), mcp.ClientSession(reads, writes) as session:
        await session.initialize()
        assert "finish" not in {tool.name for tool in (await session.list_tools()).tools}
        assert not (await session.list_prompts()).prompts
        reply = await call(session, "fhir_patient_search", {"identifier": TASK.slots.mrn})
        assert json.loads(reply.content[0].text)["total"] == 1
