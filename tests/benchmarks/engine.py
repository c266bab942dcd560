"""Every budget of the engine, measured and printed as a table, next to a list scan and SQLite on the same records.

Run it with `python -m tests.benchmarks.engine [--snapshot FILE]`; without a file a synthetic hospital of the published
size is made. Exit status 1 when a budget is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.benchmarks.synthetic import records

Question = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Line:
    """One measured figure; budget 0 means that it is a reference."""

    name: str
    value: float
    unit: str
    budget: float = 0.0
    cpu: float = 0.0
    """The same in processor time, which other work on the machine does not stretch; 0 where it was not taken."""

    @property
    def missed(self) -> bool:
        """Whether the budget is exceeded, by processor time where that was taken."""
        return bool(self.budget) and (self.cpu or self.value) > self.budget


def p50(name: str, act: Callable[[Any], object], over: Sequence[Any], rounds: int = 1, budget: float = 0.0) -> Line:
    """Median microseconds of one call, by the wall clock and in processor time, each in its least disturbed round."""
    medians = []
    for _ in range(rounds):
        times = []
        for one in over:
            start, spent = time.perf_counter(), time.process_time()
            act(one)
            times.append((time.perf_counter() - start, time.process_time() - spent))
        medians.append([statistics.median(column) for column in zip(*times, strict=True)])
    wall, cpu = (min(column) * 1e6 for column in zip(*medians, strict=True))
    return Line(name, wall, "us", budget, cpu)


def questions(snapshot: Snapshot, many: int, rows: int = 200) -> list[Question]:
    """Newest 200 of one code of one patient, for runs with at least so many rows."""
    table: Any = snapshot.base.of("Observation")
    columns = table.columns
    long = np.flatnonzero((np.diff(columns.run_start) >= rows) & (columns.run_kind == 2))[:many]
    found = []
    for run in long.tolist():
        code = table.templates.get(int(columns.run_template[run])).key
        patient = table.mrns[int(columns.run_patient[run])]
        found.append(("Observation", (("patient", patient), ("code", code), ("_sort", "-date"), ("_count", "200"))))
    return found


def searches(snapshot: Snapshot, asked: list[Question]) -> list[Line]:
    session = Session(snapshot)

    def uncached(question: Question) -> None:
        snapshot.responses.clear()
        session.search_now(*question)

    cold = p50("search of 200 rows, uncached, p50", uncached, asked, 5, 300)
    warm = asked[:40]
    for question in warm:
        session.search_now(*question)
    writer = Session(snapshot)
    writer.create_now("Observation", bodies(snapshot)[0])
    return [
        cold,
        p50("search of 200 rows, cached, p50", lambda one: session.search_now(*one), warm, 50, 10),
        p50("search of 200 rows beside an own write, p50", lambda one: writer.search_now(*one), asked, 5),
        p50("read by id, p50", lambda id: session.read_now("Observation", id), ids(snapshot), 5),
    ]


def ids(snapshot: Snapshot) -> list[str]:
    table: Any = snapshot.base.of("Observation")
    low, high = table.kind_runs["Observation"]
    starts = table.columns.run_start
    rows = np.linspace(starts[low], starts[high] - 1, 500).astype(np.int64)
    found: list[str] = table.ids(rows)
    return found


def bodies(snapshot: Snapshot) -> list[bytes]:
    table: Any = snapshot.base.of("Observation")
    vital = "http://hl7.org/fhir/observation-category"
    return [
        orjson.dumps({
            "resourceType": "Observation", "status": "final", "code": {"text": "BP"}, "valueString": "118/77 mmHg",
            "category": [{"coding": [{"system": vital, "code": "vital-signs", "display": "Vital Signs"}]}],
            "effectiveDateTime": "2023-11-13T10:15:00+00:00", "subject": {"reference": f"Patient/{mrn}"},
        })
        for mrn in table.mrns[:100]
    ]  # fmt: skip


def writes(snapshot: Snapshot) -> list[Line]:
    many = 20_000
    start = time.perf_counter()
    for _ in range(many):
        Session(snapshot)
    each = (time.perf_counter() - start) / many * 1e6

    def create(body: bytes) -> None:
        session.create_now("Observation", body)

    session = Session(snapshot)
    return [
        Line("new overlay", each, "us", 5),
        p50("create with validation, p50", create, bodies(snapshot), 20, 60),
    ]


OPEN = """
import json, os, sys, time
def private():
    fields = dict(line.split(":")[:2] for line in open("/proc/self/smaps_rollup") if ":" in line)
    return int(fields["Pss"].split()[0]) / 1024
import numpy, orjson
before, start = private(), time.perf_counter()
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
snapshot = Snapshot.open(sys.argv[1], sys.argv[2])
opened = time.perf_counter() - start
session = Session(snapshot)
for question in json.loads(sys.argv[3]):
    session.search_now(question[0], tuple(map(tuple, question[1])))
