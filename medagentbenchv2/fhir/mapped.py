"""Arrays and texts in one file that is mmapped: the form that all workers of a machine share.

Layout: magic, header length, CRC-32 of that length and all that follows, JSON header, then the parts, 64-byte aligned.
"""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

MAGIC = b"MAB2MAP1"
_HEAD = struct.Struct("<8sII")
_ALIGN = 64


class Damaged(Exception):
    """The file is not what was written: cut short, changed, or of another version."""


class Mapped(NamedTuple):
    """An opened file."""

    facts: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    """Views into the mapping; read-only."""
    texts: dict[str, memoryview]


def write(path: Path, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], texts: Mapping[str, bytes]) -> None:
    """Write the file atomically: readers see the old file, the whole new one, or none."""
    parts: list[bytes] = []
    places: dict[str, Any] = {}
    at = 0
    for name, array in arrays.items():
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        places[name] = {"dtype": little.dtype.str, "at": at, "size": little.nbytes}
        at += _append(parts, little.tobytes())
    for name, text in texts.items():
        places[name] = {"at": at, "size": len(text)}
        at += _append(parts, text)
    header = orjson.dumps({"facts": dict(facts), "places": places})
    header += b" " * (-(len(header) + _HEAD.size) % _ALIGN)
    body = header + b"".join(parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_HEAD.pack(MAGIC, len(header), _crc(len(header), body)))
            file.write(body)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _crc(length: int, body: bytes | memoryview) -> int:
    """CRC-32 of the header's length and all that follows it."""
    return zlib.crc32(body, length)


def _append(parts: list[bytes], data: bytes) -> int:
    padding = -len(data) % _ALIGN
    parts += [data, b"\0" * padding]
    return len(data) + padding


def open_file(path: Path) -> Mapped:
    """Map the file; raises Damaged when its checksum does not match, OSError when it is not there."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < _HEAD.size:
            raise Damaged(f"{path} is cut short")
        mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    view = memoryview(mapping)
    magic, length, crc = _HEAD.unpack_from(view)
    if magic != MAGIC or _crc(length, view[_HEAD.size :]) != crc:
        raise Damaged(f"{path} does not match its checksum")
    header = orjson.loads(view[_HEAD.size : _HEAD.size + length])
    start = _HEAD.size + length
    arrays, texts = {}, {}
    for name, place in header["places"].items():
        part = view[start + place["at"] : start + place["at"] + place["size"]]
        if "dtype" in place:
            arrays[name] = np.frombuffer(part, dtype=place["dtype"])
        else:
            texts[name] = part
    return Mapped(header["facts"], arrays, texts)
