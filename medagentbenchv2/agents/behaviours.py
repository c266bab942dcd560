"""The scripted agents: one that is right, some that do nothing useful, and one that errs at a known rate."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from medagentbenchv2.agents.script import Turn
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tools.call import Call, Result


@dataclass(frozen=True)
class Oracle:
    """Solves every task through the tools, one call a turn, by replaying the family's `solve` on the results."""

    name: str = "oracle"

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        """The call that follows the results; text alone once the task is solved."""
        steps = task.solve()
        call = next(steps, None)
        for result in results:
            if call is None:
                break
            try:
                call = steps.send(result)
            except StopIteration:
                call = None
        return Turn((call,)) if call is not None else Turn(text="Done.")


@dataclass(frozen=True)
class Constant:
    """Finishes at once with the same answer to everything."""

    name: str
    answer: tuple[float, ...] = ()

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        """Finish, whatever the task."""
        return Turn((Call("finish", {"value": list(self.answer)}),))


@dataclass(frozen=True)
class Silent:
    """Never calls a tool."""

    name: str = "silent"

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        """Text alone."""
        return Turn(text="I have reviewed the chart and there is nothing to do.")


@dataclass(frozen=True)
class Erring:
    """The oracle, but on a known share of rollouts it finishes with a wrong answer.

    Whether it errs is decided by a hash of the prompt, the request's seed and the agent's own seed, so that a rate of
    0.3 errs on 30 % of (task, seed) pairs and the same request always gets the same reply.
    """

    rate: float
    seed: int = 0
    oracle: Oracle = field(default_factory=Oracle)

    @property
    def name(self) -> str:
        """`erring:<rate>`, with the seed where it is not 0."""
        return f"erring:{self.rate:g}" + (f":{self.seed}" if self.seed else "")

    def errs(self, task: Task, seed: int | None) -> bool:
        """True when this agent gets this task wrong under this request seed."""
        key = f"{self.seed}/{seed or 0}/{task.instruction}/{task.context}".encode()
        draw = int.from_bytes(hashlib.sha256(key).digest()[:8], "big") / 2**64
        return draw < self.rate

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        """The oracle's turn, its answer spoiled where this agent errs."""
        turn = self.oracle.turn(task, results, seed)
        if not turn.calls or turn.calls[0].tool != "finish" or not self.errs(task, seed):
            return turn
        spoiled = [*turn.calls[0].arguments["value"], "unsure"]
        return Turn((Call("finish", {"value": spoiled}),))
