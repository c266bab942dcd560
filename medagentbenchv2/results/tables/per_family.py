"""Families against models: the accuracy matrix, rankings within a family, and how hard each family is."""

from __future__ import annotations

from fractions import Fraction
from statistics import stdev

from medagentbenchv2.results.board import Board, competition_ranks, ordinal
from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.families import Group
from medagentbenchv2.results.tables.table import Cell, Table, decimals, names, percent

Score = tuple[Entry, Fraction]


def scores_in(board: Board, group: Group) -> list[Score]:
    """The models with a score in a family, in leaderboard order."""
    means = [(entry, entry.mean_of(entry.tasks_of(group))) for entry in board.entries]
    return [(entry, mean) for entry, mean in means if mean is not None]


def ranks_in(board: Board, group: Group) -> dict[str, int]:
    """Label -> competition rank within a family."""
    scored = scores_in(board, group)
    ranks = competition_ranks([mean for _, mean in scored])
    return {entry.label: rank for (entry, _), rank in zip(scored, ranks, strict=True) if rank is not None}


def best_in(board: Board, group: Group, last: bool = False) -> list[Score]:
    """Everyone who shares the best (or the worst) score in a family."""
    scored = scores_in(board, group)
    edge = (min if last else max)((mean for _, mean in scored), default=None)
    return [(entry, mean) for entry, mean in scored if mean == edge]


def task_accuracy_matrix(board: Board) -> Table:
    """Accuracy of each model in each family, models in leaderboard order, with an overall row."""
    rows: list[list[Cell]] = [
        [group.key, group.title, *(percent(e.mean_of(e.tasks_of(group))) for e in board.entries)]
        for group in board.groups
    ]
    rows.append(["Overall", "All tasks", *(percent(entry.accuracy) for entry in board.entries)])
    headers = ["Task", "Description", *(entry.label for entry in board.entries)]
    return Table("task_accuracy_matrix", "accuracy in percent, family by model", headers, rows)


def task_analysis(board: Board) -> Table:
    """The matrix with values such as 100.0%."""
    matrix = task_accuracy_matrix(board)
    rows = [[*row[:2], *(None if cell is None else f"{cell}%" for cell in row[2:])] for row in matrix.rows[:-1]]
    overall = [None if cell is None else f"{cell}%" for cell in matrix.rows[-1][2:]]
    headers = ["Task", "Task Description", *matrix.headers[2:]]
    about = "the same matrix with percent signs"
    return Table("task_analysis", about, headers, [*rows, ["overall", "Overall Accuracy", *overall]])


def task_rankings(board: Board) -> Table:
    """Who stands where in each family. Models that tie share one cell, and the places they fill stay empty."""
    places = range(1, len(board.entries) + 1)
    headers = ["Task", "Description"]
    for place in places:
        headers += [ordinal(place), f"{ordinal(place)} Score"]
    rows = []
    for group in board.groups:
        ranks, scores = ranks_in(board, group), {e.label: mean for e, mean in scores_in(board, group)}
        row: list[Cell] = [group.key, group.title]
        for place in places:
            here = sorted(label for label, rank in ranks.items() if rank == place)
            row += [names(here) or None, percent(scores[here[0]]) if here else None]
        rows.append(row)
    return Table("task_rankings", "models by rank within each family; ties share a cell", headers, rows)


def model_rankings_per_task(board: Board) -> Table:
    """Each model's rank in each family."""
    ranks = [ranks_in(board, group) for group in board.groups]
    rows: list[list[Cell]] = [
        [e.label, *(ordinal(rank[e.label]) if e.label in rank else None for rank in ranks)] for e in board.entries
    ]
    headers = ["Model", *(f"{g.key} ({g.title})" if g.title else g.key for g in board.groups)]
    return Table("model_rankings_per_task", "each model's rank within each family", headers, rows)


def task_difficulty(board: Board) -> Table:
    """Families from hardest to easiest, by mean accuracy over the field; the focus model is not part of the field."""
    rows = []
    for group in board.groups:
        means = [mean for _, mean in scores_in(board, group)]
        average = sum(means, Fraction()) / len(means)
        spread = stdev([float(mean) * 100 for mean in means]) if len(means) > 1 else None
        hardest, easiest = best_in(board, group, last=True), best_in(board, group)
        row: list[Cell] = [group.key, group.title, percent(average), names([e.label for e, _ in hardest])]
        row += [names([e.label for e, _ in easiest]), decimals(spread, 1), percent(board.field_mean(group))]
        rows.append((average, row))
    ranks = competition_ranks([-average for average, _ in rows])
    ordered = sorted(zip(ranks, rows, strict=True), key=lambda item: item[0] or 0)
    headers = (
        "Rank", "Task", "Description", "Average Accuracy (%)", "Hardest For", "Easiest For", "Std Dev",
        "Field Average (%)",
    )  # fmt: skip
    about = "families from hardest to easiest over all models; the field average leaves the focus model out"
    return Table("task_difficulty", about, headers, [[rank, *row] for rank, (_, row) in ordered])
