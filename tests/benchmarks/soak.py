"""A soak: 100,000 rollouts of scripted agents, with faults in the model endpoint and in the FHIR server.

    python -m tests.benchmarks.soak --out FOLDER [--rollouts 100000] [--minutes 60] [--workers 2] [--seed 0]

Every model request goes over HTTP through a proxy that drops, cuts, limits and fails a share of them, to an endpoint
that sometimes answers nonsense; a share of the rollouts reads its EHR from `ehr serve` through a second such proxy.
Infrastructure errors are resumed until every rollout is scored. Called again with the same folder it goes on where it
was stopped. Printed as a table: what was played, what was wrong (nothing may be), memory and open files on the way.
Exit status 1 when something was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from medagentbenchv2.fhir.wire import Server
from tests.benchmarks.soak_model import Moody
from tests.benchmarks.soak_worker import size
from tests.fhir.fault_proxy import Faults, proxied
from tests.fhir.serving import free_port, serving

MARKS = (0, 25, 50, 75, 100)
"""Percent of the rollouts at which memory and open files are looked at."""
MUST_BE_NONE = ("infrastructure errors scored", "leaked writes", "lost or doubled", "changed bases", "default writes")


@dataclass
class Places:
    """What the workers talk to."""

    model_faults: Faults
    fhir_faults: Faults
    moody: Moody
    addresses: dict[str, str]
    ehr: int
    """Process id of `ehr serve`."""

    @property
    def committed(self) -> dict[str, Mapping[str, int]]:
        """Faults so far, by place."""
        return {
            "model network": self.model_faults.committed,
            "model": self.moody.committed,
            "FHIR network": self.fhir_faults.committed,
        }


@dataclass
class Soaked:
    """What is known at the end."""

    counts: Counter[str]
    by_kind: dict[tuple[str, str], Counter[str]]
    """Agent and backing -> counts."""
    rate: float
    """Rollouts a second of this call."""
    sizes: dict[str, list[tuple[float, int]]]
    """Process -> MiB resident and open files at each mark of this call."""
    faults: dict[str, dict[str, int]]

    @property
    def wrong(self) -> dict[str, int]:
        """What may not be and is."""
        return {name: self.counts[name] for name in MUST_BE_NONE if self.counts[name]}


@contextlib.contextmanager
def places(seed: int) -> Iterator[Places]:
    """The model endpoint, `ehr serve`, and a proxy before each."""
    share = {"dropped": 0.01, "cut": 0.01, "limited": 0.01, "failed": 0.01, "refused": 0.01}
    model_faults = Faults(**share, delayed=0.002, delay_s=1.0, seed=seed)
    fhir_faults = Faults(**share, delayed=0.002, delay_s=1.0, seed=seed + 1)
    moody = Moody(0.01, seed + 2)
    with (
        _ehr() as (fhir, ehr),
        serving(moody) as model,
        proxied(f"{model}/v1", model_faults) as bad_model,
        proxied(fhir, fhir_faults) as bad_fhir,
    ):
        addresses = {"model": bad_model, "fhir": bad_fhir, "fhir, direct": fhir}
        yield Places(model_faults, fhir_faults, moody, addresses, ehr)


@contextlib.contextmanager
def _ehr() -> Iterator[tuple[str, int]]:
    port = free_port()
    command = [sys.executable, "-m", "medagentbenchv2", "ehr", "serve", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert f":{port}/fhir/" in process.stdout.readline()
        for _ in range(100):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/fhir/metadata", timeout=5).close()
                break
            time.sleep(0.1)
        try:
            yield f"http://127.0.0.1:{port}/fhir", process.pid
        finally:
            process.terminate()


def soak(out: Path, *, rollouts: int, minutes: float, workers: int, seed: int) -> Soaked:
    """Play, watch, and count. Raises RuntimeError when a worker ends with an error."""
    out.mkdir(parents=True, exist_ok=True)
    earlier = sorted(out.glob("call-*.jsonl"))
    call = len({file.name.partition(".")[0] for file in earlier})
    played = [line["part"] for line in _lines(earlier) if "part" in line]
    files = [out / f"call-{call}.worker-{place}.jsonl" for place in range(workers)]
    with places(seed) as here:
        before = _served(here.addresses["fhir, direct"])
        started = time.monotonic()
        jobs = [
            {"file": str(file), "folder": str(out / f"playing-{place}"), "place": place, "of": workers,
             "played": played, "rollouts": rollouts, "seed": seed, "seconds": minutes * 60,
             "addresses": here.addresses}
            for place, file in enumerate(files)
        ]  # fmt: skip
        module = [sys.executable, "-m", "tests.benchmarks.soak_worker"]
        processes = [subprocess.Popen([*module, json.dumps(job)]) for job in jobs]
        samples = _watch(files, processes, {"model and proxies": os.getpid(), "ehr serve": here.ehr})
        seconds = time.monotonic() - started
        counts = _counted(_lines([*earlier, *files]))
        counts["default writes"] += _default_writes(here.addresses["fhir, direct"])
        counts["changed bases"] += before != _served(here.addresses["fhir, direct"])
        faults = {place: dict(committed) for place, committed in here.committed.items()}
    rate = _counted(_lines(files))["rollouts"] / seconds
    for place, file in enumerate(files):
        samples[f"worker {place}"] = list(accumulate_sizes(_lines([file])))
    sizes = {name: at_marks(taken) for name, taken in samples.items()}
    return Soaked(counts, _by_kind(_lines([*earlier, *files])), rate, sizes, faults)


Sample = tuple[int, Any]
"""Rollouts so far, and MiB resident with open files."""


def _watch(
    files: list[Path], processes: list[subprocess.Popen[bytes]], servers: dict[str, int]
) -> dict[str, list[Sample]]:
    """Wait for the workers; memory and open files of the servers meanwhile."""
    samples: dict[str, list[Sample]] = {name: [] for name in servers}
    while any(process.poll() is None for process in processes):
        time.sleep(1)
        if any(process.poll() for process in processes):
            for process in processes:
                process.terminate()
            raise RuntimeError("a worker ended with an error; see above")
        done = _counted(_lines(files))["rollouts"]
        for name, pid in servers.items():
            samples[name].append((done, size(pid)))
    return samples


def accumulate_sizes(lines: list[dict[str, Any]]) -> Iterator[Sample]:
    """What a worker noted of itself, after each of its campaigns."""
    done = 0
    for line in lines:
        done += line.get("counts", {}).get("rollouts", 0)
        yield done, line["size"]


def at_marks(samples: list[Sample]) -> list[Any]:
    """The first sample at each mark, and the last."""
    most = samples[-1][0]
    return [next(taken for done, taken in samples if 100 * done >= mark * most) for mark in MARKS[:-1]] + [
        samples[-1][1]
    ]


def _lines(files: list[Path]) -> list[dict[str, Any]]:
    return [json.loads(line) for file in files if file.exists() for line in file.read_text().splitlines()]


def _counted(lines: list[dict[str, Any]]) -> Counter[str]:
    """Everything counted so far; a base that reads differently than another is a change."""
    found = Counter[str]()
    for line in lines:
        found.update(line.get("counts", {}))
    found["changed bases"] = max(0, len({line["base"] for line in lines if "base" in line}) - 1)
    return found


def _by_kind(lines: list[dict[str, Any]]) -> dict[tuple[str, str], Counter[str]]:
    found: dict[tuple[str, str], Counter[str]] = {}
    for line in lines:
        if "part" in line:
            found.setdefault((line["agent"].partition(":")[0], line["backing"]), Counter()).update(line["counts"])
    return dict(sorted(found.items()))


def _served(fhir: str) -> str:
    """SHA-256 over what the server's default session shows of the smaller types, and how many it has of each."""

    async def read() -> str:
        server, found = Server(fhir), hashlib.sha256()
        for kind in ("Patient", "MedicationRequest", "ServiceRequest"):
            resources, _ = await server.search(kind, ())
            found.update(orjson.dumps(sorted(resources, key=lambda one: str(one["id"])), option=orjson.OPT_SORT_KEYS))
        for kind in ("Observation", "Condition", "Procedure"):
            bundle = orjson.loads((await server.get(kind, (("_summary", "count"),))).body)
            found.update(f"{kind} {bundle['total']}".encode())
        await server.close()
        return found.hexdigest()

    return asyncio.run(read())


