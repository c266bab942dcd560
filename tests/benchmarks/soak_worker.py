"""One process of a soak: plays its part of the plan as campaigns, and holds every trace to an undisturbed rollout.

A scripted agent says the same to the same results. So whatever a network does, each rollout must end with the very
verdict, writes and conversation of one that was played in process without any network: a different verdict is an
infrastructure error that was scored, and a different write or answer came from another rollout.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from medagentbenchv2.agents.behaviours import Erring
from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.endpoint import ChatClient, Endpoint
from medagentbenchv2.fhir.export import counts, lines
from medagentbenchv2.fhir.remote import FIRST_ID
from medagentbenchv2.fhir.session import BASE_URL
from medagentbenchv2.fhir.wire import Server
from medagentbenchv2.results.rows import Row, Status
from medagentbenchv2.results.traces import Trace, read_traces
from medagentbenchv2.runs.campaign import Campaign
from medagentbenchv2.runs.player import ModelPlayer, Played, ScriptedPlayer
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import default_world
from tests.benchmarks.soak_plan import Part, plan

CONCURRENCY = 48
PASSES = 30
"""A campaign is resumed until none of its rollouts is an infrastructure error."""
_NUMBER = re.compile(rb"\b\d{6,10}\b")
_OWN = 10_000
"""Records that one rollout could write."""


class Tally:
    """Counts rollouts as they end; a row of an infrastructure error must hold no score."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def keep(self, rows: Sequence[Row]) -> None:
        """Rows of an earlier pass were counted then."""

    def count(self, row: Row) -> None:
        """One that has ended."""
        if row.status is not Status.ERROR:
            return
        self.counts["infrastructure errors"] += 1
        blank = row.reward is None and not row.correct and row.failure and row.failure.level1 == "infrastructure"
        self.counts["infrastructure errors scored"] += not blank


def play(part: Part, addresses: dict[str, str], folder: Path) -> Counter[str]:
    """Play a campaign to its end over a bad network, look at all that it wrote, and delete it."""
    shutil.rmtree(folder, ignore_errors=True)
    setup, tally = part.setup(), Tally()
    if part.backing == "server":
        setup = Setup(addresses["fhir"], **{n: getattr(part, m) for n, m in _ARGUMENTS.items()})
        # The preflight asks once, before any rollout, and is not what is soaked here.
        setup.__dict__["holding"] = Setup(addresses["fhir, direct"]).holding
        setup.__dict__["server"] = Server(addresses["fhir"], timeout_s=20.0, attempts=4)
    endpoint = Endpoint(part.model, addresses["model"], api_key_var=None, max_retries=1, timeout_s=60.0)

    async def once(resume: bool) -> dict[str, Any]:
        async with ChatClient(endpoint) as client:
            player = ModelPlayer(client, "agent", by_text=part.protocol == "text")
            details = {"model": part.model, "ehr": part.backing}
            campaign = Campaign(setup, player, folder, tuple(setup.tasks), part.repeats, CONCURRENCY, resume, details)
            return await campaign.run(tally)

    for number in range(PASSES):
        if not asyncio.run(once(resume=number > 0))["error"]:
            break
    found = tally.counts + audit(part, folder)
    found["retries of the EHR"] += setup.server.retries if setup.server else 0
    found["passes"] += number + 1
    shutil.rmtree(folder)
    return found


_ARGUMENTS = {"tasks_variant": "variant", "protocol": "protocol", "tool_output": "tool_output"}


def audit(part: Part, folder: Path) -> Counter[str]:
    """Hold a campaign's traces to undisturbed rollouts of the same agent."""
    (path,) = folder.rglob("traces.jsonl.zst")
    setup, found, right = part.setup(), Counter[str](), Reference(part)
    tasks = {task.id: task for task in setup.tasks}
    rows = [orjson.loads(line) for line in (path.parent / "runs.jsonl").read_bytes().splitlines()]
    found.update(f"status {row['status']}" for row in rows)
    keys = set()
    for trace in read_traces(path):
        keys.add((trace.task_id, trace.attempt))
        wanted, seen = right.of(tasks[trace.task_id], trace.attempt), digests(trace.verdict, trace.writes, trace)
        found["infrastructure errors scored"] += wanted[0] != seen[0]
        found["leaked writes"] += wanted[1] != seen[1] or wanted[2] != seen[2]
        found["writes"] += len(trace.writes)
        found["turns"] += len(trace.extra["requests"])
        found["retries of the model"] += sum(request["retries"] for request in trace.extra["requests"])
    found["rollouts"] = len(rows)
    found["lost or doubled"] = part.tasks * part.repeats - len(keys) + len(rows) - len(keys)
    return found


