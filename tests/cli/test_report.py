"""`report`, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from medagentbenchv2.cli.report import report_command
from medagentbenchv2.errors import ArgumentError
from tests.results.made import rows, write_run

app = typer.Typer()
app.command()(report_command)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two models on one variant."""
    for m in range(2):
        write_run(tmp_path / "runs" / f"m{m}", f"lab/m{m}", rows(3 * m, 1, 1, seed=2))
    return tmp_path / "runs"


def test_it_writes_the_report_and_prints_the_leaderboard(runs: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [str(runs), "--out", str(tmp_path / "out"), "--focus", "lab/m1"])
    assert done.exit_code == 0, done.output
    assert "lab/m0" in done.output
    assert "ranks" in done.output
    assert (tmp_path / "out" / "report.html").is_file()


def test_json_prints_the_data_alone(runs: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [str(runs), "--out", str(tmp_path / "out"), "--json"])
    table = json.loads(done.output)["new_patient_tasks"]
    assert {record["Model"] for record in table} == {"lab/m0", "lab/m1"}
    assert table[0]["Rank"] == 1


def test_a_path_that_is_not_there_is_an_argument_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [str(tmp_path / "gone"), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, ArgumentError)


def test_every_option_is_explained() -> None:
    text = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    for option in ("--out", "--focus", "--models", "--json"):
        assert option in text


def test_what_cannot_be_read_or_written_is_an_argument_error(runs: Path, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "out")]
    (tmp_path / "full" / "report.md").mkdir(parents=True)
    for line, words in (
        ([*out, "--models", str(tmp_path)], "models"),
        (["--out", "/proc/nothing"], "cannot be made"),
        (["--out", str(tmp_path / "full")], "cannot be written"),
    ):
        done = CliRunner().invoke(app, [str(runs), *line])
        assert isinstance(done.exception, ArgumentError), done.output
        assert words in str(done.exception)
