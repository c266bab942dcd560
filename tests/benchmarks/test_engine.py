"""The benchmark runs, on a hundredth of the hospital, and measures every budget."""

from __future__ import annotations

from pathlib import Path

from medagentbenchv2.fhir.snapshot import Snapshot
from tests.benchmarks.engine import measure
from tests.benchmarks.synthetic import records


def test_the_benchmark_measures_every_budget(tmp_path: Path) -> None:
    Snapshot.build(records(scale=0.05)).save(tmp_path / "small")
    lines = measure(tmp_path / "small", tmp_path, many=5, rows=20)
    assert sum(line.budget > 0 for line in lines) == 8
    assert all(line.value > 0 for line in lines)
