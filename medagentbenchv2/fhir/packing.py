"""The form in which a snapshot ships: a header and one zstd frame with everything that cannot be derived.

Times, patients and templates go in insertion order, where neighbours are one draw or one stay; values in sorted order,
where a value is close to the one before it. Differences are stored byte plane by byte plane, which zstd likes best.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import zstandard
from numpy.typing import NDArray

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir import templates
from medagentbenchv2.fhir.columns import sort
from medagentbenchv2.fhir.rows import Records, Rows, Template

MAGIC = b"MAB2SHIP1\n"
_IN_ORDER = ("patient", "minute", "template")
_SORTED = ("value", "delay", "status")


def pack(records: Records, checksum: str) -> bytes:
    """Everything that `unpack` needs, compressed."""
    columns, rows = sort(records), records.rows
    streams = [_planes(getattr(rows, name).astype(np.int64)) for name in _IN_ORDER]
    streams += [_planes(getattr(columns, name).astype(np.int64)) for name in _SORTED]
    lines = templates.dump(records.templates)
    patients = b"\n".join(orjson.dumps(patient) for patient in records.patients)
    head = {
        "checksum": checksum,
        "base_id": records.base_id,
        "labels": records.labels,
        "rows": len(rows.template),
        "sizes": [len(lines), len(patients), *(len(stream) for stream in streams)],
    }
    frame = zstandard.ZstdCompressor(level=19).compress(b"".join((lines, patients, *streams)))
    return MAGIC + orjson.dumps(head, option=orjson.OPT_SORT_KEYS) + b"\n" + frame


def header(path: Path) -> dict[str, Any]:
    """The header of a shipped snapshot: checksum, base_id, labels, sizes."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ArgumentError(f"path: {path} is not a snapshot of this version; write it again with Snapshot.save")
        found: dict[str, Any] = orjson.loads(file.readline())
    return found


def unpack(path: Path) -> Records:
    """The records of a shipped snapshot."""
    head = header(path)
    with path.open("rb") as file:
        file.read(len(MAGIC))
        file.readline()
        data = zstandard.ZstdDecompressor().decompress(file.read())
    parts = _split(data, head["sizes"])
    lines, patients = next(parts), next(parts)
    in_order = {name: _unplane(next(parts)) for name in _IN_ORDER}
    by_run = {name: _unplane(next(parts)) for name in _SORTED}
    rows = Rows(**{name: in_order[name].astype(np.int32) for name in _IN_ORDER},
                **{name: np.zeros(head["rows"], dtype=np.int32) for name in ("value", "delay")},
                status=np.zeros(head["rows"], dtype=np.uint8))  # fmt: skip
    records = Records(
        patients=[orjson.loads(line) for line in patients.split(b"\n") if line],
        templates=[Template(**orjson.loads(line)) for line in lines.split(b"\n") if line],
        rows=rows,
        base_id=head["base_id"],
        labels=head["labels"],
    )
    position = sort(records).position
    rows.value, rows.delay = (by_run[name][position].astype(np.int32) for name in ("value", "delay"))
    rows.status = by_run["status"][position].astype(np.uint8)
    return records


def _planes(column: NDArray[np.int64]) -> bytes:
    """Zigzag differences, as many byte planes as the largest one needs, low bytes first."""
    steps = np.diff(column, prepend=np.int64(0))
    folded = ((steps << 1) ^ (steps >> 63)).astype("<u8")
    width = max((int(folded.max()).bit_length() + 7) // 8, 1) if len(folded) else 1
    planes = folded.view(np.uint8).reshape(-1, 8)[:, :width].T
    return bytes([width]) + planes.tobytes()


def _unplane(stream: bytes) -> NDArray[np.int64]:
    width = stream[0]
    planes = np.frombuffer(stream, dtype=np.uint8, offset=1).reshape(width, -1)
    wide = np.zeros((planes.shape[1], 8), dtype=np.uint8)
    wide[:, :width] = planes.T
    folded = wide.reshape(-1).view("<u8")
    steps = (folded >> np.uint64(1)).astype(np.int64) ^ -(folded & np.uint64(1)).astype(np.int64)
    return np.cumsum(steps, dtype=np.int64)


def _split(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
