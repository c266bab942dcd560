"""Run the matrix of versions and programs for real, and print it as a table.

    python scripts/matrix.py [OPTIONS OF PYTEST]

Each version is installed in its own virtual environment, once; MEDAGENTBENCHV2_VENVS names the folder that keeps them.
A row is one test: what it asked (agent and reward among its parameters), the programs it ran as environment/program ->
exit status, and how it ended.
"""

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main(options: list[str]) -> int:
    """Run the tests; the exit status of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "matrix.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "matrix", "tests/clients", "--junit-xml", written]
        status = subprocess.run([*command, *options], cwd=ROOT).returncode
        if written.exists():
            print(table(written))
    return status


def table(written: Path) -> str:
    """The table in Markdown."""
    lines = ["| test | ran -> exit status | result | s |", "|---|---|---|---|"]
    for case in ElementTree.parse(written).iter("testcase"):
        ran = [str(one.get("value")) for one in case.iter("property") if one.get("name") == "ran"]
        ended = next((kind for kind in ("failure", "error", "skipped") if case.find(kind) is not None), "passed")
        seconds = float(case.get("time", 0))
        lines.append(f"| {case.get('name')} | {', '.join(ran)} | {ended} | {seconds:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
