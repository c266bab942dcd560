"""Which processes of this machine have a folder's files mapped, seen again and again while a program runs (Linux)."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HEADER = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ (?P<inode>\d+) +(?P<path>/.*)$")


class Sight(NamedTuple):
    """One file in one process at one moment."""

    process: int
    name: str
    inode: int
    deleted: bool
    kib: dict[str, int]
    """Rss, Pss, Anonymous and what else the kernel tells of the mapping."""


class Watch:
    """All that was seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sights: list[Sight] = []

    def look(self) -> None:
        """Take down who has the folder's files mapped now."""
        for maps in Path("/proc").glob("[0-9]*/maps"):
            with contextlib.suppress(OSError):  # the process ended, or is somebody else's
                if str(self.folder) in maps.read_text():
                    self.sights += self._in(int(maps.parent.name), maps.with_name("smaps").read_text())

    def _in(self, process: int, smaps: str) -> Iterator[Sight]:
        found: Sight | None = None
        for line in smaps.splitlines():
            header = HEADER.match(line)
            if header or re.match(r"^[0-9a-f]+-", line):
                if found:
                    yield found
                found = None
            if header and header["path"].startswith(str(self.folder)):
                path, _, deleted = header["path"].partition(" (deleted)")
                found = Sight(process, Path(path).name, int(header["inode"]), bool(deleted or "(deleted)" in line), {})
            elif found and line.endswith(" kB"):
                name, value, _ = line.split()
                found.kib[name.rstrip(":")] = int(value)
        if found:
            yield found

    def of(self, name: str) -> list[Sight]:
        """The sights of the files whose names begin so."""
        return [sight for sight in self.sights if sight.name.startswith(name)]


@contextlib.contextmanager
def watching(folder: Path) -> Iterator[Watch]:
    """Look ten times a second for as long as the block lasts."""
    watch, done = Watch(folder), threading.Event()

    def go() -> None:
        while not done.wait(0.1):
            watch.look()

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()
