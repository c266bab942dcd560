"""Every command of the README is run, as it stands there, in the order of the page."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fhir.serving import free_port
from tests.model_server import Reply
from tests.model_server import serving as model_serving

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "README.md").read_text()
LINES = [line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.strip().splitlines()]
SERVERS = {"ehr serve": "fhir/metadata", "agent serve": "v1/models", "mcp --http": "mcp"}
"""Commands that go on until they are stopped, and what they answer at."""
ELSEWHERE = {
    "python3": ".ci/run and a fresh clone",
    "pip": ".ci/run",
    "pytest": ".ci/run",
    "vf-eval": "tests/clients",
    "prime": "tests/clients",
    "medarc-eval": "tests/clients",
}
"""First words of the commands that need another program, and where those are run."""


def _is_server(line: str) -> bool:
    return any(f"medagentbenchv2 {command}" in line for command in SERVERS)


OURS = [line for line in LINES if line.startswith("medagentbenchv2 ")]
ENDING = [line for line in OURS if not _is_server(line)]


def test_every_command_is_run_here_or_in_a_named_place() -> None:
    assert {line.split()[0] for line in LINES if line not in OURS} <= set(ELSEWHERE)
    programs = "".join(path.read_text() for path in (ROOT / "tests" / "clients").glob("test_*.py"))
    assert all(word in programs for word in ("vf-eval", "prime", "medarc-eval"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder for all commands, with the checkout's examples beside it."""
    place = tmp_path_factory.mktemp("reader")
    (place / "examples").symlink_to(ROOT / "examples")
    return place


@pytest.fixture(scope="module")
def endpoint(folder: Path) -> Iterator[str]:
    """The oracle as an OpenAI-compatible model: what stands here for a hosted one."""
    port = free_port()
    with _started(f"medagentbenchv2 agent serve oracle --port {port}", folder) as process:
        _wait_for(f"http://127.0.0.1:{port}/v1/models", process)
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture(scope="module")
def talker() -> Iterator[str]:
    """A model that answers any question in prose."""
    with model_serving(lambda request: Reply("Ask a clinician.")) as server:
        yield server.base_url


@pytest.mark.parametrize("line", ENDING)
def test_a_command_ends_well(line: str, folder: Path, endpoint: str, talker: str) -> None:
    here = line.replace("http://localhost:8000/v1", endpoint)
    if "--model" in line and "--base-url" not in line:
        here += f" --base-url {talker if ' ask ' in line else endpoint}"
    done = subprocess.run(_words(here), cwd=folder, env=_environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{here}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert done.stdout.strip()


@pytest.mark.parametrize("line", [line for line in OURS if _is_server(line)])
def test_a_server_answers_and_stops(line: str, folder: Path) -> None:
    port = free_port()
    answers = next(path for command, path in SERVERS.items() if f"medagentbenchv2 {command}" in line)
    here = re.sub(r"--http \d+", f"--http {port}", line) if "--http" in line else f"{line} --port {port}"
    with _started(here, folder) as process:
        _wait_for(f"http://127.0.0.1:{port}/{answers}", process)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in {0, 130}


def _words(line: str) -> list[str]:
    words = shlex.split(line)
    return [sys.executable, "-m", *words] if words[0] == "medagentbenchv2" else words


def _environment() -> dict[str, str]:
    return {**os.environ, "OPENAI_API_KEY": "x", "COLUMNS": "160", "NO_COLOR": "1"}


@contextlib.contextmanager
def _started(line: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command under way, ended with the block."""
    process = subprocess.Popen(
        _words(line), cwd=folder, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until something answers, with whatever status."""
    for _ in range(600):
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url, timeout=2)
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at {url}")
