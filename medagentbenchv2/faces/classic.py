"""The classic face: a multi-turn `verifiers` ToolEnv (0.1.11 to 0.3.x) over `Rollout`.

The framework's turn limit is off and the budget is kept here, because the framework does not execute the calls of its
last turn. Tool calls go to the rollout as the model wrote them, so that a malformed one is told precisely.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import verifiers as vf
from datasets import Dataset

from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.faces.scoring import METRICS, Score, score
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tools.registry import TOOLS


class OverRollout(vf.MultiTurnEnv):
    """What both protocols share: datasets, opening and closing a rollout, the turn budget."""

    setup: Setup

    def options(self, setup: Setup) -> dict[str, Any]:
        """Keep the setup; the framework's constructor arguments for it."""
        self.setup = setup
        return {
            "max_turns": -1,
            "dataset": lambda: self._rows(setup.tasks if setup.split == "eval" else setup.train_tasks),
            "eval_dataset": lambda: self._rows(setup.train_tasks if setup.split == "train" else setup.tasks),
            "rubric": _rubric(),
        }

    def _rows(self, tasks: Sequence[Task]) -> Dataset:
        return Dataset.from_list([{"prompt": self.setup.messages(t), "answer": "", "info": _info(t)} for t in tasks])

    async def setup_state(self, state: vf.State, **_: Any) -> vf.State:
        """Open the task's rollout on a fresh overlay."""
        info = json.loads(state["info"]) if isinstance(state["info"], str) else state["info"]
        try:
            state["rollout"] = await self.setup.enter(info["task_id"], info["world"])
        except InfrastructureError as error:
            raise vf.InfraError(str(error)) from error
        return state

    async def env_response(self, messages: Any, state: vf.State, **_: Any) -> Any:
        """Take the turn; end the rollout when it finished or its turns are used up."""
        rollout: Rollout = state["rollout"]
        try:
            replies = await self.take_turn(rollout, messages[-1])
        except InfrastructureError as error:
            raise vf.InfraError(str(error)) from error
        if len(state["trajectory"]) >= self.setup.max_turns:
            rollout.end("limit_reached")
        if rollout.finished:
            state["final_env_response"] = replies
        return replies

    async def take_turn(self, rollout: Rollout, message: Any) -> list[Any]:
        """Execute one assistant message; the messages that answer it."""
        raise AssertionError(f"{type(self).__name__} must say what a turn is")

    @vf.cleanup
    async def close_rollout(self, state: vf.State) -> None:
        """Settle how the rollout ended and judge it, before the rubric runs; saved rows carry the verdict in `info`."""
        rollout: Rollout | None = state.get("rollout")
        if rollout is None or state.get("error") is not None:
            return
        if state.get("prompt_too_long"):
            rollout.end("context_limit")
        rollout.end("no_finish")
        state["score"] = score(rollout, self.setup.profile(rollout.task))
        verdict = state["score"].verdict
        state["verdict"] = verdict.to_json()
        state["info"] = {**_info_of(state), "success": verdict.correct, "verdict": state["verdict"]}

    @vf.teardown
    async def close_connections(self) -> None:
        """Close this event loop's connections to a remote server, in bounded time, when the framework is done."""
        await self.setup.close()


class MedAgentBenchEnv(OverRollout, vf.StatefulToolEnv):
    """MedAgentBench V2 as a ToolEnv; make one with `load_environment`."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(tools=[], **self.options(setup))
        for tool in TOOLS.values():
            self.add_tool(_named(tool.name, tool.description))
        self.tool_defs = [
            vf.Tool(name=tool.name, description=tool.description, parameters=tool.schema) for tool in TOOLS.values()
        ]

    def update_tool_args(
        self, tool_name: str, tool_args: dict[str, Any], messages: Any, state: vf.State, **_: Any
    ) -> dict[str, Any]:
        """Nothing is hidden in arguments: the rollout is reached through the state."""
        return tool_args

    async def take_turn(self, rollout: Rollout, message: Any) -> list[Any]:
        """Execute the message's calls in order."""
        return [
            vf.ToolMessage(role="tool", content=await rollout.call(call.name, call.arguments), tool_call_id=call.id)
            for call in message.tool_calls or ()
        ]


def _rubric() -> vf.Rubric:
    async def medagentbench_reward(state: vf.State) -> float:
        """1.0 when every check of the verdict passed, else 0.0; 0.0 for a rollout that is an infrastructure error."""
        found = _score_of(state)
        return found.verdict.reward if found else 0.0

    rubric = vf.Rubric(funcs=[medagentbench_reward], weights=[1.0])
    for name, metric in METRICS.items():
        rubric.add_reward_func(_metric(name, metric), weight=0.0)
    return rubric


def _metric(name: str, metric: Callable[[Score], float]) -> Callable[..., Any]:
    async def measure(state: vf.State) -> float:
        found = _score_of(state)
        return metric(found) if found else 0.0

    measure.__name__ = name
    measure.__doc__ = metric.__doc__
    return measure


def _score_of(state: vf.State) -> Score | None:
    """The score that `close_rollout` left; None for a rollout that ended in an infrastructure error."""
    return None if state.get("error") is not None else state.get("score")


def _info(task: Task) -> str:
    family = task.family
    return json.dumps({"task_id": task.id, "task_type": family.task_type, "family": family.slug, "world": task.world})


def _info_of(state: vf.State) -> dict[str, Any]:
    """The row's info; some versions hand it over decoded."""
    info = state["info"]
    return dict(json.loads(info) if isinstance(info, str) else info)


def _named(name: str, description: str) -> Callable[[], str]:
    def tool() -> str:
        raise AssertionError(f"{name} is executed by the rollout")

    tool.__name__, tool.__doc__ = name, description
    return tool
