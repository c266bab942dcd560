"""The v1 tool server as a third-party harness meets it: its own process, the state channel, the SDK's own client."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

import pytest

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.fhir.server import FhirServer
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.world import default_world
from medagentbenchv2.tools.call import Result
from medagentbenchv2.tools.registry import TOOLS
from tests.fhir.serving import serving

vf = pytest.importorskip("verifiers.v1", reason="needs verifiers 0.3 or later")
if not hasattr(vf, "SingleAgentEnvConfig"):
    pytest.skip("needs verifiers 0.3 or later", allow_module_level=True)

import mcp  # noqa: E402
from verifiers.v1.mcp.server import state_signature  # noqa: E402

from medagentbenchv2.faces.v1.config import Arguments  # noqa: E402
from medagentbenchv2.faces.v1.task import MedAgentBenchState, MedAgentBenchTask  # noqa: E402

SECRET = "of this run"
SETUP = Setup()
TASK = next(task for task in SETUP.tasks if task.branch == "uncovered")


class Channel:
    """The framework's side of the state channel: one state per rollout, by path."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        channel = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(channel.states[self.path])

            def do_PUT(self) -> None:
                channel.states[self.path] = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer("{}")

            def _answer(self, text: str) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                """Nothing: the test says what matters."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def rollout(self, name: str, **arguments: Any) -> str:
        """Open a rollout's channel; the query that its calls carry."""
        given = MedAgentBenchState(key=name, task_id=TASK.id, world=0, arguments=Arguments(**arguments))
        self.states[f"/{name}/state"] = given.model_dump_json()
        url = f"http://127.0.0.1:{self.server.server_port}/{name}/state"
        signed = {"vf_state_url": url, "vf_state_route": name, "vf_state_signature": state_signature(SECRET, url, name)}
        return urlencode(signed)

    def state(self, name: str) -> MedAgentBenchState:
        return MedAgentBenchState.model_validate_json(self.states[f"/{name}/state"])


@pytest.fixture(scope="module")
def channel() -> Iterator[Channel]:
    made = Channel()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The tool server's address; started as the framework starts it."""
    told: Path = tmp_path_factory.mktemp("tools") / "port"
    environment = {**os.environ, "VF_CONFIG": "{}", "VF_STATE_SECRET": SECRET, "MCP_PORT_FILE": str(told)}
    with subprocess.Popen([sys.executable, "-m", "medagentbenchv2.faces.v1.toolset"], env=environment) as process:
        while not (told.exists() and told.read_text()):
            assert process.poll() is None, "the tool server ended"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{told.read_text()}/mcp"
        process.terminate()


@asynccontextmanager
async def client(address: str, query: str) -> AsyncIterator[Any]:
    from mcp.client import streamable_http

    opening = getattr(streamable_http, "streamable_http_client", None) or streamable_http.streamablehttp_client
    for wait in (0.1,) * 300:
        try:
            await asyncio.open_connection("127.0.0.1", int(address.split(":")[2].split("/")[0]))
            break
        except OSError:
            await asyncio.sleep(wait)
    async with opening(f"{address}?{query}") as streams, mcp.ClientSession(streams[0], streams[1]) as session:
        await session.initialize()
        yield session


async def said(session: Any, tool: str, arguments: dict[str, Any]) -> str:
    return str((await session.call_tool(tool, arguments)).content[0].text)


async def solve(session: Any, channel: Channel, name: str) -> None:
    """Play the oracle to its end."""
    results: list[Result] = []
    while channel.state(name).status is None:
        (step,) = Oracle().turn(TASK, results, None).calls
        results.append(Result(await said(session, step.tool, step.arguments)))


async def test_a_harness_is_shown_our_schemas_to_the_letter(address: str, channel: Channel) -> None:
    async with client(address, channel.rollout("schemas")) as session:
        tools = (await session.list_tools()).tools
    schemas = {tool.name: getattr(tool, "inputSchema", None) or tool.input_schema for tool in tools}
    assert schemas == {tool.name: tool.schema for tool in TOOLS.values()}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("fhir_patient_search", {"identifer": "S1"}),
        ("fhir_patient_search", {"identifier": "S1", "colour": "blue"}),
        ("fhir_observation_search", {}),
        ("fhir_vitals_create", {"encounter": 3}),
        ("finish", {"value": "12"}),
        ("finish", {"value": [1], "why": "because"}),
        ("calculator", {"expression": 3}),
        ("delete_everything", {}),
    ],
)
async def test_a_malformed_call_is_told_as_in_every_other_face(
    tool: str, arguments: dict[str, Any], address: str, channel: Channel
) -> None:
    rollout = await SETUP.open(TASK)
    told = await rollout.call(tool, arguments)
    name = f"malformed-{tool}-{len(channel.states)}"
    async with client(address, channel.rollout(name)) as session:
        assert await said(session, tool, arguments) == told
    state = channel.state(name)
    assert (state.calls, state.invalid_calls, state.answer) == (1, rollout.invalid_calls, rollout.answer)


async def test_two_rollouts_on_one_server_see_their_own_writes_alone(address: str, channel: Channel) -> None:
    one, two = channel.rollout("one"), channel.rollout("two")
    async with client(address, one) as first, client(address, two) as second:
        await solve(first, channel, "one")
        await said(second, "finish", {"value": []})
    assert (len(channel.state("one").writes), channel.state("one").status) == (1, "completed")
    assert (channel.state("two").writes, channel.state("two").answer) == ([], [])


async def test_over_a_server_writes_stay_in_the_rollout(address: str, channel: Channel) -> None:
    app = FhirServer(default_world().snapshot)
    with serving(app) as server:
        async with client(address, channel.rollout("remote", fhir_api_base=f"{server}/fhir/")) as session:
            await solve(session, channel, "remote")
        stored = app.sessions.find("default")
        assert stored is not None
        assert not stored.writes
    state = channel.state("remote")
    assert (len(state.writes), state.status, state.trouble) == (1, "completed", None)


async def test_an_ehr_that_does_not_answer_is_trouble_and_never_an_answer(address: str, channel: Channel) -> None:
    async with client(address, channel.rollout("down", fhir_api_base="http://127.0.0.1:9/fhir/")) as session:
        assert "does not answer" in await said(session, "finish", {"value": []})
    state = channel.state("down")
    assert "nothing answers" in str(state.trouble)
    assert not state.ours
    assert (state.status, state.answer) == (None, None)


async def test_a_bug_of_ours_reaches_the_judge(address: str, channel: Channel) -> None:
    query = channel.rollout("lost")
    spoiled = channel.state("lost").model_copy(update={"task_id": "task99_1"})
    channel.states["/lost/state"] = spoiled.model_dump_json()
    async with client(address, query) as session:
        await said(session, "finish", {"value": []})
    assert "KeyError" in str(channel.state("lost").trouble)
    assert channel.state("lost").ours


@pytest.mark.parametrize(("ours", "raised"), [(True, RuntimeError), (False, InfrastructureError)])
async def test_a_bug_is_raised_as_a_bug_and_trouble_as_trouble(ours: bool, raised: type[Exception]) -> None:
    ended: Any = SimpleNamespace(state=MedAgentBenchState(trouble="what it was", ours=ours))
    with pytest.raises(raised, match="what it was"):
        await MedAgentBenchTask.finalize(cast(Any, None), ended, cast(Any, None))
