"""Files that a machine makes once and all its processes map: found, or made under a lock."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from medagentbenchv2.fhir import mapped

FORMAT = 4
"""Version of the cached forms; part of their names."""


def default_dir() -> Path:
    """The environment's MEDAGENTBENCHV2_CACHE, else the XDG cache, else the temporary directory."""
    named = os.environ.get("MEDAGENTBENCHV2_CACHE")
    if named:
        return Path(named)
    xdg = os.environ.get("XDG_CACHE_HOME")
    base = Path(xdg) if xdg else Path.home() / ".cache"
    existing = next(folder for folder in (base, *base.parents) if folder.exists())
    if os.access(existing, os.W_OK):
        return base / "medagentbenchv2"
    return Path(tempfile.gettempdir()) / "medagentbenchv2"


def open_cached(
    name: str, checksum: str, make: Callable[[Path], None], directory: str | Path | None = None
) -> mapped.Mapped:
    """The mapped file of that name whose facts hold that checksum; make(path) writes it when it is missing or damaged.

    Any number of processes may ask at the same moment: one makes the file, the others wait and map it.
    """
    folder = Path(directory) if directory is not None else default_dir()
    path = folder / f"{name}-v{FORMAT}.map"
    found = _whole(path, checksum)
    if found is not None:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        found = _whole(path, checksum, warn=True)
        if found is None:
            make(path)
            found = mapped.open_file(path)
    return found


def _whole(path: Path, checksum: str, *, warn: bool = False) -> mapped.Mapped | None:
    try:
        found = mapped.open_file(path)
    except FileNotFoundError:
        return None
    except mapped.Damaged as damage:
        if warn:
            warnings.warn(f"the cached EHR is damaged and is made again: {damage}", RuntimeWarning, stacklevel=4)
        return None
    return found if found.facts.get("checksum") == checksum else None
