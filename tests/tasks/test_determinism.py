"""The same arguments give the same bytes: in two processes, on other versions of Python and of NumPy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("orjson", "pydantic>=2.11", "zstandard", "filelock", "typing-extensions", "simpleeval")
"""What growing a world and playing in it takes."""


def told(python: Path | str, **environment: str) -> list[str]:
    """Digest, version of Python and version of NumPy, as that interpreter sees them."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    command = [str(python), "-m", "tests.tasks.digest"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=variables)
    return done.stdout.split()


@pytest.fixture(scope="module")
def here() -> list[str]:
    return told(sys.executable, PYTHONHASHSEED="1")


def test_another_process_says_the_same(here: list[str], tmp_path: Path) -> None:
    assert told(sys.executable, PYTHONHASHSEED="2", MEDAGENTBENCHV2_CACHE=str(tmp_path), TZ="Asia/Tokyo") == here


def interpreter(version: str) -> str:
    """An installed Python of that version, from the path or from pyenv."""
    kept = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    found = str(kept[-1]) if kept else shutil.which(f"python{version}")
    if found is None:
        pytest.skip(f"Python {version} is not installed")
    return found


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("version", "numpy"),
    [("3.11", "numpy==1.26.4"), ("3.12", "numpy==1.26.4"), ("3.12", "numpy>=2.3"), ("3.13", "numpy>=2.3")],
)
def test_other_pythons_and_numpys_say_the_same(tmp_path: Path, here: list[str], version: str, numpy: str) -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        pytest.skip("uv is not installed; pip install -e '.[dev]' brings it")
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--python", interpreter(version), tmp_path / "venv"], check=True)
    install = [uv, "pip", "install", "-q", "--python", str(python), numpy, *NEEDED]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{numpy} cannot be installed here: {done.stderr.strip().splitlines()[-1:]}")
    digest, ran, with_numpy = told(python)
    assert ran.startswith(version)
    assert with_numpy.startswith(numpy[7:9])
    assert digest == here[0]
