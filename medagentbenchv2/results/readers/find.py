"""Which files under a path are runs, and which reader they need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.readers.classic import read_classic
from medagentbenchv2.results.readers.folder import read_folder
from medagentbenchv2.results.readers.processed import is_ours, read_processed
from medagentbenchv2.results.readers.verifiers_v1 import read_verifiers_v1
from medagentbenchv2.results.run import Run

Reader = Callable[[Path], Run]
READERS: dict[str, Reader] = {
    "runs.jsonl": read_folder,
    "results.jsonl": read_classic,
    "traces.jsonl": read_verifiers_v1,
}
"""File name -> reader."""
EXPECTED = (
    "a runs.jsonl, the results.jsonl of vf-eval or medarc-eval, the traces.jsonl of verifiers v1, or the "
    "medagentbenchv2.parquet of medarc-eval process"
)


def read_path(path: Path) -> list[tuple[Path, Reader]]:
    """The run files at a path (a file, a run folder or a tree of them), each with its reader, sorted by name.

    Of a tree the Parquet files of `medarc-eval process` are read only where it holds nothing else: they repeat what
    the results.jsonl beside them tell in full.
    Raises ArgumentError when the path does not exist or holds no run.
    """
    if path.is_file():
        if path.name == "traces.jsonl.zst" and (path.parent / "runs.jsonl").is_file():
            path = path.parent / "runs.jsonl"
        return [(path, READERS.get(path.name) or _by_content(path))]
    if not path.is_dir():
        raise ArgumentError(f"PATH: {str(path)!r} does not exist; give {EXPECTED}, or a folder that holds some")
    found = [(file, READERS[file.name]) for file in sorted(path.rglob("*.jsonl")) if file.name in READERS]
    found = found or [(file, read_processed) for file in sorted(path.rglob("*.parquet")) if is_ours(file)]
    if not found:
        raise ArgumentError(f"PATH: {str(path)!r} holds no run; expected {EXPECTED}")
    return found


def _by_content(path: Path) -> Reader:
    """The reader for a file of another name, by the keys of its first line."""
    if path.suffix == ".parquet":
        return read_processed
    with path.open("rb") as file:
        line = file.readline()
    try:
        keys = set(orjson.loads(line))
    except (orjson.JSONDecodeError, TypeError):
        keys = set()
    if {"task_id", "status"} <= keys:
        return read_folder
    if "completion" in keys or "example_id" in keys:
        return read_classic
    if {"task", "traces"} <= keys or {"task", "nodes"} <= keys:
        return read_verifiers_v1
    raise ArgumentError(f"PATH: {str(path)!r} is no run; expected {EXPECTED}")
