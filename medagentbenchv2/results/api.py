"""From paths to a report: what the command line and a notebook call."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from medagentbenchv2.errors import ArgumentError, writing
from medagentbenchv2.results.board import Board, build_board
from medagentbenchv2.results.families import Registered, load_families
from medagentbenchv2.results.markdown import readme, technical_report
from medagentbenchv2.results.models import ModelCard, load_cards
from medagentbenchv2.results.page import build_page
from medagentbenchv2.results.plots import draw_all
from medagentbenchv2.results.readers import read_path
from medagentbenchv2.results.run import Run, Runs
from medagentbenchv2.results.tables import all_tables


@dataclass(frozen=True)
class Report:
    """What was written, and what it rests on."""

    out: Path
    boards: tuple[Board, ...]
    """One per variant."""
    folders: tuple[Path, ...]
    """Where each board's files lie: `out` itself, or one folder per variant."""
    files: tuple[Path, ...]


def read(paths: Iterable[Path | str]) -> Runs:
    """All runs at the paths: files, run folders or trees of our own, the published, the vf-eval or the v1 format.

    A run that two paths lead to is read once. Raises ArgumentError naming path, or file, line and field, of what is not
    as it should be.
    """
    sources = [source for path in paths for source in read_path(Path(path))]
    if not sources:
        raise ArgumentError("PATH: give at least one file or folder that holds runs")
    unique = {file.resolve(): (file, reader) for file, reader in sources}
    return Runs(tuple(reader(file) for file, reader in unique.values()))


def report(
    paths: Iterable[Path | str],
    out: Path,
    focus: str | None = None,
    models_file: Path | None = None,
    *,
    families: Mapping[str, Registered] | None = None,
) -> Report:
    """Write tables, plots, report.md, report.html and README.md to `out`.

    Runs on several variants are never mixed: each variant gets its own folder below `out`. `focus` is the model to set
    against the field, by id or display name; the best where it is None. `models_file` adds to the shipped models.toml.
    Raises ArgumentError for paths without runs, broken rows, an unknown focus, or a missing `report` extra.
    """
    runs = read(paths)
    cards = load_cards(models_file)
    registered = load_families() if families is None else families
    boards = [
        build_board(variant, runs.of_variant(variant), cards, registered, _focus(focus, runs, variant, cards))
        for variant in runs.variants
    ]
    folders = [out] if len(boards) == 1 else [out / _folder_name(board.variant) for board in boards]
    files = [file for board, folder in zip(boards, folders, strict=True) for file in write(board, folder)]
    if len(boards) > 1:
        lines = [f"- [{board.variant}]({folder.name}/README.md)" for board, folder in zip(boards, folders, strict=True)]
        text = "# Reports, one per variant: their scores do not compare\n\n" + "\n".join(lines) + "\n"
        (out / "README.md").write_text(text, encoding="utf-8", newline="\n")
        files.append(out / "README.md")
    return Report(out, tuple(boards), tuple(folders), tuple(files))


def write(board: Board, folder: Path) -> list[Path]:
    """Write one board's files; returns them. Plots of an earlier report in the folder are replaced."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ArgumentError(f"--out: {str(folder)!r} is a file; name a folder") from error
    except OSError as error:
        raise ArgumentError(f"--out: {str(folder)!r} cannot be made ({error.strerror}); name another folder") from error
    if (folder / "plots").is_dir():
        shutil.rmtree(folder / "plots")
    tables = all_tables(board)
    drawn = draw_all(board, folder / "plots")
    texts = {f"{table.name}.csv": table.to_csv() for table in tables}
    texts["report.md"] = technical_report(board, drawn)
    texts["report.html"] = build_page(board, tables, drawn)
    with writing("--out", folder):
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    written = [folder / name for name in texts] + [file for item in drawn for file in item.files]
    rollouts = sum(len(entry.run.rows) for entry in (*board.entries, *board.references))
    about = f"leaderboard, families, failures and all {rollouts} rollouts in one file that needs no network"
    (folder / "README.md").write_text(readme(board, tables, drawn, written, about), encoding="utf-8", newline="\n")
    return [*written, folder / "README.md"]


def _folder_name(variant: str) -> str:
    """A variant as a folder's name: it may come from somebody's config.json."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", variant) or "_"


def _focus(focus: str | None, runs: Runs, variant: str, cards: Mapping[str, ModelCard]) -> str | None:
    """The focus, unless it ran on other variants only."""
    if focus is None or any(_is(focus, run, cards) for run in runs.of_variant(variant)):
        return focus
    return None if any(_is(focus, run, cards) for run in runs.runs) else focus


def _is(focus: str, run: Run, cards: Mapping[str, ModelCard]) -> bool:
    names = (run.model, run.source.parent.name, cards.get(run.model, ModelCard()).name or "")
    return focus.casefold() in (name.casefold() for name in names)
