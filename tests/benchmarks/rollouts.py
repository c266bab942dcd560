"""How much of a framework's own speed is left: classic and v1 rollouts against a trivial environment of the same kind.

    python -m tests.benchmarks.rollouts [--rollouts 128] [--concurrency 64] [--pairs 7] [--face classic --face v1]

A model without latency repeats the oracle's recorded turns in a process of its own. The trivial environment shows the
same tools, and answers with texts of the same sizes at once. Ours and the trivial one run in turn, in pairs; medians
and their ratio are printed, with the longest stalls of the event loop and the memory of many open rollouts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from medagentbenchv2.rollout import Rollout
from medagentbenchv2.setup import Setup
from tests.benchmarks.recordings import Recording, record

Play = Callable[[int, int], Awaitable[float]]
"""(rollouts, concurrency) -> mean reward."""
SETUP = Setup()
TICK_S = 0.002


async def with_stalls(work: Awaitable[Any]) -> tuple[Any, list[float]]:
    """The work's result, and by how many seconds the event loop was late at each tick meanwhile."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(TICK_S)
            late.append(time.perf_counter() - asked - TICK_S)

    ticking = asyncio.create_task(tick())
    try:
        return await work, late
    finally:
        ticking.cancel()


def classic(recordings: list[Recording], base_url: str) -> tuple[Play, Play]:
    """Ours and the trivial one, with the classic interface."""
    from medagentbenchv2 import load_environment
    from tests.benchmarks.trivial_classic import trivial_env

    def player(env: Any) -> Play:
        import verifiers as vf

        client = vf.ClientConfig(api_base_url=base_url, api_key_var="BENCH_KEY")
        prompts = {one["prompt"] for one in recordings}
        rows = env.get_eval_dataset().filter(lambda row: row["prompt"][-1]["content"] in prompts)

        async def play(rollouts: int, concurrency: int) -> float:
            inputs = [dict(rows[i % len(rows)]) | {"example_id": i} for i in range(rollouts)]
            done = await env.generate(inputs, client, "recorded", max_concurrent=concurrency, on_progress=_silent)
            return statistics.fmean(row["reward"] for row in done["outputs"])

        return play

    return player(load_environment()), player(trivial_env(SETUP, recordings))


def _silent(*_: Any) -> None:
    """No progress bar."""


def v1(recordings: list[Recording], base_url: str) -> tuple[Play, Play]:
    """Ours and the trivial one, with v1."""
    sys.path.insert(0, str(Path(__file__).parent))
    import verifiers.v1 as vf

    from medagentbenchv2.faces.v1.env import load_v1_environment

    prompts = {one["prompt"] for one in recordings}

    def player(make: Callable[[], Any]) -> Play:
        env = make()
        tasks = [task for task in env.taskset if task.data.prompt in prompts]

        async def play(rollouts: int, concurrency: int) -> float:
            client = vf.EvalClientConfig(base_url=base_url, api_key_var="BENCH_KEY")
            context, gate = vf.ModelContext(model="recorded", client=client), asyncio.Semaphore(concurrency)
            slots = [env.slots(tasks[i % len(tasks)])[0] for i in range(rollouts)]
            async with env.serving():
                episodes = await asyncio.gather(*[env.run_slot(slot, context, gate) for slot in slots])
            return statistics.fmean(trace.reward for episode in episodes for trace in episode.traces)

        return play

    trivial = {"taskset": {"id": "trivial_v1"}}
    return player(lambda: load_v1_environment(SETUP)), player(
        lambda: vf.load_environment(vf.resolve_env_config(trivial))
    )


FACES = {"classic": classic, "v1": v1}


def compare(face: str, ours: Play, trivial: Play, options: argparse.Namespace) -> dict[str, Any]:
    """Rollouts a second of both, in interleaved pairs after one round to warm up, and the stalls of ours."""
    speeds: dict[str, list[float]] = {"ours": [], "trivial": []}
    stalls: dict[str, list[float]] = {"ours": [], "trivial": []}
    for pair in range(options.pairs + 1):
        for name, play in (("ours", ours), ("trivial", trivial)):
            gc.collect()
            started = time.perf_counter()
            reward, late = asyncio.run(with_stalls(play(options.rollouts, options.concurrency)))
            assert reward == 1.0, (name, reward)
            if pair:
                speeds[name].append(options.rollouts / (time.perf_counter() - started))
                stalls[name] += late
    ratios = [own / ceiling for own, ceiling in zip(speeds["ours"], speeds["trivial"], strict=True)]
    return {
        "face": face,
        "rollouts_per_s": round(statistics.median(speeds["ours"]), 1),
        "ceiling_per_s": round(statistics.median(speeds["trivial"]), 1),
        "ratio_of_medians": round(statistics.median(speeds["ours"]) / statistics.median(speeds["trivial"]), 3),
        "median_ratio_of_pairs": round(statistics.median(ratios), 3),
        "pairs": options.pairs,
        **{
            f"stall_p99_ms_{name}": round(1000 * sorted(late)[int(len(late) * 0.99)], 2)
            for name, late in stalls.items()
        },
        **{f"stall_max_ms_{name}": round(1000 * max(late), 2) for name, late in stalls.items()},
    }


def memory(recordings: list[Recording], number: int = 4096) -> dict[str, Any]:
    """Resident memory of many rollouts that have done everything but finish, beyond what the world itself takes."""
    by_prompt = {SETUP.prompt(task): task for task in SETUP.tasks}

    async def open_many(many: int) -> list[Rollout]:
        rollouts = []
        for place in range(many):
            one = recordings[place % len(recordings)]
            rollouts.append(await SETUP.open(by_prompt[one["prompt"]]))
            for answer in one["completions"][:-1]:
                (call,) = answer["choices"][0]["message"]["tool_calls"]
                await rollouts[-1].call(call["function"]["name"], call["function"]["arguments"])
        return rollouts

    asyncio.run(open_many(len(recordings)))
    gc.collect()
    before = _resident()
    rollouts = asyncio.run(open_many(number))
    gc.collect()
    grown = _resident() - before
    return {"open_rollouts": len(rollouts), "MiB": round(grown / 2**20, 1), "KiB_each": round(grown / 1024 / number, 2)}


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def model(recordings: list[Recording]) -> Iterator[str]:
    """The recorded model in a process of its own; its base URL."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        saved = Path(folder) / "recordings.json"
        saved.write_text(json.dumps(recordings))
        os.environ |= {"RECORDINGS": str(saved), "BENCH_KEY": "none"}
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.recordings", str(port), str(saved)])
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at port {port}")


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    """Run and print; returns what was printed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollouts", type=int, default=128)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--face", action="append", choices=sorted(FACES))
    options = parser.parse_args(arguments)
    recordings = record(SETUP, 100)
    found = [memory(recordings)]
    print(json.dumps(found[0]), flush=True)
    with model(recordings) as base_url:
        for face in options.face or sorted(FACES):
            ours, trivial = FACES[face](recordings, base_url)
            found.append(compare(face, ours, trivial, options))
            print(json.dumps(found[-1]), flush=True)
    return found


if __name__ == "__main__":
    main()
