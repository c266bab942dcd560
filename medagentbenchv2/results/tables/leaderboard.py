"""leaderboard.csv: one row per model, the published ten columns first."""

from __future__ import annotations

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.rows import Status
from medagentbenchv2.results.statistics.clustered import by_family, by_patient
from medagentbenchv2.results.statistics.proportion import Interval
from medagentbenchv2.results.statistics.repeats import flip_rate, pass_at_k, pass_hat_k
from medagentbenchv2.results.statistics.scores import above_floor, cost_per_success, macro_mean
from medagentbenchv2.results.tables.doubled import all_rows_accuracy, first_run, second_run
from medagentbenchv2.results.tables.table import Cell, Table, decimals, percent

Columns = dict[str, Cell]


def leaderboard(board: Board) -> Table:
    """Models by accuracy; equal accuracies share a rank. Reference agents follow without a rank."""
    rows = [
        {**_published(board, e), **_interval(board, e), **_means(board, e), **_repeats(e), **_costs(e)}
        for e in (*board.entries, *board.references)
    ]
    return Table(
        "leaderboard",
        "models by accuracy, with intervals, ranks, means by kind of family, repeats, tokens and cost",
        list(rows[0]),
        [list(row.values()) for row in rows],
    )


def _published(board: Board, entry: Entry) -> Columns:
    correct = sum(row.correct for row in entry.rows)
    return {
        "Rank": board.ranks.get(entry.label),
        "Model": entry.label,
        "Accuracy (%)": percent(entry.accuracy),
        "Correct": correct,
        "Total": len(entry.rows),
        "Completed": entry.statuses[Status.COMPLETED],
        "Invalid Actions": entry.statuses[Status.INVALID_ACTION],
        "Limit Reached": entry.statuses[Status.LIMIT_REACHED],
        "Errors": entry.statuses[Status.ERROR],
        "Time (min)": decimals(entry.minutes, 1),
    }


def _bounds(interval: Interval | None, of: str) -> Columns:
    return {
        f"95% CI Low, {of} (%)": percent(interval.low if interval else None),
        f"95% CI High, {of} (%)": percent(interval.high if interval else None),
    }


def _interval(board: Board, entry: Entry) -> Columns:
    rank = board.rank_intervals.get(entry.label)
    scores = [float(score) for score in entry.scores.values()]
    families = [entry.groups[task].key for task in entry.scores]
    known = entry.patients.keys() >= entry.scores.keys()
    patients = [entry.patients[task] for task in entry.scores] if known else []
    return {
        "Scored": sum(row.scored for row in entry.rows),
        **_bounds(entry.interval, "these tasks"),
        "Method, these tasks": entry.interval.method if entry.interval else None,
        "Rank 95% Best, these tasks": rank[0] if rank else None,
        "Rank 95% Worst, these tasks": rank[1] if rank else None,
        **_bounds(by_family(scores, families), "new families"),
        **_bounds(by_patient(scores, patients) if patients else None, "new patients"),
    }


def _means(board: Board, entry: Entry) -> Columns:
    scores = [float(score) for score in entry.scores.values()]
    families = [entry.groups[task].key for task in entry.scores]
    ends = [board.reference("floor"), board.reference("ceiling")]
    floor, ceiling = (float(end.accuracy) if end and end.accuracy is not None else None for end in ends)
    above = None
    if entry.accuracy is not None and floor is not None and floor < (ceiling or 1.0):
        above = above_floor(float(entry.accuracy), floor, ceiling or 1.0)
    doubled = entry.run.implied_attempts
    published = entry.run.published
    return {
        "Micro Mean (%)": percent(entry.accuracy),
        "Macro Mean (%)": percent(macro_mean(scores, families)),
        "Query Families (%)": percent(entry.mean_of(entry.tasks_of_kind("query"))),
        "Action Families (%)": percent(entry.mean_of(entry.tasks_of_kind("action"))),
        "Score Above Floor (%)": percent(above),
        "No Finish": entry.statuses[Status.NO_FINISH],
        "Context Limit": entry.statuses[Status.CONTEXT_LIMIT],
        "First Run, All Rows (%)": percent(all_rows_accuracy(first_run(entry)) if doubled else None),
        "Second Run, All Rows (%)": percent(all_rows_accuracy(second_run(entry)) if doubled else None),
        "Published (%)": decimals(published.accuracy if published else None, 1),
    }


def _repeats(entry: Entry) -> Columns:
    tallies = list(entry.tallies.values())
    attempts = entry.run.attempts
    repeated = attempts > 1
    return {
        "Attempts": attempts,
        "k": attempts if repeated else None,
        "pass@k, these tasks (%)": percent(pass_at_k(tallies, attempts) if repeated else None),
        "pass^k, these tasks (%)": percent(pass_hat_k(tallies, attempts) if repeated else None),
        "Flip Rate (%)": percent(flip_rate(tallies)),
        "Action Agreement (%)": percent(entry.agreement if repeated else None),
    }


def _costs(entry: Entry) -> Columns:
    usage, spend = entry.usage, entry.spend
    successes = sum(row.correct for row in entry.rows)

    def per_success(cost: float | None) -> str | None:
        return None if cost is None else decimals(cost_per_success(cost, successes), 4)

    return {
        "Input Tokens": usage.input if usage else None,
        "Cached Tokens": usage.cached if usage else None,
        "Output Tokens": usage.output if usage else None,
        "Cost (USD)": decimals(entry.cost, 4),
        "Cost per Success (USD)": per_success(entry.cost),
        "Input Cost per Success (USD)": per_success(spend.input if spend else None),
        "Cached Cost per Success (USD)": per_success(spend.cached if spend else None),
        "Output Cost per Success (USD)": per_success(spend.output if spend else None),
        "Provider": entry.card.provider,
        "Model ID": entry.run.model,
    }
