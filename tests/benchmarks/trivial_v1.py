"""The ceiling of v1: the same prompts, schemas, turns and message sizes, with nothing behind the tools."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openai
import verifiers.v1 as vf

from medagentbenchv2.tools.prompt import SYSTEM_PROMPT
from medagentbenchv2.tools.registry import openai_tools

__all__ = ["TrivialEnv", "TrivialHarness", "TrivialTaskset"]
ID = "trivial_v1"
TOOLS: Any = openai_tools()
_CLIENTS: dict[asyncio.AbstractEventLoop, openai.AsyncOpenAI] = {}


class TrivialData(vf.TaskData):
    replies: list[str]


class TrivialTask(vf.Task[TrivialData, vf.State, vf.TaskConfig]):
    @vf.reward(weight=1.0)
    async def done(self, trace: vf.Trace) -> float:
        return 1.0


class TrivialConfig(vf.TasksetConfig):
    id: str = ID


class TrivialTaskset(vf.Taskset[TrivialTask, TrivialConfig]):
    def load(self) -> Iterable[TrivialTask]:
        for one in json.loads(Path(os.environ["RECORDINGS"]).read_text()):
            data = TrivialData(prompt=one["prompt"], system_prompt=SYSTEM_PROMPT, replies=one["replies"])
            yield TrivialTask(data, self.config.task)


class TrivialHarnessConfig(vf.HarnessConfig):
    id: str = ID


class TrivialHarness(vf.Harness[TrivialHarnessConfig]):
    APPENDS_SYSTEM_PROMPT = True
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
        loop = asyncio.get_running_loop()
        if loop not in _CLIENTS:
            _CLIENTS[loop] = openai.AsyncOpenAI(api_key="x", http_client=openai.DefaultAioHttpClient())
        client = _CLIENTS[loop].with_options(base_url=endpoint, api_key=secret)
        system, prompt = self.resolve_prompt(data)
        messages: list[Any] = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
        replies = iter(data.replies)
        for _turn in data.replies:
            answer = await client.chat.completions.create(model=ctx.model, messages=messages, tools=TOOLS)
            messages.append(answer.choices[0].message.to_dict(mode="json"))
            for call in messages[-1]["tool_calls"]:
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": next(replies)})
        return vf.ProgramResult(exit_code=0, stdout="", stderr="")


class TrivialEnvConfig(vf.SingleAgentEnvConfig):
    agent: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig(), max_turns=8)


class TrivialEnv(vf.Env[TrivialEnvConfig]):
    async def run(self, task: vf.Task, agents: vf.Agents) -> None:
        await agents.agent.run(task)

    async def stop(self) -> None:
        for client in _CLIENTS.values():
            await client.close()
        _CLIENTS.clear()
