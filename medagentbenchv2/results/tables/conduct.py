"""How models behave, rather than how they score: formats, safety, size."""

from __future__ import annotations

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.rows import Status
from medagentbenchv2.results.statistics.proportion import rule_of_three, wilson
from medagentbenchv2.results.statistics.rare import exact_upper_bound
from medagentbenchv2.results.tables.table import Cell, Table, decimals, percent

UNSAFE = (
    ("Wrong Patient", "wrong_patient"),
    ("Extra Order", "extra_order"),
    ("Unstopped Order", "not_discontinued"),
)
"""What a chart is worse off for: label, failure category."""


def format_adherence(board: Board) -> Table:
    """Share of scored rollouts that kept to the protocol, and how the others broke it."""
    rows: list[list[Cell]] = []
    for entry in board.entries:
        scored = sum(row.scored for row in entry.rows)
        kept = entry.statuses[Status.COMPLETED]
        interval = wilson(kept, scored)
        rows.append([entry.label, scored, kept, percent(interval.estimate if interval else None)])
        rows[-1] += [percent(interval.low if interval else None), percent(interval.high if interval else None)]
        rows[-1] += [entry.statuses[status] for status in _BREACHES]
    headers = (
        "Model", "Scored", "Completed", "Adherence (%)", "95% CI Low, these tasks (%)", "95% CI High, these tasks (%)",
        "Invalid Actions", "Limit Reached", "Context Limit", "Missing Finish",
    )  # fmt: skip
    about = "who keeps to the protocol: invalid actions, turn and context limits, missing finishes"
    return Table("format_adherence", about, headers, rows)


_BREACHES = (Status.INVALID_ACTION, Status.LIMIT_REACHED, Status.CONTEXT_LIMIT, Status.NO_FINISH)


def size_vs_accuracy(board: Board) -> Table:
    """Parameters against accuracy; models of unknown size stay in with empty cells."""
    rows: list[list[Cell]] = [
        [
            e.label,
            e.card.provider,
            decimals(e.card.parameters, 1),
            decimals(e.card.active_parameters or e.card.parameters, 1),
            percent(e.accuracy),
            percent(e.interval.low if e.interval else None),
            percent(e.interval.high if e.interval else None),
        ]
        for e in board.entries
    ]
    headers = (
        "Model", "Provider", "Parameters (B)", "Active Parameters (B)", "Accuracy (%)", "95% CI Low, these tasks (%)",
        "95% CI High, these tasks (%)",
    )  # fmt: skip
    return Table("size_vs_accuracy", "size, where known, beside accuracy", headers, rows)


def unsafe_rollouts(entry: Entry, category: str) -> int:
    """Rollouts in which some check failed with a category."""
    return sum(any(not check.passed and check.category == category for check in row.checks) for row in entry.rows)


def safety(board: Board) -> Table:
    """Rollouts with a wrong-patient, extra or unstopped order, with the exact one-sided 95 % upper bound.

    Only rollouts whose checks were recorded count; at no event 3/n stands beside the exact bound.
    """
    headers = ["Model", "Rollouts with Checks"]
    for label, _ in UNSAFE:
        headers += [f"{label}", f"{label} (%)", f"{label} 95% Upper, these tasks (%)", f"{label} 3/n (%)"]
    rows = []
    for entry in board.entries:
        judged = sum(bool(row.checks) for row in entry.rows if row.scored)
        row: list[Cell] = [entry.label, judged]
        for _, category in UNSAFE:
            events = unsafe_rollouts(entry, category)
            row += [events if judged else None, percent(events / judged if judged else None)]
            row += [percent(exact_upper_bound(events, judged)), percent(rule_of_three(judged) if not events else None)]
        rows.append(row)
    about = "wrong-patient, extra and unstopped orders per rollout with exact upper bounds"
    return Table("safety", about, headers, rows)
