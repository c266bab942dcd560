"""A user's own EHR: a directory of NDJSON files, one resource a line, any R4 resource type."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir import cache, kinds, mapped
from medagentbenchv2.fhir.documents import Documents
from medagentbenchv2.fhir.postings import Index, index_lines


def open_directory(directory: Path, cache_dir: str | Path | None = None) -> tuple[dict[str, Any], Documents]:
    """(facts, documents) of all `*.ndjson` in a directory, in the order of file names and lines.

    The lines and their index are kept in one mapped file per machine, made anew when a file changes.
    """
    files = sorted(directory.glob("*.ndjson"))
    if not files:
        raise ArgumentError(f"directory: {directory} has no *.ndjson file; put one resource on each line of some")
    stats = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    stamp = hashlib.sha256(orjson.dumps([str(directory.resolve()), stats])).hexdigest()
    found = cache.open_cached(f"ndjson-{stamp[:16]}", stamp, lambda path: _make(path, files, stamp), cache_dir)
    index = Index(**{name: found.arrays[name] for name in Index.__dataclass_fields__})
    return found.facts, Documents(found.texts["data"], index, found.facts["kinds"])


def _make(path: Path, files: list[Path], stamp: str) -> None:
    parts: list[bytes] = []
    spans: list[tuple[int, int]] = []
    ids: set[tuple[str, str]] = set()
    at = 0
    for file in files:
        for number, line in _lines(file):
            _check(line, f"{file.name}, line {number}", ids)
            spans.append((at, at + len(line)))
            parts += [line, b"\n"]
            at += len(line) + 1
    data = b"".join(parts)
    index, names = index_lines(data, spans)
    numbers = [int(id) for _, id in ids if id.isascii() and id.isdigit() and len(id) < 18]
    facts = {
        "checksum": stamp,
        "content": hashlib.sha256(data).hexdigest(),
        "kinds": names,
        "labels": {"name": files[0].parent.name},
        "base_id": 0,
        "next_id": max([*numbers, len(spans)]) + 1,
    }
    mapped.write(path, facts, index.arrays(), {"data": data})


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, line.strip()


def _check(line: bytes, where: str, ids: set[tuple[str, str]]) -> None:
    try:
        resource = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ArgumentError(f"directory: {where} is not JSON ({error}); put one resource on each line") from None
    kind, id = (resource.get("resourceType"), resource.get("id")) if isinstance(resource, dict) else (None, None)
    if not isinstance(kind, str) or not kinds.is_kind(kind):
        raise ArgumentError(f"directory: {where} has resourceType {kind!r}, which is no R4 resource type")
    if not isinstance(id, str) or (kind, id) in ids:
        raise ArgumentError(f"directory: {where} needs an id that no other {kind} has, not {id!r}")
    ids.add((kind, id))
