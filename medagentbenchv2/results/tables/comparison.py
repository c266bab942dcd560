"""comparison.csv: one model against the field. pairs.csv: every two models, tested."""

from __future__ import annotations

from medagentbenchv2.results.board import Board, ordinal
from medagentbenchv2.results.families import Group
from medagentbenchv2.results.tables.per_family import best_in, ranks_in
from medagentbenchv2.results.tables.table import Cell, Table, names, p_value, percent


def comparison(board: Board) -> Table:
    """The focus model per family, against the mean of all the others and the best. Ties share rank and cell."""
    focus = board.focus.label if board.focus else "Focus"
    headers = (
        "Task", "Description", f"{focus} Score (%)", "Field Average (%)", "Delta (%)", f"{focus} Rank", "Best Model",
        "Best Score (%)", f"{focus} 95% CI Low, these tasks (%)", f"{focus} 95% CI High, these tasks (%)",
    )  # fmt: skip
    about = f"{focus} against the field (the mean of the other models) in each family"
    return Table("comparison", about, headers, [_against_field(board, group) for group in board.groups])


def _against_field(board: Board, group: Group) -> list[Cell]:
    focus = board.focus
    tasks = focus.tasks_of(group) if focus else []
    score = focus.mean_of(tasks) if focus else None
    interval = focus.interval_of(tasks) if focus else None
    average = board.field_mean(group)
    rank = ranks_in(board, group).get(focus.label) if focus else None
    best = best_in(board, group)
    return [
        group.key,
        group.title,
        percent(score),
        percent(average),
        percent(score - average) if score is not None and average is not None else None,
        ordinal(rank) if rank else None,
        names([entry.label for entry, _ in best]),
        percent(best[0][1]) if best else None,
        percent(interval.low if interval else None),
        percent(interval.high if interval else None),
    ]


def pairs(board: Board) -> Table:
    """Every pair on the tasks both were scored on, with Holm's correction and the minimum detectable effect."""
    neighbours = {(pair.first, pair.second) for pair in board.adjacent}
    rows: list[list[Cell]] = [
        [
            pair.first,
            pair.second,
            pair.tasks,
            f"{float(pair.first_only):.4g}",
            f"{float(pair.second_only):.4g}",
            percent(pair.difference),
            pair.test.method,
            p_value(pair.test.p),
            p_value(pair.holm_p),
            "differs" if pair.differs else "no difference shown",
            percent(pair.detectable),
            "yes" if (pair.first, pair.second) in neighbours else "no",
        ]
        for pair in board.pairs
    ]
    headers = (
        "Model A", "Model B", "Shared Tasks", "A Only", "B Only", "Difference, these tasks (pp)", "Test", "p",
        "Holm p", "Verdict", "Minimum Detectable Effect (pp)", "Adjacent Ranks",
    )  # fmt: skip
    about = "every two models on the tasks both were scored on, tested and Holm-corrected"
    return Table("pairs", about, headers, rows)
