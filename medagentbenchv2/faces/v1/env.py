"""The v1 env: one seat that plays in process; and the classic entry point where only v1 is installed."""

from __future__ import annotations

import gc
from typing import Any

import httpx
import verifiers.v1 as vf

from medagentbenchv2.faces.v1.config import ID, Choices, MedAgentBenchEnvConfig
from medagentbenchv2.faces.v1.harness import close_clients, open_client
from medagentbenchv2.setup import Setup


class MedAgentBenchV1Env(vf.Env[MedAgentBenchEnvConfig]):
    """One agent plays each task."""

    async def run(self, task: vf.Task, agents: vf.Agents) -> None:
        """Play a task."""
        await agents.agent.run(task)

    async def start(self) -> None:
        """Do before the first rollout what would stop all of them in the middle.

        A full garbage collection walks through all that is loaded, verifiers and openai alone a quarter of a second
        long; what is there before the first rollout stays, and is left out from here on.
        """
        open_client()
        httpx.AsyncHTTPTransport(verify=False)  # imports what the framework's own client needs
        gc.collect()
        gc.freeze()

    async def stop(self) -> None:
        """Close the connections that the rollouts shared."""
        await close_clients()
        await self.config.taskset.arguments().setup.close()


def load_v1_environment(setup: Setup) -> Any:
    """The native v1 env of a setup: what `load_environment` returns under verifiers 0.4."""
    taskset = {name: getattr(setup, name) for name in Choices.model_fields}
    config = {"taskset": {"id": ID, **taskset}, "agent": {"max_turns": setup.max_turns}}
    return vf.load_environment(vf.resolve_env_config(config))
