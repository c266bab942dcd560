"""A generated world as one file that all processes of a machine map: its snapshot, and its tasks as JSON lines.

The file is found by a stamp over the recipe and over the sources that grow worlds, so that a file of other code is
never read. It is written atomically under a lock, and made again when its checksum does not hold.
"""

from __future__ import annotations

import hashlib
import inspect
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson

from medagentbenchv2.fhir import cache as files
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.tasks.registry import family_of
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.task_file import parse_tasks
from medagentbenchv2.tasks.world import World

MOST_BYTES = 2 * 2**30
"""Bytes that the files of a machine's worlds may take; the oldest ones go first."""
_PACKAGE = Path(__file__).parents[1]
_ROOMS = ("fhir", "hospital", "tasks")


def stamp(recipe: Iterable[Any], families: Iterable[str]) -> str | None:
    """SHA-256 over a recipe's parts and the code that grows it; None when a family's source cannot be read."""
    digest = hashlib.sha256(_CODE)
    digest.update(orjson.dumps(list(recipe)))
    for slug in families:
        try:
            source = Path(inspect.getfile(type(family_of(slug))))
            digest.update(b"" if source.is_relative_to(_PACKAGE) else source.read_bytes())
        except (OSError, TypeError):
            return None
    return digest.hexdigest()


def open_world(number: int, stamp: str, variant: str, make: Callable[[], World]) -> World:
    """Map the world of a stamp; `make` grows it for the first process of the machine that asks."""
    folder = files.default_dir() / "worlds"
    made: list[World] = []

    def write(path: Path) -> None:
        world = make()
        made.append(world)
        lines = (orjson.dumps(task.to_json() | {"world": number}) for task in world.tasks[variant])
        world.snapshot.write(path, stamp, tasks=b"\n".join(lines))

    try:
        found = files.open_cached(f"world{number}-{stamp[:16]}", stamp, write, folder)
    except OSError as trouble:
        warnings.warn(f"world {number} is kept in memory alone: {trouble}", RuntimeWarning, stacklevel=2)
        return made[0] if made else make()
    if made:
        _prune(folder)
    return World(number, Snapshot.of(found), {variant: _tasks(bytes(found.texts["tasks"]), number)})


def _tasks(lines: bytes, number: int) -> list[Task]:
    return parse_tasks([orjson.loads(line) for line in lines.splitlines()], f"world {number}")


def _code() -> bytes:
    digest = hashlib.sha256()
    for room in _ROOMS:
        for source in sorted((_PACKAGE / room).rglob("*.py")):
            digest.update(source.relative_to(_PACKAGE).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.digest()


# Read at once: what a process runs is what stood there when it began, whatever is edited later.
_CODE = _code()


def _prune(folder: Path, most_bytes: int = MOST_BYTES) -> None:
    """Delete the oldest files above the limit; a process that has one mapped keeps what it sees."""
    kept = 0
    for path in sorted(folder.glob("*.map"), key=_written, reverse=True):
        try:
            kept += path.stat().st_size
            if kept > most_bytes:
                path.unlink()
        except OSError:  # another process was faster, or has the file open where that forbids deleting
            continue


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
