"""Scripted agents served as models, and virtual environments with other versions of the programs that use us."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 150
"""Seconds that a program may take; they take 10 to 30."""
STACKS: dict[str, tuple[str, ...]] = {
    "medarc": ("verifiers==0.1.11", "medarc-verifiers==0.1.0"),
    "0.1.14": ("verifiers==0.1.14",),
    "prime": ("prime==0.7.7",),
    "0.2.1": ("verifiers==0.2.1",),
    "0.3.0": ("verifiers==0.3.0",),
    "0.3.1": ("verifiers==0.3.1",),
    "0.4.0": ("verifiers==0.4.0",),
    "prime-newest": ("prime>=0.8",),
}
"""Name -> what is installed beside this package."""
OVERRIDES = {"0.4.0": "verifiers==0.4.0"}
"""Name -> what is put in the place of this package's own bound, as the README shows."""


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., str]]:
    """Serve a scripted agent; returns the endpoint's base URL. All servers end with the session."""
    running: dict[tuple[str, ...], tuple[str, subprocess.Popen[bytes]]] = {}

    def start(*arguments: str) -> str:
        if arguments not in running:
            port = _free_port()
            command = [sys.executable, "-m", "medagentbenchv2", "agent", "serve", *arguments, "--port", str(port)]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            running[arguments] = (f"http://127.0.0.1:{port}/v1", process)
            _wait(f"http://127.0.0.1:{port}/v1/models", process)
        return running[arguments][0]

    yield start
    for _, process in running.values():
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The bin folder of a virtual environment with one of STACKS; made once, kept in MEDAGENTBENCHV2_VENVS if set."""

    def make(name: str) -> Path:
        kept = os.environ.get("MEDAGENTBENCHV2_VENVS")
        home = (Path(kept) if kept else tmp_path_factory.getbasetemp() / "venvs") / name
        if not (home / "ready").exists():
            uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
            if uv is None:
                pytest.skip("uv is not installed; pip install -e '.[dev]' brings it")
            subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, home], check=True)
            install = [uv, "pip", "install", "-q", "--python", home / "bin/python", *STACKS[name], "-e", ROOT]
            if name in OVERRIDES:
                (home / "overrides.txt").write_text(OVERRIDES[name])
                install += ["--overrides", home / "overrides.txt"]
            done = subprocess.run(install, capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"{name} cannot be installed here: {done.stderr.strip().splitlines()[-1:]}")
            (home / "ready").touch()
        return home / "bin"

    return make


@pytest.fixture
def run(tmp_path: Path, record_property: Callable[[str, object], None]) -> Callable[..., Any]:
    """Run a program in an empty folder, with a key in the environment and no network needed.

    Its name and exit status become properties of the test, which `scripts/matrix.py` makes a table of.
    """

    def go(*command: str | Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
        folder = Path(command[0]).parent
        environment = {
            **os.environ,
            "FAKE_KEY": "x",
            "PRIME_API_KEY": "dummy",
            "PRIME_DISABLE_VERSION_CHECK": "1",
            "HF_HUB_OFFLINE": "1",
            "VIRTUAL_ENV": str(folder.parent),
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "200",
        }
        words = [str(part) for part in command]
        # verifiers' environment server takes its port plus one for health checks, unasked, and waits for ever where
        # that one is in use: such a run is killed and repeated once.
        done = _run(words, tmp_path, environment) or _run(words, tmp_path, environment)
        assert done is not None, f"{words[0]} was killed twice after {PATIENCE_S} s"
        record_property("ran", f"{folder.parent.name}/{Path(words[0]).name} -> {done.returncode}")
        assert not ok or done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    return go


def _run(words: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str] | None:
    """The ended program; None when it had to be killed, with all that it started."""
    with subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            out, err = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the scripted agent's server ended"
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {url}")
