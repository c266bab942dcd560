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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from medagentbenchv2.fhir.wire import Server
from tests.benchmarks.soak_model import Moody
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
    marks: dict[int, dict[str, tuple[float, int]]] = field(default_factory=dict)
    """Percent -> process -> MiB resident and open files."""
    faults: dict[str, dict[str, int]] = field(default_factory=dict)

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
    with places(seed) as here:
        before = _served(here.addresses["fhir, direct"])
        files = [out / f"worker-{place}.jsonl" for place in range(workers)]
        counted = _counted(files)["rollouts"]
        started = time.monotonic()
        jobs = [
            {"file": str(file), "folder": str(out / f"playing-{place}"), "place": place, "of": workers,
             "rollouts": rollouts, "seed": seed, "seconds": minutes * 60, "addresses": here.addresses}
            for place, file in enumerate(files)
        ]  # fmt: skip
        module = [sys.executable, "-m", "tests.benchmarks.soak_worker"]
        processes = [subprocess.Popen([*module, json.dumps(job)]) for job in jobs]
        marks = _watch(files, processes, rollouts, {"model and proxies": os.getpid(), "ehr serve": here.ehr})
        seconds = time.monotonic() - started
        counts = _counted(files)
        counts["default writes"] += _default_writes(here.addresses["fhir, direct"])
        counts["changed bases"] += before != _served(here.addresses["fhir, direct"])
        faults = {place: dict(committed) for place, committed in here.committed.items()}
    return Soaked(counts, _by_kind(files), (counts["rollouts"] - counted) / seconds, marks, faults)


def _watch(
    files: list[Path], processes: list[subprocess.Popen[bytes]], rollouts: int, servers: dict[str, int]
) -> dict[int, dict[str, tuple[float, int]]]:
    """Wait for the workers; memory and open files of every process at each mark."""
    pids = servers | {f"worker {place}": process.pid for place, process in enumerate(processes)}
    marks: dict[int, dict[str, tuple[float, int]]] = {}
    latest: dict[str, tuple[float, int]] = {}
    began = [_bases(file) for file in files]
    while any(process.poll() is None for process in processes):
        time.sleep(0.5)
        if any(process.poll() for process in processes):
            for process in processes:
                process.terminate()
            raise RuntimeError("a worker ended with an error; see above")
        ready = all(_bases(file) > n for file, n in zip(files, began, strict=True))
        percent = 100 * _counted(files)["rollouts"] / rollouts
        latest |= {name: size for name, pid in pids.items() if (size := _size(pid)) is not None}
        for mark in MARKS[:-1]:
            if ready and mark not in marks and percent >= mark and not any(other > percent for other in marks):
                marks[mark] = dict(latest)
    # The last look at each process while it lived.
    return marks | {100: latest}


def _size(pid: int) -> tuple[float, int] | None:
    """MiB resident and open files of a process; None when it has ended."""
    home = Path("/proc") / str(pid)
    try:
        pages = int((home / "statm").read_text().split()[1])
        files = len(list((home / "fd").iterdir()))
    except OSError:
        return None
    return (round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1), files) if pages else None


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _bases(file: Path) -> int:
    return sum("base" in line for line in _lines(file))


def _counted(files: list[Path]) -> Counter[str]:
    """Everything counted so far; a base that reads differently than another is a change."""
    lines = [line for file in files for line in _lines(file)]
    found = sum((Counter(line["counts"]) for line in lines if "part" in line), Counter[str]())
    found["changed bases"] = max(0, len({line["base"] for line in lines if "base" in line}) - 1)
    return found


def _by_kind(files: list[Path]) -> dict[tuple[str, str], Counter[str]]:
    found: dict[tuple[str, str], Counter[str]] = {}
    for line in (line for file in files for line in _lines(file) if "part" in line):
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
    sizes = Table("Process", *(f"{mark} %" for mark in found.marks), title="MiB resident / open files")
    for name in found.marks[100]:
        cells = (found.marks[mark].get(name) for mark in found.marks)
        sizes.add_row(name, *(f"{cell[0]:.0f} / {cell[1]}" if cell else "" for cell in cells))
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
