"""Finding a task's verdicts in a file: a verdict alone, a trace, rows of a run, or the folder of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.traces import read_frames

TRACES, ROWS = "traces.jsonl.zst", "runs.jsonl"


def verdicts_in(path: Path, task_id: str) -> list[dict[str, Any]]:
    """The verdicts on a task, one for each attempt: of traces in full, of rows without what was expected and found.

    Raises ArgumentError when the file cannot be read or has nothing about the task.
    """
    found = [row for row in _objects(_file(path)) if row.get("task_id", task_id) == task_id]
    verdicts = [verdict for row in found if (verdict := _verdict(row)) is not None]
    if not verdicts:
        raise ArgumentError(
            f"verdict: {path} holds no verdict on {task_id}; "
            f"give a verdict, a trace, {ROWS}, {TRACES} or the folder of a run"
        )
    return verdicts


def _file(path: Path) -> Path:
    """The fullest file that is meant: the traces beside rows, or of a folder."""
    folder = path if path.is_dir() else path.parent
    if path.is_dir() or path.name == ROWS:
        named = (folder / TRACES, folder / ROWS)
        path = next((file for file in named if file.is_file()), path)
    if not path.is_file():
        raise ArgumentError(f"verdict: {str(path)!r} is not a file; give a verdict, a trace or a run's folder")
    return path


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    """Every JSON object of a file: one, a list of them, or one a line, compressed or not."""
    texts = list(read_frames(path)) if path.suffix == ".zst" else [path.read_bytes()]
    for text in texts:
        try:
            whole = orjson.loads(text)
        except orjson.JSONDecodeError:
            whole = [_line(line, path, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        yield from (one for one in (whole if isinstance(whole, list) else [whole]) if isinstance(one, dict))


def _line(line: bytes, path: Path, number: int) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ArgumentError(f"verdict: {path}, line {number} is not JSON: {error}") from None


def _verdict(row: dict[str, Any]) -> dict[str, Any] | None:
    """The verdict that an object is or holds; of a row of runs.jsonl as much as it says."""
    for held in (row, row.get("verdict")):
        if isinstance(held, dict) and isinstance(held.get("checks"), list):
            return {"attempt": row.get("attempt"), "answer": row.get("result"), **held}
    if row.get("error"):
        return {"attempt": row.get("attempt"), "status": "error", "checks": [], "error": row["error"]}
    return None
