"""What an agent read, said and did in one rollout, as saved beside the rows: one zstd frame per rollout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import zstandard

from medagentbenchv2.errors import ArgumentError

CHUNK = 1 << 16
"""Bytes that are decompressed at once."""
KNOWN = ("task_id", "attempt", "family", "messages", "writes", "expectation", "verdict", "chart")


@dataclass(frozen=True)
class Trace:
    """One rollout, in full."""

    task_id: str
    attempt: int
    where: str
    """File and row that hold it, for a reader who wants what a report cut."""
    family: str | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    """OpenAI chat messages."""
    writes: list[dict[str, Any]] = field(default_factory=list)
    """Accepted writes: method, kind, id, resource."""
    expectation: Any = None
    verdict: dict[str, Any] = field(default_factory=dict)
    chart: list[Any] | None = None
    """The patient's timeline, where it was saved."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Whatever else the row holds."""

    @property
    def patient(self) -> str | None:
        """The patient's MRN, where the trace states it."""
        slots = self.extra.get("slots")
        found = self.extra.get("patient") or (slots.get("mrn") if isinstance(slots, dict) else None)
        return str(found) if found else None


def no_traces() -> Iterator[Trace]:
    """The traces of a source that keeps none."""
    return iter(())


def trace_of(data: dict[str, Any], where: str) -> Trace:
    """A trace from its row. Raises ArgumentError when it does not say which task it is of."""
    if not isinstance(data.get("task_id"), str):
        raise ArgumentError(f"{where}, field task_id: {data.get('task_id')!r} is not a task id")
    return Trace(
        task_id=data["task_id"],
        attempt=int(data.get("attempt") or 1),
        where=where,
        family=data.get("family"),
        messages=list(data.get("messages") or ()),
        writes=list(data.get("writes") or ()),
        expectation=data.get("expectation"),
        verdict=dict(data.get("verdict") or {}),
        chart=data.get("chart"),
        extra={key: value for key, value in data.items() if key not in KNOWN},
    )


def frames(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Each whole zstd frame of a file, in order, as it stands and decompressed; one cut short by a kill ends it.

    Raises ArgumentError when a frame that is not the last is broken.
    """
    data = memoryview(path.read_bytes())
    start = 0
    while start < len(data):
        # Piece by piece: what a decoder leaves unused is copied, and must not be the rest of the file each time.
        decoder, at, content = zstandard.ZstdDecompressor().decompressobj(), start, []
        try:
            while at < len(data) and not decoder.eof:
                content.append(decoder.decompress(data[at : at + CHUNK]))
                at = min(at + CHUNK, len(data))
        except zstandard.ZstdError as error:
            raise ArgumentError(f"{path}: a zstd frame is broken ({error}); restore the file or delete it") from error
        if not decoder.eof:
            return
        end = at - len(decoder.unused_data)
        yield bytes(data[start:end]), b"".join(content)
        start = end


def read_frames(path: Path) -> Iterator[bytes]:
    """The content of each whole zstd frame of a file, in order. Raises ArgumentError as `frames` does."""
    return (content for _, content in frames(path))


def read_traces(path: Path) -> Iterator[Trace]:
    """The traces of a traces.jsonl.zst. Raises ArgumentError naming the row that is broken."""
    number = 0
    for content in read_frames(path):
        for line in content.splitlines():
            number += 1
            where = f"{path.name}, row {number}"
            try:
                data = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise ArgumentError(f"{path}, row {number}: not JSON ({error})") from error
            yield trace_of(data, where)
