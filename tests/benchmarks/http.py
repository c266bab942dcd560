"""How fast one worker of `ehr serve` answers: searches of 200 rows and creates a second, loaded by Debian's `wrk`.

    python -m tests.benchmarks.http [--seconds 4] [--rounds 5] [--connections 32]

A Python client cannot load the server; without `wrk` the benchmark says so and ends. Medians of all rounds are printed
beside their budgets: requests a second of the wall clock, which other work on the machine slows down, and requests a
second of the server's own processor time, which is what one undisturbed core answers.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

BUDGETS = {"search of 200 rows": 5000.0, "search of 200 rows, never the same": 0.0, "create": 8000.0}
"""Requests a second that one worker is to answer; 0 is no budget."""

CREATE = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/fhir+json"
wrk.headers["X-Session"] = "benchmark"
wrk.body = [[{"resourceType":"ServiceRequest","status":"active","intent":"order","priority":"stat",
"code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"Hemoglobin A1c"}]},
"subject":{"reference":"Patient/%s"},"authoredOn":"2023-11-13T10:15:00+00:00"}]]
"""
UNLIKE = """
local number = 0
request = function()
  number = number + 1
  local date = "le2090-01-01T00:00:00." .. string.format("%%06d", number)
  return wrk.format("GET", "/fhir/Observation?patient=%s&_count=200&date=" .. date)
end
"""


def main() -> int:
    """Measure, print, and say by the exit status whether the budgets hold."""
    options = _options()
    wrk = shutil.which("wrk")
    if wrk is None:
        print("skipped: wrk is not installed (Debian: apt-get install wrk)")
        return 0
    command = [sys.executable, "-m", "medagentbenchv2", "ehr", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, tempfile.TemporaryDirectory() as place:
        assert server.stdout is not None
        root = re.findall(r"http://\S+?(?=/fhir/)", server.stdout.readline())[0]
        try:
            mrn = _busiest(root)
            folder = Path(place)
            (folder / "create.lua").write_text(CREATE % mrn)
            (folder / "unlike.lua").write_text(UNLIKE % mrn)
            load = [wrk, "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--timeout", "30s"]
            runs = {
                "search of 200 rows": [*load, f"{root}/fhir/Observation?patient={mrn}&_count=200"],
                "search of 200 rows, never the same": [*load, "-s", str(folder / "unlike.lua"), root],
                "create": [*load, "-s", str(folder / "create.lua"), f"{root}/fhir/ServiceRequest"],
            }
            rates = {name: [_rate(run, root, server.pid) for _ in range(options.rounds)] for name, run in runs.items()}
        finally:
            server.terminate()
    return _report(rates)


def _report(rates: dict[str, list[tuple[float, float]]]) -> int:
    print(f"{'':36}{'a second':>10}{'lowest':>9}{'highest':>9}{'a CPU second':>14}{'budget':>8}{'ratio':>7}")
    missed = 0
    for name, rounds in rates.items():
        wall, budget = [one for one, _ in rounds], BUDGETS[name]
        median, own = statistics.median(wall), statistics.median(one for _, one in rounds)
        shown = f"{budget:8.0f}{own / budget:7.2f}" if budget else ""
        print(f"{name:36}{median:10.0f}{min(wall):9.0f}{max(wall):9.0f}{own:14.0f}{shown}")
        missed += own < budget
    return 1 if missed else 0


def _rate(command: list[str], root: str, server: int) -> tuple[float, float]:
    """Requests a second of one run, by the wall clock and by the server's processor time; all answered well."""
    before = _cpu_seconds(server)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    spent = _cpu_seconds(server) - before
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"not every request was answered well:\n{done.stdout}")
    _end_session(root)
    count = int(re.findall(r"(\d+) requests in", done.stdout)[0])
    rate = float(re.findall(r"Requests/sec:\s*([\d.]+)", done.stdout)[0])
    return rate, count / spent if spent else rate


def _cpu_seconds(process: int) -> float:
    """Processor time of a process so far, user and system; 0 where /proc does not tell."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _busiest(root: str) -> str:
    """A patient with 200 observations or more."""
    with urllib.request.urlopen(f"{root}/fhir/Patient?_count=50") as answer:
        mrns = [entry["resource"]["id"] for entry in json.load(answer)["entry"]]
    for mrn in mrns:
        with urllib.request.urlopen(f"{root}/fhir/Observation?patient={mrn}&_summary=count") as answer:
            if json.load(answer)["total"] >= 1000:
                return str(mrn)
    raise RuntimeError("no patient has 1,000 observations")


def _end_session(root: str) -> None:
    request = urllib.request.Request(f"{root}/session/benchmark", method="DELETE")
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError as error:
        if error.code != 404:  # only creates make the session
            raise


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4, help="length of one round (default 4)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each (default 5)")
    parser.add_argument("--connections", type=int, default=32, help="open connections (default 32)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