def _default_writes(fhir: str) -> int:
    with urllib.request.urlopen(f"{fhir.removesuffix('/fhir')}/session/default") as answer:
        return int(json.load(answer)["writes"])


def show(found: Soaked, console: Console) -> None:
    """Print the tables."""
    kinds = Table("Agent", "EHR", "Rollouts", "Turns", "Writes", "Infrastructure errors", "Retries", title="Played")
    for (agent, backing), counts in found.by_kind.items():
        retries = counts["retries of the model"] + counts["retries of the EHR"]
        figures = (counts["rollouts"], counts["turns"], counts["writes"], counts["infrastructure errors"], retries)
        kinds.add_row(agent, backing, *(f"{figure:,}" for figure in figures))
    counted = Table("What", "Count", title=f"{found.counts['rollouts']:,} rollouts, {found.rate:.1f} a second")
    for name in sorted(found.counts.keys() | set(MUST_BE_NONE)):
        counted.add_row(name, f"{found.counts[name]:,}")
    for place, committed in found.faults.items():
        told = ", ".join(f"{name} {number:,}" for name, number in sorted(committed.items()))
        counted.add_row(f"faults of the {place} (this call)", told)
    sizes = Table("Process", *(f"{mark} %" for mark in MARKS), title="MiB resident / open files, in this call")
    for name, taken in found.sizes.items():
        sizes.add_row(name, *(f"{mib:.0f} / {files}" for mib, files in taken))
    for table in (kinds, counted, sizes):
        console.print(table)
    console.print(f"wrong: {found.wrong or 'nothing'}")


def main(arguments: list[str] | None = None) -> Soaked:
    """Run and print; returns what was printed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rollouts", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=600.0, help="start no further campaign after this time")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    found = soak(chosen.out, rollouts=chosen.rollouts, minutes=chosen.minutes, workers=chosen.workers, seed=chosen.seed)
    show(found, Console(width=150))
    return found


if __name__ == "__main__":
    sys.exit(bool(main().wrong))
