"""`medagentbenchv2 ehr`: what it prints, what it writes, and what it says when it cannot."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from medagentbenchv2.cli import app
from medagentbenchv2.cli.ehr_tables import sparkline
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.tasks.world import default_world


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["ehr", *map(str, arguments)])


def said(*arguments: str | Path) -> str:
    """The one line with which a command ends that cannot do its work."""
    result = run(*arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, ArgumentError)
    return str(result.exception)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A user's own EHR."""
    folder = tmp_path / "own"
    folder.mkdir()
    rows = [
        {"resourceType": "Patient", "id": "p1", "name": [{"family": "Own[bold]"}], "birthDate": "1970"},
        {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": {"text": "Cough"}},
    ]
    (folder / "mine.ndjson").write_text("\n".join(map(json.dumps, rows)))
    return folder


def test_info_says_what_it_holds() -> None:
    facts = json.loads(run("info", "--json").stdout)
    snapshot = default_world().snapshot
    assert facts["checksum"] == snapshot.checksum
    assert facts["clock"] == "2023-11-13T10:15:00+00:00"
    assert facts["resources"]["Patient"] == 500
    assert sum(facts["resources"].values()) > 700_000
    table = run("info").stdout
    assert f"{facts['resources']['Observation']:,}" in table
    assert snapshot.checksum in table


def test_info_of_a_users_own_ehr(own: Path) -> None:
    facts = json.loads(run("info", "--data", own, "--json").stdout)
    assert facts["resources"] == {"Patient": 1, "Condition": 1}
    assert facts["clock"] is None
    assert facts["bytes"] == (own / "mine.ndjson").stat().st_size


def test_show_prints_a_record_that_can_be_read() -> None:
    mrn = json.loads(run("show", "S2718281", "--json").stdout)["person"]["mrn"]
    shown = run("show", mrn).stdout
    for part in (f"MRN {mrn}", "Problems (", "Medications (", "Procedures (", "Laboratory (", "Vital signs ("):
        assert part in shown
    assert "as of 2023-11-13T10:15:00+00:00" in shown


def test_show_at_an_earlier_moment_shows_less() -> None:
    def readings(*arguments: str) -> int:
        record = json.loads(run("show", "S2718281", "--json", *arguments).stdout)
        return sum(len(trend["readings"]) for trend in record["laboratory"])

    assert 0 < readings("--at", "2020-01-01T00:00:00+00:00") < readings("--at", "2022-01-01T00:00:00Z") < readings()


def test_show_of_a_users_own_ehr_prints_names_as_they_are(own: Path) -> None:
    shown = run("show", "p1", "--data", own).stdout
    assert "Own[bold]" in shown
    assert "Cough" in shown
    assert "the whole record" in shown


def test_export_writes_what_serve_reads(own: Path, tmp_path: Path) -> None:
    done = run("export", "--data", own, "--out", tmp_path / "out")
    assert done.stdout == f"2 resources of 2 types written to {tmp_path / 'out'}\n"
    assert json.loads(run("info", "--data", tmp_path / "out", "--json").stdout)["resources"]["Condition"] == 1
    run("export", "--data", own, "--out", tmp_path / "bundles", "--format", "bundles")
    names = sorted(path.name for path in (tmp_path / "bundles").iterdir())
    assert names == ["00001-Patient.json", "00002-Condition.json"]


def test_what_cannot_be_done_is_said_in_one_line(own: Path, tmp_path: Path) -> None:
    assert said("export", "--data", own, "--out", own).startswith("out: ")
    assert said("info", "--data", tmp_path / "none") == (
        f"data: {tmp_path / 'none'} is not a folder; give one that holds *.ndjson files"
    )
    assert "has no *.ndjson file" in said("info", "--data", tmp_path)
    assert said("show", "").startswith("mrn: '' is not allowed")
    (tmp_path / "file").touch()
    assert said("export", "--data", own, "--out", tmp_path / "file" / "x").endswith("choose another path")
    assert said("show", "S0000000").startswith("mrn: 'S0000000' is not allowed")
    assert said("show", "S2718281", "--at", "2020").startswith("at: '2020' is not a date with a time of day")


def test_a_port_in_use_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        words = said("serve", "--port", port)
    assert words.startswith(f"port: cannot listen on 127.0.0.1, port {port}")
    assert "--port" in words


def test_every_option_has_help_with_its_default() -> None:
    group = typer.main.get_command(app).commands["ehr"]  # type: ignore[attr-defined]
    assert set(group.commands) == {"serve", "export", "info", "show"}
    for name, command in group.commands.items():
        shown = run(name, "--help").stdout
        for option in (each for each in command.params if each.param_type_name == "option"):
            assert option.help, f"{name} {option.name}"
            stated = option.default is None or option.is_flag or "Default:" in option.help
            if not option.required and not stated:
                assert f"[default: {option.default}]" in shown, f"{name} {option.name}"


def test_serve_answers_at_the_address_that_it_prints(own: Path) -> None:
    command = [sys.executable, "-m", "medagentbenchv2", "ehr", "serve", "--port", "0", "--data", str(own)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.findall(r"http://127\.0\.0\.1:\d+/fhir/", line)[0]
        with urllib.request.urlopen(f"{address}Patient/p1") as answer:
            assert json.load(answer)["id"] == "p1"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert line.startswith("own: 1 patients, 2 resources at ")
    assert "Traceback" not in errors


def test_a_sparkline_runs_from_low_to_high() -> None:
    assert sparkline([1.0, 2.0, 3.0]) == "▁▅█"
    assert sparkline([2.0, 2.0]) == "▄▄"
    assert sparkline([]) == ""
