from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medagentbenchv2.hospital import bits

from .fingerprint import fingerprint

ROOT = Path(__file__).parents[2]
DEFAULT = "204b09b9635d0b4f5c9c578d94f7254c7c56e24c5fa88bf079aa7e5b29d1f6fe"
TRAINING = "2cbd953fc51cff1a82f7e33774cfc9f1d58a39ea88b0f9243f701f70d69f1d26"
"""These change whenever the generator does; scores of different generators do not compare."""


def test_the_default_hospital_is_the_one_on_record() -> None:
    assert fingerprint(number=0) == DEFAULT


def test_a_training_hospital_is_the_one_on_record() -> None:
    assert fingerprint(number=7, patients=24, scale=0.1) == TRAINING


def test_another_process_generates_the_same_hospital() -> None:
    command = [sys.executable, "-m", "tests.hospital.fingerprint", "7", "24", "0.1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == TRAINING


@pytest.mark.matrix
@pytest.mark.parametrize(("python", "numpy"), [("python3.12", "numpy==1.26.4"), ("python3.13", "numpy>=2.3")])
def test_other_interpreters_generate_the_same_hospital(tmp_path: Path, python: str, numpy: str) -> None:
    interpreter = shutil.which(python)
    if interpreter is None:
        pytest.skip(f"{python} is not installed")
    if subprocess.run([interpreter, "-m", "venv", tmp_path / "venv"], check=False).returncode:
        pytest.skip(f"{python} does not run here")
    inside = tmp_path / "venv" / "bin" / "python"
    subprocess.run([inside, "-m", "pip", "install", "-q", numpy], check=True)
    command = [inside, "-m", "tests.hospital.fingerprint", "7", "24", "0.1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == TRAINING


def test_other_seeds_and_numbers_give_other_hospitals() -> None:
    small = {"patients": 4, "visitors": 2, "scale": 0.02}
    assert len({fingerprint(**small), fingerprint(seed=1, **small), fingerprint(number=1, **small)}) == 3


def test_only_integers_are_drawn() -> None:
    stream = bits.Bits(1)
    assert all(drawn.dtype.kind in "iu" for drawn in (stream.words(3), stream.normal(3), stream.below(9, 3)))
