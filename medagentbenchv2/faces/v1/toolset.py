"""The tools as one MCP server for all rollouts of a worker, for third-party harnesses."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import verifiers.v1 as vf
from mcp import types

from medagentbenchv2.errors import InfrastructureError, MedAgentBenchError
from medagentbenchv2.faces.v1.task import MedAgentBenchState
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.tools.registry import TOOLS

MOST_OPEN = 4096
"""Rollouts that one server keeps; those not called for longest are dropped first."""


class MedAgentBenchToolset(vf.Toolset[vf.SharedToolsetConfig, MedAgentBenchState]):
    """Executes calls on rollouts that live here; the state channel carries their record to the judge.

    Rollouts are isolated by the state's key. The framework pushes a whole state after each call, so that of calls made
    in parallel the last push counts; each holds all that was done by then.
    """

    TOOL_PREFIX = None

    def __init__(self, config: vf.SharedToolsetConfig) -> None:
        super().__init__(config)
        self._rollouts: OrderedDict[str, Rollout] = OrderedDict()

    def register(self, mcp: Any) -> None:
        """Answer for the tools ourselves, below the SDK's typed functions.

        Those drop the arguments that they do not know before a tool could name them to the agent, and word every other
        malformed call in their own way.
        """
        lowlevel = getattr(mcp, "_mcp_server", None)
        if lowlevel is None:
            # The SDK's server from 2.0 on asks these two public methods.
            mcp.list_tools, mcp.call_tool = self.list_tools, self._with_state(self.call_tool)
        else:
            lowlevel.list_tools()(self.list_tools)
            lowlevel.call_tool(validate_input=False)(self._with_state(self.call_tool))

    async def list_tools(self) -> list[types.Tool]:
        """The tools, with their schemas to the letter."""
        return [
            types.Tool.model_validate({"name": t.name, "description": t.description, "inputSchema": t.schema})
            for t in TOOLS.values()
        ]

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> types.CallToolResult:
        """Execute one call on the calling rollout, as it was sent, and record it in the state."""
        try:
            rollout = await self._rollout()
            text = await rollout.call(name, arguments)
            self.state.take(rollout)
        except Exception as error:  # noqa: BLE001 - the framework drops the state of a call that raises
            # Whatever it was, the task's finalize raises it: such a rollout is never scored.
            text = f"The record system does not answer: {error}"
            self.state.ours = not isinstance(error, MedAgentBenchError)
            self.state.trouble = repr(error) if self.state.ours else str(error)
        return types.CallToolResult.model_validate({"content": [{"type": "text", "text": text}]})

    async def _rollout(self) -> Rollout:
        state = self.state
        if state.key not in self._rollouts:
            if state.calls:
                raise InfrastructureError("the tool server no longer holds this rollout")
            self._rollouts[state.key] = await state.arguments.setup.enter(state.task_id, state.world)
            if len(self._rollouts) > MOST_OPEN:
                self._rollouts.popitem(last=False)
        self._rollouts.move_to_end(state.key)
        return self._rollouts[state.key]


if __name__ == "__main__":
    MedAgentBenchToolset.run()