class Reference:
    """What an agent's rollouts end with when nothing disturbs them, worked out once for each task."""

    def __init__(self, part: Part) -> None:
        self.agent, self.setup = agent_of(part.agent), part.setup()
        self.player = ScriptedPlayer(self.agent, part.protocol == "text")
        self._kept: dict[tuple[str, bool], tuple[bytes, bytes, bytes]] = {}

    def of(self, task: Task, attempt: int) -> tuple[bytes, bytes, bytes]:
        """Digests of verdict, writes and conversation."""
        seed = self.setup.seed + attempt - 1
        key = (task.id, isinstance(self.agent, Erring) and self.agent.errs(task, seed))
        if key not in self._kept:
            self._kept[key] = asyncio.run(self._play(task, seed))
        return self._kept[key]

    async def _play(self, task: Task, seed: int) -> tuple[bytes, bytes, bytes]:
        rollout, played = await self.setup.open(task), Played(self.setup.messages(task))
        await self.player.play(rollout, played, max_turns=self.setup.max_turns, seed=seed)
        writes = [{"method": w.method, "kind": w.kind, "id": w.id, "resource": w.resource} for w in rollout.ehr.writes]
        return digests(rollout.verdict(self.setup.profile(task)).to_json(), writes, played)


def digests(verdict: Any, writes: Any, conversation: Trace | Played) -> tuple[bytes, bytes, bytes]:
    """Verdict, writes and conversation as digests, whichever server numbered the records."""
    said = [
        (m["role"], m.get("content") or "", [_call(call) for call in m.get("tool_calls") or ()])
        for m in conversation.messages
    ]
    return digest(verdict), digest(writes), digest(said)


def _call(call: dict[str, Any]) -> tuple[str, str]:
    return call["function"]["name"], call["function"]["arguments"]


def digest(value: Any) -> bytes:
    """SHA-256 of a value as JSON, with a rollout's own records counted from 0.

    Addresses, and the ids of Bundles, which follow from them, are left out.
    """
    first = default_world().snapshot.next_id

    def own(found: re.Match[bytes]) -> bytes:
        number = int(found.group())
        start = FIRST_ID if number >= FIRST_ID else first
        return b"own %d" % (number - start) if 0 <= number - start < _OWN else found.group()

    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    plain = _BUNDLE.sub(b"Bundle", _BASE.sub(BASE_URL.encode(), text))
    return hashlib.sha256(_NUMBER.sub(own, plain)).digest()


_BUNDLE = re.compile(rb"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
_BASE = re.compile(rb"http://(?:127\.0\.0\.1|localhost):\d+/fhir")


def base_digest() -> str:
    """SHA-256 over every record of the base, as this process renders it now."""
    snapshot, found = default_world().snapshot, hashlib.sha256()
    for kind in counts(snapshot):
        for line in lines(snapshot, kind):
            found.update(line)
    return found.hexdigest()


def size(pid: int) -> tuple[float, int] | None:
    """MiB resident and open files of a process; None when it has ended."""
    home = Path("/proc") / str(pid)
    try:
        pages = int((home / "statm").read_text().split()[1])
        files = len(list((home / "fd").iterdir()))
    except OSError:
        return None
    return (round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1), files) if pages else None


def main(job: dict[str, Any]) -> None:
    """Play every part of the plan whose turn it is and that was not played yet, until the time is up."""
    until, played = time.monotonic() + job["seconds"], set(job["played"])
    left = [part for part in plan(job["rollouts"], job["seed"]) if part.number not in played]
    with Path(job["file"]).open("a") as out:

        def note(**line: Any) -> None:
            gc.collect()
            out.write(json.dumps(line | {"size": size(os.getpid())}) + "\n")
            out.flush()

        note(base=base_digest())
        for part in left[job["place"] :: job["of"]]:
            if time.monotonic() > until:
                break
            started = time.monotonic()
            found = play(part, job["addresses"], Path(job["folder"]))
            seconds = round(time.monotonic() - started, 2)
            note(part=part.number, agent=part.agent, backing=part.backing, seconds=seconds, counts=found)
        note(base=base_digest())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
