"""The ceiling of the classic interface: the same prompts, schemas, turns and sizes, with nothing behind the tools."""

from __future__ import annotations

import json
from typing import Any

import verifiers as vf
from datasets import Dataset

from medagentbenchv2.setup import Setup
from medagentbenchv2.tools.registry import TOOLS
from tests.benchmarks.recordings import Recording


class TrivialEnv(vf.StatefulToolEnv):
    """Answers each call with the next recorded text."""

    def __init__(self, **more: Any) -> None:
        super().__init__(tools=[], max_turns=-1, **more)
        for tool in TOOLS.values():
            self.add_tool(_named(tool.name))
        self.tool_defs = [vf.Tool(name=t.name, description=t.description, parameters=t.schema) for t in TOOLS.values()]

    async def setup_state(self, state: vf.State, **_: Any) -> vf.State:
        info = state["info"]
        state["replies"] = (json.loads(info) if isinstance(info, str) else info)["replies"]
        return state

    def update_tool_args(self, tool_name: str, tool_args: Any, messages: Any, state: vf.State, **_: Any) -> Any:
        return tool_args

    async def env_response(self, messages: Any, state: vf.State, **_: Any) -> Any:
        done = len(state["trajectory"])
        (call,) = messages[-1].tool_calls
        replies = [vf.ToolMessage(role="tool", content=state["replies"][done - 1], tool_call_id=call.id)]
        if done >= len(state["replies"]):
            state["final_env_response"] = replies
        return replies


def _named(name: str) -> Any:
    def tool() -> str:
        raise AssertionError(name)

    tool.__name__ = name
    return tool


async def done(state: vf.State) -> float:
    return 1.0


def trivial_env(setup: Setup, recordings: list[Recording]) -> TrivialEnv:
    """The environment over the recorded tasks."""
    rows = [
        {
            "prompt": [
                {"role": "system", "content": setup.system_prompt},
                {"role": "user", "content": one["prompt"]},
            ],
            "answer": "",
            "info": json.dumps({"replies": one["replies"]}),
        }
        for one in recordings
    ]
    return TrivialEnv(eval_dataset=Dataset.from_list(rows), rubric=vf.Rubric(funcs=[done], weights=[1.0]))
