"""The MCP server, asked by an independent client: the inspector of the protocol's authors, on its command line."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medagentbenchv2.tools.registry import TOOLS

pytestmark = pytest.mark.matrix
SERVER = [sys.executable, "-m", "medagentbenchv2", "mcp", "--task", "task8_3"]


def inspect(folder: Path, *arguments: str) -> Any:
    npx = shutil.which("npx")
    if npx is None:
        pytest.skip("npx is not installed")
    command = [npx, "-y", "@modelcontextprotocol/inspector", "--cli", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if "npm error" in done.stderr:
        pytest.skip(f"the inspector cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def http() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([*SERVER, "--http", str(port)], stderr=subprocess.DEVNULL)
    for _ in range(600):
        assert process.poll() is None, "the server ended"
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    else:
        raise AssertionError(f"nothing listens on port {port} after a minute")
    yield f"http://127.0.0.1:{port}/mcp"
    process.terminate()
    process.wait(10)


def test_the_inspector_sees_the_tools_to_the_letter_over_stdio(tmp_path: Path) -> None:
    tools = inspect(tmp_path, *SERVER, "--method", "tools/list")["tools"]
    assert {tool["name"]: tool["inputSchema"] for tool in tools} == {tool.name: tool.schema for tool in TOOLS.values()}


def test_the_inspector_is_told_the_verdict_over_http(http: str, tmp_path: Path) -> None:
    call = ("--method", "tools/call", "--tool-name", "finish", "--tool-arg", "value=[]")
    reply = inspect(tmp_path, http, "--transport", "http", *call)
    assert json.loads(reply["content"][1]["text"])["reward"] == 0.0
