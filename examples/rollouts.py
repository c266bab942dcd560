"""Rollouts without a framework: a plain async loop with an OpenAI client, all that a trainer needs.

    medagentbenchv2 agent serve oracle --port 8901
    python examples/rollouts.py --base-url http://127.0.0.1:8901/v1 --model oracle -n 20

Any OpenAI-compatible endpoint does: leave out --base-url for OpenAI's own, and set OPENAI_API_KEY.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from typing import Any

import openai

from medagentbenchv2 import Rollout, Task
from medagentbenchv2.setup import Setup
from medagentbenchv2.tools.registry import openai_tools


async def play(client: openai.AsyncOpenAI, model: str, setup: Setup, task: Task) -> tuple[Rollout, list[Any]]:
    """Play one task; the ended rollout, and the conversation."""
    rollout = await setup.open(task)
    messages: list[Any] = setup.messages(task)
    for _ in range(setup.max_turns):
        answer = await client.chat.completions.create(model=model, messages=messages, tools=openai_tools())
        message = answer.choices[0].message
        messages.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls or ():
            result = await rollout.call(call.function.name, call.function.arguments)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        if rollout.finished or not message.tool_calls:
            break
    rollout.end("limit_reached" if messages[-1]["role"] == "tool" else "no_finish")
    return rollout, messages


async def play_all(
    client: openai.AsyncOpenAI, model: str, setup: Setup, tasks: Sequence[Task], concurrency: int
) -> list[Rollout]:
    """Play tasks side by side; the rollouts in the order of the tasks."""
    gate = asyncio.Semaphore(concurrency)

    async def one(task: Task) -> Rollout:
        async with gate:
            rollout, _ = await play(client, model, setup, task)
        verdict = rollout.verdict()
        faults = "; ".join(f"{check.name}: {check.found}" for check in verdict.failed)
        print(f"{task.id:10} {task.family.slug:22} {verdict.reward:.0f}  {faults}")
        return rollout

    return await asyncio.gather(*map(one, tasks))


async def main() -> None:
    """Play the first tasks of a variant and print the mean reward."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--base-url")
    parser.add_argument("--variant", default="new_patient_tasks")
    parser.add_argument("-n", type=int, default=20)
    parser.add_argument("--concurrency", type=int, default=16)
    chosen = parser.parse_args()
    setup = Setup(tasks_variant=chosen.variant)
    # A local server needs no key, but the client wants one.
    key = "none" if chosen.base_url else None
    async with openai.AsyncOpenAI(base_url=chosen.base_url, api_key=key) as client:
        rollouts = await play_all(client, chosen.model, setup, setup.tasks[: chosen.n], chosen.concurrency)
    rewards = [rollout.verdict().reward for rollout in rollouts]
    print(f"mean reward {sum(rewards) / len(rewards):.3f} of {len(rewards)} tasks")


if __name__ == "__main__":
    asyncio.run(main())
