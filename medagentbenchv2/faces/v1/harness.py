"""The bundled harness: the tool loop in this process, every model call through the framework's endpoint."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

import openai
import verifiers.v1 as vf

from medagentbenchv2.endpoint import TOO_LONG
from medagentbenchv2.faces.v1.config import MedAgentBenchHarnessConfig
from medagentbenchv2.faces.v1.task import rollout_of
from medagentbenchv2.runs.player import take_calls, take_text
from medagentbenchv2.tools.registry import openai_tools

_CLIENTS: WeakKeyDictionary[asyncio.AbstractEventLoop, openai.AsyncOpenAI] = WeakKeyDictionary()
"""One pool of connections per event loop; making one per rollout costs more than the rollout."""


class MedAgentBenchHarness(vf.Harness[MedAgentBenchHarnessConfig]):
    """Plays this package's tasks: asks the model, executes its calls, until it finishes, falls silent or is refused."""

    APPENDS_SYSTEM_PROMPT = True
    SUPPORTS_MCP = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def launch(
        self,
        ctx: vf.ModelContext,
        trace: vf.Trace,
        runtime: vf.Runtime,
        endpoint: str,
        secret: str,
        mcp_urls: dict[str, str],
        data: vf.TaskData,
        **_: Any,
    ) -> vf.ProgramResult:
        """Play one rollout; the framework counts the turns and refuses the one after the last."""
        rollout = rollout_of(runtime)
        by_text = trace.state.arguments.protocol == "text"
        tools: Any = openai.omit if by_text else openai_tools()
        client = open_client().with_options(base_url=endpoint, api_key=secret)
        system, prompt = self.resolve_prompt(data)
        messages: list[Any] = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
        try:
            while not rollout.finished:
                answer = await client.chat.completions.create(model=ctx.model, messages=messages, tools=tools)
                said = answer.choices[0].message
                messages.append(said.to_dict(mode="json"))
                await (take_text(rollout, messages, said.content or "") if by_text else take_calls(rollout, messages))
        except openai.APIError as error:
            # A refused turn (a limit, a stop) or the provider's failure; the framework knows which.
            if any(code in str(error).lower() for code in TOO_LONG):
                trace.stop("context_length")
            return vf.ProgramResult(exit_code=1, stdout="", stderr=str(error))
        finally:
            trace.state.take(rollout)
        return vf.ProgramResult(exit_code=0, stdout="", stderr="")


def open_client() -> openai.AsyncOpenAI:
    """The connections of the running event loop, opened at its first call."""
    loop = asyncio.get_running_loop()
    if loop not in _CLIENTS:
        # The framework's endpoint answers on this machine and sets the time limits.
        _CLIENTS[loop] = openai.AsyncOpenAI(
            api_key="none",
            base_url="http://127.0.0.1",
            timeout=None,
            http_client=openai.DefaultAioHttpClient(timeout=None),
        )
        _ = _CLIENTS[loop].chat.completions  # openai imports it at the first use
    return _CLIENTS[loop]


async def close_clients() -> None:
    """Close this event loop's connections."""
    client = _CLIENTS.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.close()
