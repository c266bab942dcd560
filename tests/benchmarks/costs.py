"""What one process pays before and between model turns, in CPU time, so that other load does not count.

    python -m tests.benchmarks.costs

Time to the first task (nothing cached on the machine, then cached), what the first rollout of a group of 16 costs and
what each of the other 15, the longest single step of our own code with every task met for the first time, and how many
tasks a second are planted, without and with growing the world's charts.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks import generated
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tools.call import Result

GROUP = 16
FIRST = """
import asyncio, json, time
cpu = time.process_time()
from medagentbenchv2.setup import Setup
imported = time.process_time()
setup = Setup({arguments})
task = ({tasks})[0]
asyncio.run(setup.open(task))
ended = time.process_time()
print(json.dumps({{"import_cpu_s": round(imported - cpu, 3), "first_task_cpu_s": round(ended - imported, 3)}}))
"""
WORLDS = {
    "world 0": ("", "setup.tasks"),
    "a training world": ("tasks_variant='generated', split='train', num_train_tasks=200", "setup.train_tasks"),
}
_T = TypeVar("_T")


def first_task() -> list[dict[str, Any]]:
    """CPU seconds of a fresh process to its first open rollout."""
    found = []
    for name, (arguments, tasks) in WORLDS.items():
        with tempfile.TemporaryDirectory() as cache:
            for state in ("nothing cached", "cached"):
                command = [sys.executable, "-c", FIRST.format(arguments=arguments, tasks=tasks)]
                environment = os.environ | {"MEDAGENTBENCHV2_CACHE": cache}
                done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
                found.append({"first_task_of": name, "machine": state} | json.loads(done.stdout))
    return found


async def group(setup: Setup, tasks: list[Task]) -> dict[str, Any]:
    """Microseconds to open the first rollout of a task and each of the 15 others, on average."""
    first = others = 0.0
    for task in tasks:
        began = time.thread_time()
        await setup.open(task)
        opened = time.thread_time()
        for _ in range(GROUP - 1):
            await setup.open(task)
        first, others = first + opened - began, others + time.thread_time() - opened
    each = others / len(tasks) / (GROUP - 1)
    return {"group_of": GROUP, "first_open_us": round(first / len(tasks) * 1e6), "other_open_us": round(each * 1e6, 1)}


async def steps(setup: Setup, tasks: list[Task]) -> dict[str, Any]:
    """The longest and the p99 of all opens, calls and verdicts of the oracle's rollouts, in milliseconds."""
    taken: list[tuple[float, str]] = []

    async def timed(what: str, work: Awaitable[_T]) -> _T:
        began = time.thread_time()
        try:
            return await work
        finally:
            taken.append((time.thread_time() - began, what))

    for task in tasks:
        rollout, results = await timed(f"open {task.id}", setup.open(task)), list[Result]()
        while not rollout.finished:
            for call in Oracle().turn(task, results, None).calls:
                work = rollout.call(call.tool, call.arguments)
                results.append(Result(await timed(f"{call.tool} {task.id}", work)))
        began = time.thread_time()
        assert rollout.verdict().correct
        taken.append((time.thread_time() - began, f"verdict {task.id}"))
    taken.sort()
    late, (longest, what) = taken[int(len(taken) * 0.99)][0], taken[-1]
    return {"steps": len(taken), "p99_ms": round(late * 1e3, 2), "max_ms": round(longest * 1e3, 2), "longest": what}


def planting(worlds: int = 10) -> dict[str, Any]:
    """Tasks a second, planting alone and with the growing of the charts."""
    spent, plant = [0.0], generated.plant

    def timed(*arguments: Any, **more: Any) -> Any:
        began = time.process_time()
        try:
            return plant(*arguments, **more)
        finally:
            spent[0] += time.process_time() - began

    generated.plant = timed
    try:
        began = time.process_time()
        tasks = sum(
            len(generated.grow_anew(generated.Recipe(n)).tasks[generated.GENERATED]) for n in range(1, worlds + 1)
        )
        whole = time.process_time() - began
    finally:
        generated.plant = plant
    return {"tasks": tasks, "planted_per_s": round(tasks / spent[0]), "with_charts_per_s": round(tasks / whole)}


def main() -> list[dict[str, Any]]:
    """Run and print; returns what was printed."""
    found = first_task()
    shipped = [Setup(tasks_variant=variant) for variant in ("new_patient_tasks", "test_data_v2")]
    for setup in shipped:
        setup.check()
    gc.collect()
    gc.freeze()  # as verifiers' workers do between loading the environment and the first rollout
    for setup in shipped:
        found.append({"own_steps_of": setup.tasks_variant} | asyncio.run(steps(setup, setup.tasks)))
    training = Setup(tasks_variant="generated", split="train", num_train_tasks=200)
    found += [asyncio.run(group(training, training.train_tasks)), planting()]
    for one in found:
        print(json.dumps(one), flush=True)
    return found


if __name__ == "__main__":
    main()
