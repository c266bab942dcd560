"""Behaviours to choose from, the smallest learners that can choose among them, and groups of rollouts of one task."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medagentbenchv2.agents.behaviours import Constant, Oracle, Silent
from medagentbenchv2.agents.cheats import AlwaysOrder
from medagentbenchv2.agents.script import Agent, Turn, play
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import World
from medagentbenchv2.tools.call import Result


@dataclass(frozen=True)
class AnswerOnly:
    """The oracle, but it never files an order: right where nothing must be ordered."""

    name: str = "answer_only"

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        steps, left = task.solve(), list(results)
        call = next(steps)
        while True:
            if call.tool.endswith("_create"):
                call = steps.send(Result('{"created": true}'))
            elif left:
                call = steps.send(left.pop(0))
            else:
                return Turn((call,))


@dataclass(frozen=True)
class Wavering:
    """Behaves in one of several ways, as a hash of task and seed decides: a policy that still explores."""

    ways: tuple[Agent, ...]
    name: str = "wavering"

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        key = f"{seed}/{task.id}/{task.instruction}".encode()
        way = self.ways[int.from_bytes(hashlib.sha256(key).digest()[:4], "big") % len(self.ways)]
        return way.turn(task, results, seed)


BEHAVIOURS: tuple[Agent, ...] = (
    Constant("null"), Silent(), Constant("minus_one", (-1,)), AlwaysOrder(), AnswerOnly(), Oracle()
)  # fmt: skip
"""The first is the floor: what an untrained policy does."""


async def reward(world: World, task: Task, agent: Agent, seed: int = 0) -> float:
    rollout = await play(agent, await Rollout.enter(world, task), seed=seed)
    return rollout.verdict("strict").reward


@dataclass
class Bandit:
    """A softmax over BEHAVIOURS for each family, trained by REINFORCE with the mean reward as baseline."""

    families: Sequence[str]
    seed: int = 0
    rate: float = 0.6
    logits: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.logits = np.zeros((len(self.families), len(BEHAVIOURS)))

    def best(self, family: str) -> Agent:
        """What the policy does when it does not explore; the floor while nothing is learnt."""
        return BEHAVIOURS[int(np.argmax(self.logits[self.families.index(family)]))]

    async def train(self, worlds: Iterable[World], rollouts: int, *, shuffle: bool = False) -> None:
        """One update a batch of tasks, each tried once; with `shuffle` the rewards go to the wrong rollouts."""
        pool = [(world, task) for world in worlds for tasks in world.tasks.values() for task in tasks]
        known: dict[tuple[str, int], float] = {}
        for _ in range(rollouts // 64):
            batch = [pool[i] for i in self.rng.integers(len(pool), size=64)]
            rows = np.array([self.families.index(task.family.slug) for _, task in batch])
            chances = np.exp(self.logits[rows]) / np.exp(self.logits[rows]).sum(axis=1, keepdims=True)
            acts = np.array([self.rng.choice(len(BEHAVIOURS), p=row) for row in chances])
            for (world, task), act in zip(batch, acts.tolist(), strict=True):
                if (task.id, act) not in known:
                    known[task.id, act] = await reward(world, task, BEHAVIOURS[act])
            earned = np.array([known[task.id, act] for (_, task), act in zip(batch, acts.tolist(), strict=True)])
            earned = self.rng.permutation(earned) if shuffle else earned
            slope = -chances
            slope[np.arange(len(acts)), acts] += 1
            np.add.at(self.logits, rows, self.rate * (earned - earned.mean())[:, None] * slope)


WORDS = 512


def features(texts: Sequence[str]) -> NDArray[np.float64]:
    """Hashed words of a few texts, each text in a space of its own, 0 or 1, and a constant."""
    found = np.zeros(WORDS * len(texts) + 1)
    found[-1] = 1
    for place, text in enumerate(texts):
        for word in set(re.findall(r"[a-z0-9_]+", text.lower())):
            found[place * WORDS + int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % WORDS] = 1
    return found


async def states(worlds: Iterable[World]) -> tuple[NDArray[np.float64], list[str]]:
    """What stands before each of the oracle's turns, and the tool that it calls then."""
    rows, actions = [], []
    for world in worlds:
        for task in (task for tasks in world.tasks.values() for task in tasks):
            rollout, results, oracle = await Rollout.enter(world, task, output="compact"), [], Oracle()
            while not rollout.finished:
                (call,) = oracle.turn(task, results, None).calls
                rows.append(features([task.instruction, results[-1].text if results else "", f"turn{len(results)}"]))
                actions.append(call.tool)
                results.append(Result(await rollout.call(call.tool, call.arguments)))
    return np.array(rows), actions


@dataclass
class Cloned:
    """Multinomial logistic regression over tools, by gradient descent with some weight decay."""

    tools: Sequence[str]
    weights: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.weights = np.zeros((WORDS * 3 + 1, len(self.tools)))

    def fit(self, rows: NDArray[np.float64], actions: Sequence[str], steps: int = 400) -> None:
        wanted = np.eye(len(self.tools))[[self.tools.index(action) for action in actions]]
        for _ in range(steps):
            scores = rows @ self.weights
            chances = np.exp(scores - scores.max(axis=1, keepdims=True))
            chances /= chances.sum(axis=1, keepdims=True)
            self.weights += 0.5 * (rows.T @ (wanted - chances) / len(rows) - 1e-4 * self.weights)

    def accuracy(self, rows: NDArray[np.float64], actions: Sequence[str]) -> float:
        chosen = np.argmax(rows @ self.weights, axis=1)
        return float(np.mean([self.tools[at] == action for at, action in zip(chosen, actions, strict=True)]))


@dataclass(frozen=True)
class Groups:
    """How the groups of one branch ended."""

    groups: int
    all_0: float
    """The share whose rewards are all 0."""
    all_1: float
    """The share whose rewards are all 1."""

    @property
    def silent(self) -> float:
        """The share without a gradient."""
        return self.all_0 + self.all_1


async def group_audit(world: World, agent: Agent, size: int) -> dict[tuple[str, str], Groups]:
    """(family, branch) -> how groups of `size` rollouts of one task end under request seeds 1 to `size`."""
    ended: dict[tuple[str, str], Counter[str]] = {}
    for task in (task for tasks in world.tasks.values() for task in tasks):
        rewards = [await reward(world, task, agent, seed) for seed in range(1, size + 1)]
        kind = "all_0" if not any(rewards) else "all_1" if all(rewards) else "mixed"
        ended.setdefault((task.family.slug, str(task.branch)), Counter())[kind] += 1
    return {
        branch: Groups(count.total(), count["all_0"] / count.total(), count["all_1"] / count.total())
        for branch, count in ended.items()
    }
