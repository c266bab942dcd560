"""Packages of npm in a scratch folder."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest


def installed(folder: Path, package: str, *more: str) -> Path:
    """A folder whose scripts can import the packages; skips the test where they cannot be installed."""
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    _npm(folder, package, "install", "--silent", "--no-audit", "--no-fund", package, *more)
    return folder


def unpacked(folder: Path, package: str) -> Path:
    """The files of one package; skips the test where it cannot be fetched."""
    _npm(folder, package, "pack", "--silent", package)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def _npm(folder: Path, package: str, *command: str) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    done = subprocess.run([npm, *command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"npm cannot fetch {package} here: {done.stderr.strip().splitlines()[-1:]}")
