"""A digest of everything that generated worlds say: also a program, for other interpreters and NumPys to run."""

from __future__ import annotations

import asyncio
import hashlib
import platform

import numpy as np
import orjson

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.generated import GENERATED, Recipe, grow_anew
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tools.call import Result

PLACES = ((1, 0, 1), (5, 3, 2), (4017, 17, 3))
"""World number, seed and difficulty."""


async def digest() -> str:
    """SHA-256 over fingerprint, snapshots, tasks, what is right, and every text that the oracle reads and sends."""
    found = hashlib.sha256(Setup().task_fingerprint.encode())
    for number, seed, difficulty in PLACES:
        world = grow_anew(Recipe(number, seed, difficulty, tuple(FAMILIES)))
        found.update(world.snapshot.checksum.encode())
        for task in world.tasks[GENERATED]:
            found.update(orjson.dumps(task.to_json()))
            rollout, results = await Rollout.enter(world, task), []
            found.update(orjson.dumps({p: e.model_dump(mode="json") for p, e in rollout.expectations.items()}))
            while not rollout.finished:
                (call,) = Oracle().turn(task, results, None).calls
                results.append(Result(await rollout.call(call.tool, call.arguments)))
                found.update(call.json.encode() + results[-1].text.encode())
            found.update(orjson.dumps(rollout.verdict().to_json()))
    return found.hexdigest()


if __name__ == "__main__":
    print(asyncio.run(digest()), platform.python_version(), np.__version__)
