"""The way prime-rl plays rollouts, without prime-rl: a pool of environment workers, asked over ZeroMQ.

    medagentbenchv2 agent serve oracle --variant generated --split train --num-train-tasks 40
    python examples/train_prime_rl/serve.py --base-url http://127.0.0.1:8901/v1 --workers 2 --number 40

Run it before you book GPUs: all that a trainer will do to the environment happens here, on CPUs, against any
OpenAI-compatible endpoint. It needs verifiers 0.3 or later.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import verifiers.v1 as vf
from verifiers.v1.serve import EnvClient, env_config_data, serve_env


def config(taskset: dict[str, Any]) -> Any:
    """The environment as a trainer's TOML names it, under `[orchestrator.train.source.env]`."""
    return vf.resolve_env_config({"taskset": {"id": "medagentbenchv2", **taskset}})


@asynccontextmanager
async def served(env: Any, workers: int) -> AsyncIterator[EnvClient]:
    """A client of a fixed pool of workers, which ends with the block."""
    spawn = multiprocessing.get_context("spawn")
    addresses, (ours, theirs) = spawn.Queue(), spawn.Pipe()
    pool = vf.pool_serve_kwargs(vf.StaticPoolConfig(num_workers=workers))
    settings = pool | {"address": "tcp://127.0.0.1:0", "address_queue": addresses, "death_pipe": theirs}
    process = spawn.Process(target=serve_env, kwargs=settings | {"config_data": env_config_data(env)})
    process.start()
    theirs.close()
    client = EnvClient(await asyncio.to_thread(addresses.get, timeout=120))
    try:
        await client.wait_for_server_startup()
        yield client
    finally:
        await client.close()
        process.terminate()
        await asyncio.to_thread(process.join)
        ours.close()


async def play(env: Any, model: str, base_url: str, key: str, workers: int, number: int) -> list[dict[str, Any]]:
    """One rollout of each of the first tasks; what became of it, in their order."""
    tasks = [task for task, _ in zip(vf.load_taskset(env.taskset), range(number), strict=False)]
    endpoint = vf.EvalClientConfig(base_url=base_url, api_key_var=key)

    async def one(client: EnvClient, task: Any) -> dict[str, Any]:
        sent = task.data.model_dump(mode="json")
        episode = await client.run(client=endpoint, model=model, sampling=vf.SamplingConfig(), task_data=sent)
        (trace,) = episode.traces
        return {"task": task.key, "reward": trace.reward, "metrics": trace.metrics, "info": trace.info}

    async with served(env, workers) as client:
        return list(await asyncio.gather(*(one(client, task) for task in tasks)))


def main() -> None:
    """Play, write one line a rollout, print the mean reward."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="agent")
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--api-key-var", default="OPENAI_API_KEY")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--number", type=int, default=40)
    parser.add_argument("--difficulty", type=int, default=1)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    os.environ.setdefault(chosen.api_key_var, "none")
    taskset = {"tasks_variant": "generated", "split": "train", "num_train_tasks": chosen.number}
    env = config(taskset | {"difficulty": chosen.difficulty, "tool_output": "compact"})
    rows = asyncio.run(play(env, chosen.model, chosen.base_url, chosen.api_key_var, chosen.workers, chosen.number))
    if chosen.out:
        chosen.out.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    print(f"mean reward {sum(row['reward'] for row in rows) / len(rows):.3f} of {len(rows)} rollouts")


if __name__ == "__main__":
    main()
