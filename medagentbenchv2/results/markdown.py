"""report.md, the technical report, and README.md, the list of files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.findings import findings, tested
from medagentbenchv2.results.notes import oddities
from medagentbenchv2.results.pairs import ALPHA
from medagentbenchv2.results.plots.draw import Drawn
from medagentbenchv2.results.plots.failures import frame as failures
from medagentbenchv2.results.tables import Table
from medagentbenchv2.results.tables.leaderboard import leaderboard
from medagentbenchv2.results.tables.per_family import task_accuracy_matrix
from medagentbenchv2.results.tables.table import Cell, percent

SHOWN = (
    "Rank", "Model", "Accuracy (%)", "95% CI Low, these tasks (%)", "95% CI High, these tasks (%)",
    "Rank 95% Best, these tasks", "Rank 95% Worst, these tasks", "Correct", "Scored", "Errors", "Query Families (%)",
    "Action Families (%)", "Macro Mean (%)", "Published (%)",
)  # fmt: skip
METHOD = """\
- Accuracy is the mean over tasks of the share of scored attempts that are correct. Infrastructure errors are outside
  every denominator. Models of equal accuracy share a rank.
- Intervals are at 95 % for *these tasks*: Wilson 1927 for single attempts; with repeats a percentile bootstrap that
  resamples tasks within their family (Miller 2024, arXiv 2411.00640; Bowyer et al. 2025, arXiv 2503.01747), or Wilson
  with one trial a task where all tasks score the same.
- *New families*: clustered by family, t with C-1 degrees of freedom. *New patients*: clustered by patient, where the
  traces name the patient.
- Pairs: exact McNemar on the shared tasks for single attempts, else a paired permutation test; Holm 1979 over all
  pairs; the minimum detectable effect is for 80 % power at {alpha} divided by the number of pairs.
- Rank intervals resample the tasks that all ranked models were scored on; they are not corrected for the number of
  models, the pairs are.
- pass@k after Chen et al. 2021 (arXiv 2107.03374), pass^k after Yao et al. 2024 (arXiv 2406.12045).
- The field average leaves the focus model out, in every table and plot.
- {resampling}."""


def technical_report(board: Board, drawn: Sequence[Drawn]) -> str:
    """report.md: findings, leaderboard, families, neighbours, failures, oddities, method."""
    tasks = len({task for entry in board.entries for task in entry.scores})
    rollouts = sum(len(entry.run.rows) for entry in (*board.entries, *board.references))
    board_table = leaderboard(board)
    shown = [name for name in SHOWN if any(record[name] not in (None, "") for record in board_table.records())]
    lines = [
        f"# Results on {board.variant}",
        f"{len(board.entries)} models, {tasks} tasks in {len(board.groups)} families, {rollouts} rollouts. "
        f"Focus: {board.focus.label if board.focus else 'none'}.",
        "## Findings",
        "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(findings(board), 1)),
        "## Leaderboard",
        pipe(shown, [[record[name] for name in shown] for record in board_table.records()]),
        _picture(drawn, "leaderboard"),
        "## Neighbours",
        "\n".join(_neighbours(board)) or "There is only one model.",
        "## Families",
        pipe(*_matrix(board)),
        _picture(drawn, "task_heatmap"),
        "## Failures",
        _failures(board),
        _picture(drawn, "failures"),
        "## What was odd in the data",
        "\n".join(f"- {sentence}" for sentence in oddities(board)) or "Nothing.",
        "## Method",
        METHOD.format(alpha=ALPHA, resampling=board.how.method[0].upper() + board.how.method[1:]),
    ]
    return "\n\n".join(line for line in lines if line) + "\n"


def readme(board: Board, tables: Sequence[Table], drawn: Sequence[Drawn], written: Sequence[Path], page: str) -> str:
    """README.md: what each file is, and why a plot is missing."""
    lines = [f"# Report on {board.variant}", "", "| file | what |", "|---|---|"]
    lines += [f"| [report.html](report.html) | {page} |", "| [report.md](report.md) | the technical report |"]
    lines += [f"| [{table.name}.csv]({table.name}.csv) | {_cell(table.about)} |" for table in tables]
    for item in drawn:
        name = item.plot.name
        links = f"[{name}.png](plots/{name}.png), `.svg`, `_dark.png`, `_dark.svg`, [`.csv`](plots/{name}.csv)"
        what = item.plot.about if item.files else f"not drawn: {item.plot.absent}"
        lines.append(f"| {links if item.files else name} | {what} |")
    lines += ["", f"{len(written)} files besides this one. Times are UTC where a source states no offset.", ""]
    return "\n".join(lines)


def pipe(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(map(_cell, headers)) + " |", "|" + "---|" * len(headers)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def neighbour_lines(board: Board) -> list[str]:
    """For each pair of neighbours, whether their order is shown or a tie."""
    said = []
    for pair in board.adjacent:
        ranks = f"{board.ranks[pair.first]} and {board.ranks[pair.second]}"
        verdict = "differ" if pair.differs else f"tie (detectable: {percent(pair.detectable)} points)"
        said.append(f"ranks {ranks}, {pair.first} and {pair.second}: {verdict}; {tested(pair)}")
    return said


def _neighbours(board: Board) -> list[str]:
    return [f"- {line[0].upper()}{line[1:]}" for line in neighbour_lines(board)]


def _matrix(board: Board) -> tuple[list[str], list[list[Cell]]]:
    """The accuracy matrix, families across when there are more models than families."""
    matrix = task_accuracy_matrix(board)
    columns = [f"{row[0]} {row[1] or ''}".strip() for row in matrix.rows[:-1]] + ["Overall"]
    turned = [[label, *(row[at] for row in matrix.rows)] for at, label in enumerate(matrix.headers) if at >= 2]
    return ["Model", *columns], turned


def _failures(board: Board) -> str:
    table = failures(board)
    names = list(dict.fromkeys(str(row[1]) for row in table.rows))
    counts: dict[str, list[Cell]] = {}
    for model, _, count, _, _ in table.rows:
        counts.setdefault(str(model), []).append(count)
    return pipe(["Model", *names], [[model, *row] for model, row in counts.items()]) if names else "Nothing failed."


def _picture(drawn: Sequence[Drawn], name: str) -> str:
    item = next(item for item in drawn if item.plot.name == name)
    return f"![{item.plot.about}](plots/{name}.png)" if item.files else ""


def _cell(cell: Cell) -> str:
    return "" if cell is None else str(cell).replace("|", "\\|").replace("\n", " ")
