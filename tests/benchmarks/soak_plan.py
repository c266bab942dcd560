"""What a soak plays: campaigns of every scripted agent, over every variant, protocol and EHR, in a seeded order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.world import VARIANTS

Backing = Literal["embedded", "server"]
AGENTS = {
    "oracle": 5, "erring:0.1:1": 2, "erring:0.3:2": 2, "erring:0.6:3": 2, "null": 2, "minus_one": 1, "silent": 2,
    "always_order": 2, "order_unread": 2, "copy_prompt": 2, "every_value": 1, "brute_force": 2, "guessing:1": 1,
    "guessing:2": 1, "guessing:3": 1,
}  # fmt: skip
"""Agent -> its share of the campaigns."""
SHARES = {"new_patient_tasks": 6, "test_data_v2": 5, "new_tasks": 1}


@dataclass(frozen=True)
class Part:
    """One campaign: an agent over the tasks of a variant."""

    number: int
    agent: str
    variant: str
    protocol: str
    tool_output: str
    backing: Backing

    @property
    def model(self) -> str:
        """What the model endpoint knows it as."""
        return f"{self.agent}|{self.variant}|{self.protocol}"

    @property
    def tasks(self) -> int:
        """Tasks of the variant."""
        return len(Setup(tasks_variant=self.variant).tasks)

    @property
    def repeats(self) -> int:
        """Attempts at each task; over a server one, which takes as long as several in the embedded EHR."""
        return 1 if self.backing == "server" else 10 if self.variant == "new_tasks" else 2

    def setup(self) -> Setup:
        """Over the embedded EHR."""
        return Setup(tasks_variant=self.variant, protocol=self.protocol, tool_output=self.tool_output)


def plan(rollouts: int, seed: int) -> Iterator[Part]:
    """Campaigns of at least so many rollouts together."""
    rng, left, number = random.Random(seed), rollouts, 0
    while left > 0:
        (agent,) = rng.choices(list(AGENTS), list(AGENTS.values()))
        (variant,) = rng.choices(list(SHARES), list(SHARES.values()))
        protocol, output = rng.choice(("tools", "tools", "text")), rng.choice(("bundle", "compact"))
        backing: Backing = "server" if rng.random() < 0.2 else "embedded"
        part = Part(number, agent, variant, protocol, output, backing)
        yield part
        left, number = left - part.tasks * part.repeats, number + 1


def models() -> Iterator[tuple[str, str, str]]:
    """Agent, variant and protocol of everything that may be asked for."""
    for agent in AGENTS:
        for variant in VARIANTS:
            for protocol in ("tools", "text"):
                yield agent, variant, protocol
