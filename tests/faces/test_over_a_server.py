"""Every face over an EHR server of ours: paid as ever, nothing written there, and no zero when the server dies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from medagentbenchv2 import load_environment
from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.agents.server import AgentServer
from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.fhir.server import FhirServer
from medagentbenchv2.fhir.wire import Server
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import default_world
from medagentbenchv2.tools.call import Result
from tests.fhir.serving import serving

WRITING = [task for task in Setup().tasks if task.branch == "uncovered"][:2]
READING = [task for task in Setup().tasks if task.family.kind == "query"][:2]
TASKS = WRITING + READING
REWARDS = [("oracle", 1.0), ("null", 0.0)]


@contextmanager
def ehr() -> Iterator[tuple[str, FhirServer]]:
    """The default EHR's server: its address, and the application."""
    app = FhirServer(default_world().snapshot)
    with serving(app) as address:
        yield f"{address}/fhir/", app


def written(app: FhirServer) -> int:
    """Records that the server was really given."""
    session = app.sessions.find("default")
    return len(session.writes) if session is not None else 0


def impatient(setup: Setup) -> None:
    """Meet the server now, and later find out soon that it is gone."""
    setup.check()
    vars(setup)["server"] = Server(str(setup.fhir_api_base), timeout_s=2.0, attempts=2)


def cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses before a request is repeated."""
    monkeypatch.setattr("medagentbenchv2.fhir.wire.LONGEST_PAUSE_S", 0.01)


class TestV1:
    """The bundled harness, through the framework's own endpoint and a served agent."""

    @pytest.fixture(autouse=True)
    def _key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        vf = pytest.importorskip("verifiers.v1", reason="needs verifiers 0.3 or later")
        if not hasattr(vf, "SingleAgentEnvConfig"):
            pytest.skip("needs verifiers 0.3 or later")
        monkeypatch.setenv("SCRIPTED_KEY", "none")

    async def traces(self, setup: Setup, agent: str, tasks: list[Task]) -> list[Any]:
        """The agent's traces of some tasks."""
        import verifiers.v1 as vf

        from medagentbenchv2.faces.v1.env import load_v1_environment

        env, gate = load_v1_environment(setup), asyncio.Semaphore(8)
        ours = {task.data.task_id: task for task in env.taskset}
        with serving(AgentServer(agent_of(agent), Setup())) as model:
            client = vf.EvalClientConfig(base_url=f"{model}/v1", api_key_var="SCRIPTED_KEY")
            context = vf.ModelContext(model=agent, client=client)
            async with env.serving():
                episodes = await asyncio.gather(
                    *[env.run_slot(slot, context, gate) for task in tasks for slot in env.slots(ours[task.id])]
                )
        return [trace for episode in episodes for trace in episode.traces]

    @pytest.mark.parametrize(("agent", "reward"), REWARDS)
    async def test_the_oracle_is_paid_and_the_null_agent_is_not(self, agent: str, reward: float) -> None:
        with ehr() as (base, app):
            found = await self.traces(Setup(fhir_api_base=base), agent, TASKS)
            assert written(app) == 0
        assert [(trace.ok, trace.reward) for trace in found] == [(True, reward)] * len(TASKS)
        assert sum(len(trace.info["writes"]) for trace in found) == (len(WRITING) if reward else 0)

    async def test_a_server_that_dies_is_an_error_and_not_a_zero(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from medagentbenchv2.faces.v1.config import Arguments, Choices

        cut_short(monkeypatch)
        with ehr() as (base, _):
            setup = Setup(fhir_api_base=base)
            impatient(Arguments(**{name: getattr(setup, name) for name in Choices.model_fields}).setup)
        (trace,) = await self.traces(setup, "oracle", WRITING[:1])
        assert not trace.ok
        assert not trace.rewards
        assert "no connection" in str(trace.errors)


class TestMcp:
    """A client of the SDK, in memory."""

    @pytest.fixture(autouse=True)
    def _sdk(self) -> None:
        pytest.importorskip("mcp", reason="needs pip install 'medagentbenchv2[mcp]'")

    @asynccontextmanager
    async def client(self, setup: Setup, task: Task | None) -> AsyncIterator[Any]:
        from mcp import ClientSession
        from mcp.shared.memory import create_client_server_memory_streams

        from medagentbenchv2.faces.mcp import Desk, build

        server = build(Desk(setup, task))
        async with create_client_server_memory_streams() as (ours, theirs):
            running = asyncio.create_task(server.run(*theirs, server.create_initialization_options()))
            async with ClientSession(*ours) as session:
                await session.initialize()
                yield session
            running.cancel()

    async def verdict(self, session: Any) -> str:
        return str((await session.read_resource("medagentbench://verdict")).contents[0].text)

    @pytest.mark.parametrize(("agent", "reward"), REWARDS)
    async def test_the_oracle_is_paid_and_the_null_agent_is_not(self, agent: str, reward: float) -> None:
        with ehr() as (base, app):
            setup = Setup(fhir_api_base=base)
            for task in TASKS:
                async with self.client(setup, task) as session:
                    results: list[Result] = []
                    while "no verdict" in await self.verdict(session):
                        (call,) = agent_of(agent).turn(task, results, None).calls
                        reply = await session.call_tool(call.tool, call.arguments)
                        results.append(Result(reply.content[0].text))
                    assert json.loads(await self.verdict(session))["reward"] == reward
            assert written(app) == 0
            await setup.close()

    async def test_without_a_task_it_is_the_servers_ehr_that_one_tries(self) -> None:
        with ehr() as (base, app):
            setup = Setup(fhir_api_base=base)
            async with self.client(setup, None) as session:
                mrn = {"identifier": TASKS[0].slots.mrn}  # type: ignore[attr-defined]
                assert base in (await session.call_tool("fhir_patient_search", mrn)).content[0].text
            assert written(app) == 0
            await setup.close()

    async def test_a_server_that_dies_is_an_error_and_no_verdict(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cut_short(monkeypatch)
        with ehr() as (base, _):
            setup = Setup(fhir_api_base=base)
            impatient(setup)
        async with self.client(setup, WRITING[0]) as session:
            reply = await session.call_tool("finish", {"value": []})
            assert getattr(reply, "isError", None) or getattr(reply, "is_error", None)
            assert "no connection" in reply.content[0].text
            assert "There is no verdict: the EHR did not answer" in await self.verdict(session)


class TestGymnasium:
    @pytest.fixture(autouse=True)
    def _gymnasium(self) -> None:
        pytest.importorskip("gymnasium", reason="needs pip install 'medagentbenchv2[gym]'")

    @pytest.mark.parametrize(("agent", "reward"), REWARDS)
    async def test_the_oracle_is_paid_and_the_null_agent_is_not(self, agent: str, reward: float) -> None:
        from medagentbenchv2.faces.gymnasium import MedAgentBenchGym

        with ehr() as (base, app):
            env = MedAgentBenchGym(fhir_api_base=base)
            for task in TASKS:
                env.reset(options={"task_id": task.id})
                results, done, paid = list[Result](), False, -1.0
                while not done:
                    (call,) = agent_of(agent).turn(task, results, None).calls
                    action = json.dumps({"tool": call.tool, "arguments": call.arguments})
                    seen, paid, done, _, _ = env.step(action)
                    results.append(Result(seen))
                assert paid == reward
            env.close()
            assert written(app) == 0

    def test_a_server_that_dies_is_raised(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from medagentbenchv2.faces.gymnasium import MedAgentBenchGym

        cut_short(monkeypatch)
        with ehr() as (base, _):
            env = MedAgentBenchGym(fhir_api_base=base)
            impatient(env.setup)
            env.reset(options={"task_id": WRITING[0].id})
            mrn = WRITING[0].slots.mrn  # type: ignore[attr-defined]
        with pytest.raises(InfrastructureError):
            env.step(json.dumps({"tool": "fhir_patient_search", "arguments": {"identifier": mrn}}))
        env.close()


class TestClassic:
    """The framework's hooks; whole runs are in tests/clients."""

    @pytest.fixture(autouse=True)
    def _classic(self) -> None:
        pytest.importorskip("verifiers.legacy", reason="the classic interface is in verifiers 0.3 and earlier")

    async def test_teardown_closes_this_loops_connections(self) -> None:
        with ehr() as (base, _):
            env = load_environment(fhir_api_base=base)
            info = json.dumps({"task_id": WRITING[0].id, "world": 0})
            await env.setup_state({"info": info, "trajectory": [], "error": None})
            pool = next(iter(env.setup.server._clients.values()))
            assert not pool.is_closed
            await env._teardown()
            assert pool.is_closed

    async def test_a_connection_that_does_not_close_keeps_nobody_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("medagentbenchv2.setup.CLOSING_S", 0.05)
        with ehr() as (base, _):
            env = load_environment(fhir_api_base=base)

            async def never(*_: Any) -> None:
                await asyncio.sleep(3600)

            monkeypatch.setattr(env.setup.server, "close", never)
            await asyncio.wait_for(env._teardown(), 5)

    async def test_teardown_of_the_embedded_ehr_has_nothing_to_do(self) -> None:
        env = load_environment()
        await env._teardown()
        assert "server" not in vars(env.setup)
