"""What a run writes: config.json, runs.jsonl, traces.jsonl.zst, summary.json; append-only, one writer at a time.

retried.jsonl holds the infrastructure errors that --resume ran again: they are no result, but their tokens were paid.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
import zstandard
from filelock import FileLock, Timeout

from medagentbenchv2.errors import ArgumentError, writing
from medagentbenchv2.results.readers.lines import parse, read_lines, read_object
from medagentbenchv2.results.rows import Row, Status
from medagentbenchv2.results.traces import frames

Key = tuple[str, int]
"""Task id and attempt."""


class RunFolder:
    """One model's run on one variant, on disk. Use as `with RunFolder(path, config, parts, resume=...) as folder`."""

    def __init__(self, path: Path, config: dict[str, Any], parts: dict[str, Any], *, resume: bool) -> None:
        self.path = path
        self._config = config | {"fingerprint_parts": parts}
        self._resume = resume
        self._lock = FileLock(path / ".lock")
        self.rows: dict[Key, Row] = {}
        """The rows kept, by task id and attempt; infrastructure errors are not kept when resuming."""
        self.retried: list[Row] = []
        """Infrastructure errors of earlier parts of this run, which resuming ran or runs again."""

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep others from writing here, before and while this object does. Raises ArgumentError when one does."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise ArgumentError(f"out: {self.path} cannot be a folder, a file is in the way; choose another") from None
        except OSError as error:
            raise ArgumentError(f"out: {self.path} cannot be made ({error.strerror}); choose another") from None
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ArgumentError(f"out: {self.path} is being written by another run; wait, or choose another") from None
        except OSError as error:
            raise ArgumentError(f"out: {self.path} cannot be written ({error.strerror}); choose another") from None
        try:
            yield
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        """Take the folder. Raises ArgumentError when another run writes to it, or when it holds a different run."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.held())
            self._open()
            self._taken = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows_file.close()
        self._traces_file.close()
        self._taken.close()

    def refuse_taken(self) -> None:
        """Raise ArgumentError when the folder holds a run that this one neither is nor goes on with."""
        rows_path = self.path / "runs.jsonl"
        if not rows_path.exists() or not rows_path.stat().st_size:
            return
        if not self._resume:
            raise ArgumentError(f"out: {self.path} already holds a run; add --resume to go on, or choose another")
        before = read_object(self.path / "config.json").get("fingerprint_parts") or {}
        now = self._config["fingerprint_parts"]
        changed = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
        if changed:
            said = "; ".join(f"{name} was {_short(before.get(name))}, is {_short(now.get(name))}" for name in changed)
            raise ArgumentError(f"resume: {self.path} holds another run ({said}); choose another folder")

    def _open(self) -> None:
        self.refuse_taken()
        rows_path, traces_path = self.path / "runs.jsonl", self.path / "traces.jsonl.zst"
        if rows_path.exists():
            self._keep(rows_path)
        if traces_path.exists():
            self._mend(traces_path)
        with writing("out", self.path):
            write_whole(self.path / "config.json", orjson.dumps(self._config, option=orjson.OPT_INDENT_2))
            self._rows_file = rows_path.open("ab")
            self._traces_file = traces_path.open("ab")

    def _keep(self, path: Path) -> None:
        """Keep whole, scored rows; drop a line cut by a kill; put infrastructure errors, which run again, aside."""
        rows = _rows(path)
        self._put_aside([row for row in rows if row.status is Status.ERROR])
        self.rows = {(row.task_id, row.attempt): row for row in rows if row.status is not Status.ERROR}
        content = b"".join(row.to_line() for row in self.rows.values())
        if content != path.read_bytes():
            write_whole(path, content)

    def _put_aside(self, errors: list[Row]) -> None:
        """Add to retried.jsonl, before they leave runs.jsonl: a kill in between must neither lose nor double one."""
        path = self.path / "retried.jsonl"
        lines = {row.to_line(): row for row in [*(_rows(path) if path.exists() else ()), *errors]}
        self.retried = list(lines.values())
        if errors:
            write_whole(path, b"".join(lines))

    def _mend(self, path: Path) -> None:
        """Keep one whole trace for each row; a kill may have left a trace without its row, or half of one."""
        kept: dict[Key, bytes] = {}
        try:
            for frame, content in frames(path):
                trace = orjson.loads(content)
                if (key := (trace["task_id"], trace["attempt"])) in self.rows:
                    kept[key] = frame
        except (orjson.JSONDecodeError, KeyError) as error:
            raise ArgumentError(f"resume: {path} is broken ({error!r}); restore the file or choose another") from None
        whole = b"".join(kept.values())
        if whole != path.read_bytes():
            write_whole(path, whole)

    def add(self, row: Row, trace: dict[str, Any]) -> None:
        """Write one ended rollout, trace first, and hand both to the operating system at once."""
        self._traces_file.write(zstandard.compress(_line(trace), 6))
        self._traces_file.flush()
        self._rows_file.write(row.to_line())
        self._rows_file.flush()
        self.rows[(row.task_id, row.attempt)] = row

    def summarise(self, summary: dict[str, Any]) -> None:
        """Write summary.json."""
        write_whole(self.path / "summary.json", orjson.dumps(summary, option=orjson.OPT_INDENT_2))


def _rows(path: Path) -> list[Row]:
    return [parse(Row, value, path, number) for number, value in read_lines(path, [])]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old or the new content, never a part."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)


def folder_name(model: str) -> str:
    """A model id as a folder name: `/`, `:` and whatever else is no plain file name character made `_`."""
    return re.sub(r"[^\w.\-+@=,]", "_", model).lstrip(".") or "_"


def _line(trace: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(trace, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # A provider's own fields may hold whole numbers beyond 64 bits, or nest deeper than orjson writes.
        return json.dumps(trace).encode() + b"\n"


def _short(value: object) -> str:
    """A value of a fingerprint's part; of a digest its beginning tells two apart."""
    return f"{value[:12]}..." if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) else repr(value)
