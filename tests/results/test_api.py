"""From paths to a report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.console import Console

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.api import Report, read, report
from medagentbenchv2.results.board import build_board
from medagentbenchv2.results.markdown import technical_report
from medagentbenchv2.results.models import load_cards
from medagentbenchv2.results.page import build_page
from medagentbenchv2.results.plots import PLOTS
from medagentbenchv2.results.plots.draw import Drawn
from medagentbenchv2.results.tables import all_tables
from medagentbenchv2.results.terminal import show
from tests.results.made import FAMILIES, row, rows, write_run


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Two models with traces, reported once."""
    root = tmp_path_factory.mktemp("runs")
    for m in range(2):
        write_run(root / f"m{m}", f"lab/m{m}", rows(3 * m, 2, 2, seed=2), traces=True, result_size=6000)
    return report([root], root / "report", "lab/m1", families=FAMILIES)


def test_the_folder_holds_what_its_readme_lists(done: Report) -> None:
    readme = (done.out / "README.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", readme)
    assert {"report.html", "report.md", "leaderboard.csv", "comparison.csv", "plots/pass_k.png"} <= set(links)
    assert all((done.out / link).is_file() for link in links)
    assert {path for path in done.out.rglob("*") if path.is_file()} == set(done.files)


def test_the_technical_report_has_its_parts_in_order_and_its_pictures(done: Report) -> None:
    text = (done.out / "report.md").read_text()
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == [
        "Findings",
        "Leaderboard",
        "Neighbours",
        "Families",
        "Failures",
        "What was odd in the data",
        "Method",
    ]
    assert all((done.out / picture).is_file() for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text))
    assert "10000 resamples, seed" in text


def test_reading_again_gives_the_same_bytes(done: Report) -> None:
    """All but the pictures, whose bytes have their own test."""
    folders = [entry.run.source.parent for entry in done.boards[0].entries]
    board = build_board("new_patient_tasks", read(folders).runs, load_cards(), FAMILIES, "lab/m1")
    names = ("{}.png", "{}.svg", "{}_dark.png", "{}_dark.svg", "{}.csv")
    places = [(plot, [done.out / "plots" / name.format(plot.name) for name in names]) for plot in PLOTS]
    drawn = [Drawn(plot, tuple(files) if files[0].exists() else ()) for plot, files in places]
    tables = all_tables(board)
    texts = {f"{table.name}.csv": table.to_csv() for table in tables}
    texts |= {"report.md": technical_report(board, drawn), "report.html": build_page(board, tables, drawn)}
    assert {name: (done.out / name).read_text() for name in texts} == texts


def test_patients_and_agreement_come_from_the_traces(done: Report) -> None:
    entry = done.boards[0].entries[0]
    assert entry.patients["task1_1"] == "S0000011"
    assert entry.agreement == 1.0


def test_variants_are_never_mixed(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "m", [row("task1_1")], variant="new_tasks")
    write_run(tmp_path / "b", "m", [row("task1_1")], variant="generated")
    write_run(tmp_path / "c", "other", [row("task1_1")], variant="generated")
    made = report([tmp_path], tmp_path / "out", "other", families=FAMILIES)
    assert made.folders == (tmp_path / "out" / "new_tasks", tmp_path / "out" / "generated")
    assert all((folder / "report.html").is_file() for folder in made.folders)
    assert "[generated](generated/README.md)" in (tmp_path / "out" / "README.md").read_text()


def test_a_variant_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    for n, variant in enumerate(("../../escape", "new_tasks")):
        write_run(tmp_path / "in" / str(n), "m", [row("task1_1")], variant=variant)
    made = report([tmp_path / "in"], tmp_path / "deep" / "out", families=FAMILIES)
    assert made.folders[0] == tmp_path / "deep" / "out" / "______escape"


def test_an_unknown_focus_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "m", [row("task1_1")])
    with pytest.raises(ArgumentError, match="focus: 'nobody'"):
        report([tmp_path / "a"], tmp_path / "out", "nobody", families=FAMILIES)
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "m", [row("task1_1")])
    (tmp_path / "out").write_text("")
    with pytest.raises(ArgumentError, match=r"--out: .* is a file"):
        report([tmp_path / "a"], tmp_path / "out", families=FAMILIES)


def test_the_terminal_shows_ranks_and_neighbours(done: Report) -> None:
    console = Console(record=True, width=150, force_terminal=False)
    show(done.boards[0], console)
    text = console.export_text()
    assert "lab/m0" in text
    assert "ranks 1 and 2, lab/m0 and lab/m1:" in text
