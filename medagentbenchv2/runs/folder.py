"""What a run writes: config.json, runs.jsonl, traces.jsonl.zst, summary.json; append-only, one writer at a time."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
import zstandard
from filelock import FileLock, Timeout

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.rows import Row, Status

Key = tuple[str, int]
"""Task id and attempt."""


class RunFolder:
    """One model's run on one variant, on disk. Use as `with RunFolder(path, parts) as folder`."""

    def __init__(self, path: Path, config: dict[str, Any], parts: dict[str, Any], *, resume: bool) -> None:
        self.path = path
        self._config = config | {"fingerprint_parts": parts}
        self._resume = resume
        self._lock = FileLock(path / ".lock")
        self.rows: dict[Key, Row] = {}
        """The rows kept, by task id and attempt; infrastructure errors are not kept when resuming."""

    def __enter__(self) -> Self:
        """Take the folder. Raises ArgumentError when another run writes to it, or when it holds a different run."""
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ArgumentError(f"out: {self.path} is being written by another run; wait, or choose another") from None
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows_file.close()
        self._traces_file.close()
        self._lock.release()

    def _open(self) -> None:
        rows_path = self.path / "runs.jsonl"
        if rows_path.exists() and rows_path.stat().st_size:
            if not self._resume:
                raise ArgumentError(f"out: {self.path} already holds a run; add --resume to go on, or choose another")
            self._refuse_other_run()
            self._keep(rows_path)
        write_whole(self.path / "config.json", orjson.dumps(self._config, option=orjson.OPT_INDENT_2))
        self._rows_file = rows_path.open("ab")
        self._traces_file = (self.path / "traces.jsonl.zst").open("ab")

    def _refuse_other_run(self) -> None:
        config = self.path / "config.json"
        before = orjson.loads(config.read_bytes()).get("fingerprint_parts", {}) if config.exists() else {}
        now = self._config["fingerprint_parts"]
        changed = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
        if changed:
            said = "; ".join(f"{name} was {before.get(name)!r}, is {now.get(name)!r}" for name in changed)
            raise ArgumentError(f"resume: {self.path} holds another run ({said}); choose another folder")

    def _keep(self, rows_path: Path) -> None:
        """Keep whole, scored rows; drop a line cut by a kill and infrastructure errors, which run again."""
        lines = rows_path.read_bytes().split(b"\n")
        rows = [Row.model_validate_json(line) for line in lines[:-1] if line.strip()]
        kept = [row for row in rows if row.status is not Status.ERROR]
        self.rows = {(row.task_id, row.attempt): row for row in kept}
        write_whole(rows_path, b"".join(row.to_line() for row in self.rows.values()))
        self._mend_traces()

    def _mend_traces(self) -> None:
        path = self.path / "traces.jsonl.zst"
        if not path.exists():
            return
        whole = b""
        for frame in frames(path.read_bytes()):
            trace = orjson.loads(zstandard.decompress(frame))
            if (trace["task_id"], trace["attempt"]) in self.rows:
                whole += frame
        write_whole(path, whole)

    def add(self, row: Row, trace: dict[str, Any]) -> None:
        """Write one ended rollout, trace first, and hand both to the operating system at once."""
        text = orjson.dumps(trace, option=orjson.OPT_APPEND_NEWLINE)
        self._traces_file.write(zstandard.compress(text, 6))
        self._traces_file.flush()
        self._rows_file.write(row.to_line())
        self._rows_file.flush()
        self.rows[(row.task_id, row.attempt)] = row

    def summarise(self, summary: dict[str, Any]) -> None:
        """Write summary.json."""
        write_whole(self.path / "summary.json", orjson.dumps(summary, option=orjson.OPT_INDENT_2))


def frames(data: bytes) -> list[bytes]:
    """The whole zstd frames of a file, still compressed; a frame cut short by a kill is left out."""
    found = []
    while data:
        decoder = zstandard.ZstdDecompressor().decompressobj()
        decoder.decompress(data)
        if not decoder.eof:
            break
        size = len(data) - len(decoder.unused_data)
        found.append(data[:size])
        data = data[size:]
    return found


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old or the new content, never a part."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)


def folder_name(model: str) -> str:
    """A model id as a folder name: `/` and `:` made `_`."""
    return model.replace("/", "_").replace(":", "_")