after, shares = private(), []
for _ in range(4):
    reading, writing = os.pipe()
    if os.fork() == 0:
        for question in json.loads(sys.argv[3]):
            session.search_now(question[0], tuple(map(tuple, question[1])))
        fields = dict(line.split(":")[:2] for line in open("/proc/self/smaps_rollup") if ":" in line)
        private_kb = sum(int(fields[name].split()[0]) for name in ("Private_Dirty", "Private_Clean"))
        os.write(writing, str(private_kb).encode())
        os._exit(0)
    shares.append(int(os.read(reading, 64)) / 1024)
    os.wait()
print(json.dumps([opened, after - before, max(shares)]))
"""


def opening(path: Path, folder: Path, asked: list[Question]) -> list[Line]:
    """A fresh process: time to import and open, memory above numpy, private memory of forked workers."""
    arguments = [sys.executable, "-c", OPEN, str(path), str(folder), json.dumps(asked[:20])]
    runs = [json.loads(subprocess.run(arguments, capture_output=True, check=True).stdout) for _ in range(5)]
    seconds, memory, share = (min(column) for column in zip(*runs, strict=True))
    return [
        Line("import and open", seconds, "s", 0.3),
        Line("memory above the interpreter with numpy", memory, "MB", 60),
        Line("private memory of a forked worker", share, "MB", 20),
    ]


def references(snapshot: Snapshot, asked: list[Question]) -> list[Line]:
    """The same question put to a list of dicts and to SQLite with an index, on the same records of one patient type."""
    session = Session(snapshot)
    patients = sorted({dict(params)["patient"] for _, params in asked})[:5]
    resources = []
    for patient in patients:
        bundle = orjson.loads(session.search_now("Observation", (("patient", patient), ("_count", "1000000"))).body)
        resources += [entry["resource"] for entry in bundle["entry"]]
    inside = [one for one in asked if dict(one[1])["patient"] in patients][:20]

    def scan(question: Question) -> bytes:
        wanted = dict(question[1])
        reference, code = f"Patient/{wanted['patient']}", wanted["code"]
        found = [one for one in resources if one["subject"]["reference"] == reference and one["code"]["text"] == code]
        found.sort(key=lambda one: one.get("effectiveDateTime", ""), reverse=True)
        return orjson.dumps({"entry": [{"resource": one} for one in found[:200]]})

    base = sqlite3.connect(":memory:")
    base.execute("create table rows (patient text, code text, at text, body text)")
    rows = [
        (one["subject"]["reference"][8:], one["code"]["text"], one.get("effectiveDateTime"), orjson.dumps(one).decode())
        for one in resources
    ]
    base.executemany("insert into rows values (?, ?, ?, ?)", rows)
    base.execute("create index by_all on rows (patient, code, at desc)")
    sql = "select body from rows where patient = ? and code = ? order by at desc limit 200"

    def query(question: Question) -> str:
        wanted = dict(question[1])
        return ",".join(body for (body,) in base.execute(sql, (wanted["patient"], wanted["code"])))

    size = f"{len(resources):,} rows"
    return [
        p50(f"reference: list scan over {size} only, p50", scan, inside, 3),
        p50(f"reference: SQLite, in memory, indexed, {size} only, p50", query, inside, 20),
    ]


def measure(path: Path, folder: Path, many: int = 200, rows: int = 200) -> list[Line]:
    """All lines for a shipped snapshot."""
    snapshot = Snapshot.open(path, folder)
    asked = questions(snapshot, many, rows)
    size = len(getattr(snapshot.base.of("Observation"), "columns").minute)  # noqa: B009
    shipped = path.stat().st_size / 1e6
    return [
        *opening(path, folder, asked), *searches(snapshot, asked), *writes(snapshot),
        Line(f"shipped file, {size:,} rows", shipped, "MB", 6), *references(snapshot, asked),
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshot", type=Path, help="a shipped snapshot; default: a synthetic one is made")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = asked.snapshot or Path(folder) / "synthetic.snapshot"
        made: list[Line] = []
        if asked.snapshot is None:
            hospital = records()
            start = time.perf_counter()
            snapshot = Snapshot.build(hospital)
            made = [Line("sort and index 785,000 rows", time.perf_counter() - start, "s")]
            snapshot.save(path)
        lines = [*made, *measure(path, Path(folder))]
    print(f"{'figure':<66} {'measured':>12} {'CPU':>8} {'budget':>10}   on {os.cpu_count()} cores")
    for line in lines:
        budget = f"{line.budget:g} {line.unit}" if line.budget else ""
        cpu = f"{line.cpu:.2f}" if line.cpu else ""
        print(
            f"{line.name:<66} {line.value:>9.2f} {line.unit:<3} {cpu:>7} {budget:>9}  {'MISSED' if line.missed else ''}"
        )
    return int(any(line.missed for line in lines))


if __name__ == "__main__":
    raise SystemExit(main())
