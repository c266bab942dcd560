"""What a process pays between model turns: no step of ours is long, and a group shares what its first rollout read."""

from __future__ import annotations

import asyncio

from medagentbenchv2.setup import Setup
from tests.benchmarks.costs import group, planting


def test_the_others_of_a_group_cost_a_tenth_of_the_first_at_most() -> None:
    setup = Setup(tasks_variant="generated", split="train", num_train_tasks=100, seed=31)
    found = asyncio.run(group(setup, setup.train_tasks))
    assert found["other_open_us"] < 0.1 * found["first_open_us"]


def test_2000_tasks_a_second_are_planted() -> None:
    assert planting(worlds=2)["planted_per_s"] > 2000
