"""A campaign spread over a Ray cluster: one file of the EHR per machine, the same rows however many workers there are.

    pip install "medagentbenchv2[ray]"
    python examples/ray_campaign.py --agent erring:0.3 --workers 4 --out rows.jsonl
    python examples/ray_campaign.py --model gpt-4.1-mini --workers 4 --repeats 3 --out rows.jsonl

With RAY_ADDRESS set the cluster there is used, else a local one is started.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import ray

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.endpoint import ChatClient, Endpoint
from medagentbenchv2.runs.player import ModelPlayer, Played, Player, ScriptedPlayer
from medagentbenchv2.setup import Setup

Job = tuple[int, int]
"""Index of a task, and attempt: what a rollout depends on, wherever it is played."""


@ray.remote
class Worker:
    """Opens the setup once; all workers of a machine map the same file of the EHR."""

    def __init__(self, setup: dict[str, Any], who: dict[str, Any]) -> None:
        self.setup, self.who = Setup(**setup), who

    def about(self) -> dict[str, str]:
        """Where this worker runs, and the checksum of the EHR that it sees."""
        return {"host": socket.gethostname(), "ehr": self.setup.world.snapshot.checksum}

    async def play(self, jobs: Sequence[Job]) -> list[dict[str, Any]]:
        """Play some rollouts side by side."""
        async with AsyncExitStack() as stack:
            if self.who.get("agent"):
                player: Player = ScriptedPlayer(agent_of(self.who["agent"]))
            else:
                client = await stack.enter_async_context(ChatClient(Endpoint(self.who["model"], self.who["base_url"])))
                player = ModelPlayer(client, self.who["model"])
            return await asyncio.gather(*(self._rollout(player, *job) for job in jobs))

    async def _rollout(self, player: Player, index: int, attempt: int) -> dict[str, Any]:
        task = self.setup.tasks[index]
        rollout = await self.setup.open(task)
        played = Played(self.setup.messages(task))
        await player.play(rollout, played, max_turns=self.setup.max_turns, seed=self.setup.seed + attempt - 1)
        verdict = rollout.verdict(self.setup.profile(task))
        failed = [check.name for check in verdict.failed]
        row = {"index": index, "attempt": attempt, "task_id": task.id, "family": task.family.slug}
        return row | {"reward": verdict.reward, "turns": played.turns, "failed": failed}


def campaign(
    setup: dict[str, Any], who: dict[str, Any], *, workers: int, repeats: int = 1, number: int | None = None,
    batch: int = 20,
) -> list[dict[str, Any]]:  # fmt: skip
    """The rows of all rollouts, by attempt and task; batches go to whichever worker is free."""
    count = len(Setup(**setup).tasks)
    jobs = [(index, attempt) for attempt in range(1, repeats + 1) for index in range(min(number or count, count))]
    crew = [Worker.remote(setup, who) for _ in range(workers)]
    hospitals = {about["ehr"] for about in ray.get([worker.about.remote() for worker in crew])}
    if len(hospitals) != 1:
        raise RuntimeError(f"the workers see different EHRs: {sorted(hospitals)}; install the same version everywhere")
    batches = [jobs[start : start + batch] for start in range(0, len(jobs), batch)]
    done = ray.util.ActorPool(crew).map_unordered(lambda worker, part: worker.play.remote(part), batches)
    return sorted((row for part in done for row in part), key=lambda row: (row["attempt"], row["index"]))


def digest(rows: Sequence[dict[str, Any]]) -> str:
    """SHA-256 over the rows: the same for any number of workers when the model is deterministic."""
    return hashlib.sha256(orjson.dumps(list(rows), option=orjson.OPT_SORT_KEYS)).hexdigest()


def main() -> None:
    """Run a campaign, write its rows, print the mean reward."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--agent", help="a scripted agent such as oracle or erring:0.3")
    parser.add_argument("--model", help="a model behind an OpenAI-compatible endpoint")
    parser.add_argument("--base-url")
    parser.add_argument("--variant", default="new_patient_tasks")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("-n", type=int, help="only the first tasks")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    if (chosen.agent is None) == (chosen.model is None):
        parser.error("give either --agent or --model")
    who = {"agent": chosen.agent, "model": chosen.model, "base_url": chosen.base_url}
    ray.init(log_to_driver=False)
    rows = campaign(
        {"tasks_variant": chosen.variant}, who, workers=chosen.workers, repeats=chosen.repeats, number=chosen.n
    )
    if chosen.out:
        chosen.out.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    mean = sum(row["reward"] for row in rows) / len(rows)
    print(f"mean reward {mean:.3f} of {len(rows)} rollouts with {chosen.workers} workers, digest {digest(rows)[:16]}")


if __name__ == "__main__":
    main()
