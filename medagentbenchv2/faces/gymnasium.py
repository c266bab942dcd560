"""The environment for Gymnasium: text observations, and tool calls as JSON text.

Importing this module registers it: `gymnasium.make("MedAgentBench-v2")`; without the import,
`gymnasium.make("medagentbenchv2.faces.gymnasium:MedAgentBench-v2")`. An action is a call as JSON text,
`{"tool": ..., "arguments": {...}}` (`arguments` may also be a model's own JSON text), or in the text protocol the
action itself (`GET ...`, `POST ...`, `FINISH([...])`). The reward is paid when the task is finished;
`info["verdict"]` says why. Gymnasium's interface waits: inside a running event loop (a notebook, an async trainer) it
works, and that loop stands still meanwhile; `asyncio.to_thread` keeps it going.
"""

from __future__ import annotations

import string
from typing import Any

import gymnasium
import orjson
from gymnasium.spaces import Text

from medagentbenchv2.errors import ArgumentError, InfrastructureError
from medagentbenchv2.faces.scoring import score
from medagentbenchv2.faces.waiting import Waiter
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.selection import split_types
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.text_protocol import TextSession

ID = "MedAgentBench-v2"
LONGEST = 2_000_000
"""Characters of an observation at most; longer ones are cut."""
LONGEST_ACTION = 100_000


class AnyText(Text):
    """Text of any characters: a record holds names in every script."""

    def __init__(self, max_length: int) -> None:
        super().__init__(max_length, min_length=0, charset=string.printable)

    def contains(self, x: Any) -> bool:
        """True for any text that is not too long."""
        return isinstance(x, str) and len(x) <= self.max_length

    def sample(self, *arguments: Any, **more: Any) -> str:
        """A short text of printable characters."""
        return str(super().sample(*arguments, **more))[:200]


class MedAgentBenchGym(gymnasium.Env[str, str]):
    """One task an episode. `reset(options={"task_id": ...})` picks the task; otherwise it is drawn with the seed.

    Keyword arguments are those of `load_environment`. Raises ArgumentError for an unusable one.
    """

    metadata = {"render_modes": ["ansi"]}  # noqa: RUF012 - Gymnasium's own type

    def __init__(self, *, render_mode: str | None = None, **arguments: Any) -> None:
        types = split_types(arguments.pop("task_types", None))
        self.setup = Setup(**arguments, task_types=tuple(types) if types else None)
        self.setup.check()
        self.render_mode = render_mode
        self.tasks = self.setup.train_tasks if self.setup.split == "train" else self.setup.tasks
        self._by_id = {task.id: task for task in self.tasks}
        self.observation_space = AnyText(LONGEST)
        self.action_space = AnyText(LONGEST_ACTION)
        self._waiter = Waiter()
        self._rollout: Rollout | None = None
        self._turns, self._seen = 0, ""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Start a task; the observation is its prompt, `info["system_prompt"]` the rules."""
        super().reset(seed=seed)
        task = self._choose((options or {}).get("task_id"))
        self._rollout, self._turns = self._waiter.wait(self.setup.open(task)), 0
        self._seen = self.setup.prompt(task)
        named = {"task_id": task.id, "task_type": task.family.task_type, "family": task.family.slug}
        return self._seen, {**named, "system_prompt": self.setup.system_prompt}

    def _choose(self, task_id: str | None) -> Task:
        if task_id is None:
            return self.tasks[int(self.np_random.integers(len(self.tasks)))]
        if task_id not in self._by_id:
            raise ArgumentError(f"task_id: {task_id!r} is not a task here; the first is {self.tasks[0].id!r}")
        return self._by_id[task_id]

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Take one action; an unreadable one is told in the observation.

        Raises InfrastructureError when the EHR has no answer; the episode is over then, without a reward.
        """
        rollout = self._rollout
        if rollout is None:
            raise gymnasium.error.ResetNeeded("call reset before step")
        self._turns += 1
        try:
            self._seen = self._waiter.wait(self._act(rollout, action))[:LONGEST]
        except InfrastructureError:
            self._rollout = None
            raise
        finished = rollout.finished
        out_of_turns = not finished and self._turns >= self.setup.max_turns
        if out_of_turns:
            rollout.end("limit_reached")
        if not rollout.finished:
            return self._seen, 0.0, False, False, {}
        found = score(rollout, self.setup.profile(rollout.task))
        info = {"verdict": found.verdict.to_json(), "metrics": found.metrics()}
        return self._seen, found.verdict.reward, finished, out_of_turns, info

    async def _act(self, rollout: Rollout, action: str) -> str:
        if self.setup.protocol == "text":
            return await TextSession(rollout).reply(action)
        try:
            call = orjson.loads(action)
        except orjson.JSONDecodeError:
            call = None
        if not isinstance(call, dict) or not isinstance(call.get("tool"), str):
            rollout.calls += 1
            rollout.invalid_calls += 1
            return _UNREADABLE
        arguments = call.get("arguments", {})
        given = arguments if isinstance(arguments, dict | str) else orjson.dumps(arguments).decode()
        return await rollout.call(call["tool"], given)

    def render(self) -> str | None:
        """What the agent reads now."""
        return self._seen if self.render_mode == "ansi" else None

    def close(self) -> None:
        """Close connections and end the thread that waits; a later reset starts anew."""
        if self._waiter.running:
            self._waiter.wait(self.setup.close())
            self._waiter.close()


_UNREADABLE = 'Nothing was done: an action is JSON text such as {"tool": "finish", "arguments": {"value": [1]}}.'

gymnasium.register(ID, entry_point="medagentbenchv2.faces.gymnasium:MedAgentBenchGym")
