"""The tools as one MCP server for all rollouts of a worker, for third-party harnesses."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Annotated, Any

import verifiers.v1 as vf
from pydantic import Field, WithJsonSchema, WrapValidator

from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.faces.v1.task import MedAgentBenchState
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.tools.registry import TOOLS, Tool

MOST_OPEN = 4096
"""Rollouts that one server keeps; those not called for longest are dropped first."""


class _NotGiven:
    """Stands for an argument that the model left out."""


class MedAgentBenchToolset(vf.Toolset[vf.SharedToolsetConfig, MedAgentBenchState]):
    """Executes calls on rollouts that live here; the state channel carries their record to the judge.

    Rollouts are isolated by the state's key. The framework pushes a whole state after each call, so that of calls made
    in parallel the last push counts; each holds all that was done by then.
    """

    TOOL_PREFIX = None

    def __init__(self, config: vf.SharedToolsetConfig) -> None:
        super().__init__(config)
        self._rollouts: OrderedDict[str, Rollout] = OrderedDict()

    async def _rollout(self) -> Rollout:
        state = self.state
        if state.key not in self._rollouts:
            if state.calls:
                raise InfrastructureError("the tool server no longer holds this rollout")
            setup = state.arguments.setup
            self._rollouts[state.key] = await setup.open(setup.find(state.task_id, state.world))
            if len(self._rollouts) > MOST_OPEN:
                self._rollouts.popitem(last=False)
        self._rollouts.move_to_end(state.key)
        return self._rollouts[state.key]

    async def execute(self, tool: str, arguments: dict[str, Any]) -> str:
        """Execute one call on the calling rollout, and record it in the state."""
        try:
            rollout = await self._rollout()
            text = await rollout.call(tool, arguments)
        except InfrastructureError as error:
            self.state.trouble = str(error)
            return f"The record system does not answer: {error}"
        self.state.take(rollout)
        return text


def _method(tool: Tool) -> Callable[..., Any]:
    """A method that the framework reads as this tool and its schema (adding titles); the rollout does the checking."""

    async def method(self: MedAgentBenchToolset, **given: Any) -> str:
        return await self.execute(tool.name, {n: v for n, v in given.items() if not isinstance(v, _NotGiven)})

    keyword, required = Parameter.KEYWORD_ONLY, tool.schema["required"]
    parameters = [
        Parameter(
            name, keyword, annotation=_as_sent(schema), default=Parameter.empty if name in required else _absent()
        )
        for name, schema in tool.schema["properties"].items()
    ]
    signed: Any = method
    signed.__signature__ = Signature([Parameter("self", Parameter.POSITIONAL_ONLY), *parameters], return_annotation=str)
    signed.__name__, signed.__doc__ = tool.name, tool.description
    signed.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": str}
    marked: Callable[..., Any] = vf.tool(name=tool.name)(signed)
    return marked


def _as_sent(schema: dict[str, Any]) -> Any:
    """A type with that schema which takes every value as it was sent. `str` keeps the server from decoding text."""
    return Annotated[str, WrapValidator(lambda value, _: value), WithJsonSchema(schema)]


def _absent() -> Any:
    """A default that the schema does not show."""
    return Field(default_factory=_NotGiven)


for _tool in TOOLS.values():
    setattr(MedAgentBenchToolset, _tool.name, _method(_tool))

if __name__ == "__main__":
    MedAgentBenchToolset.run()
