"""What the statistics support, in sentences: nothing is claimed that a test or an interval does not carry."""

from __future__ import annotations

from medagentbenchv2.results.board import Board
from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.families import Group
from medagentbenchv2.results.pairs import Pair
from medagentbenchv2.results.rows import Status
from medagentbenchv2.results.statistics.clustered import by_family
from medagentbenchv2.results.statistics.paired import two_samples
from medagentbenchv2.results.statistics.repeats import flip_rate, pass_hat_k
from medagentbenchv2.results.tables.conduct import UNSAFE, unsafe_rollouts
from medagentbenchv2.results.tables.per_family import best_in
from medagentbenchv2.results.tables.table import p_value, percent

MOST = 4
"""Models named one by one; of more only the extremes are."""


def findings(board: Board) -> list[str]:
    """The report's findings, most important first."""
    return [
        *_leader(board),
        *_neighbours(board),
        *_scale(board),
        *_families(board),
        *_kinds(board),
        *_focus(board),
        *_protocol(board),
        *_repeats(board),
        *_safety(board),
        *_new_families(board),
    ]


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def score(entry: Entry) -> str:
    """An accuracy with its interval, as reports write it."""
    if entry.interval is None:
        return "no scored rollout"
    return f"{percent(entry.accuracy)} % ({percent(entry.interval.low)} to {percent(entry.interval.high)})"


def tested(pair: Pair) -> str:
    """A pair's difference with the test that was made."""
    said = f"{percent(pair.difference)} points on {pair.tasks} shared tasks, {pair.test.method.split(',')[0]}"
    return f"{said}, p = {p_value(pair.test.p)}, Holm p = {p_value(pair.holm_p)}"


def _leader(board: Board) -> list[str]:
    first = [entry for entry in board.entries if board.ranks[entry.label] == 1]
    if not first:
        return ["Nothing was scored."]
    if len(first) > 1:
        return [f"{_listed([entry.label for entry in first])} share the first rank with {score(first[0])}."]
    best = first[0]
    unclear = [p for p in board.pairs if p.first == best.label and not p.differs]
    said = [f"{best.label} has the highest accuracy, {score(best)}, 95 % interval for these tasks."]
    if unclear:
        others = _listed([f"{p.second} ({percent(p.detectable)} points were detectable)" for p in unclear])
        said.append(f"Its lead is not shown against {others}.")
    elif len(board.entries) > 1:
        said.append("It differs from every other model after Holm's correction.")
    return said


def _neighbours(board: Board) -> list[str]:
    if not board.adjacent:
        return []
    clear = [pair for pair in board.adjacent if pair.differs]
    said = f"Pairs of neighbours on the leaderboard that differ: {len(clear)} of {len(board.adjacent)}"
    if not clear:
        return [f"{said}; no order between neighbours is shown."]
    return [f"{said}. " + "; ".join(f"{pair.first} over {pair.second} ({tested(pair)})" for pair in clear) + "."]


def _scale(board: Board) -> list[str]:
    ends = [(role, board.reference(role)) for role in ("floor", "ceiling")]
    return [
        f"The {role} is {entry.label} with {score(entry)}."
        for role, entry in ends
        if entry is not None and entry.interval is not None
    ]


def _families(board: Board) -> list[str]:
    """The hardest and the easiest family, where their tasks differ by more than the choice of extremes explains."""
    tasks: dict[Group, list[float]] = {}
    for task in board.shared_tasks:
        mean = sum(float(entry.scores[task]) for entry in board.entries) / len(board.entries)
        tasks.setdefault(board.entries[0].groups[task], []).append(mean)
    if len(tasks) < 2:
        return []
    means = {group: sum(scores) / len(scores) for group, scores in tasks.items()}
    hardest, easiest = min(means, key=lambda g: means[g]), max(means, key=lambda g: means[g])
    spread = f"from {percent(means[hardest])} % in {hardest.label} to {percent(means[easiest])} % in {easiest.label}"
    pairs = len(tasks) * (len(tasks) - 1) // 2
    p = min(1.0, pairs * two_samples(tasks[hardest], tasks[easiest], board.how).p)
    if p > 0.05:
        return [f"No family is shown to be harder than another: means over models range {spread}."]
    best = best_in(board, hardest)
    return [
        f"Families differ: means over models range {spread} (permutation test of these two, p = {p_value(p)} after "
        f"Bonferroni for {pairs} pairs). The best in the hardest: {_listed([e.label for e, _ in best])} with "
        f"{percent(best[0][1])} %."
    ]


def _kinds(board: Board) -> list[str]:
    parts = []
    for kind in ("query", "action"):
        means = [m for e in board.entries if (m := e.mean_of(e.tasks_of_kind(kind))) is not None]
        if means:
            parts.append(f"{percent(sum(means) / len(means))} % in {kind} families")
    return [f"The mean over models is {_listed(parts)}."] if len(parts) == 2 else []


def _focus(board: Board) -> list[str]:
    if board.focus is None or not board.field or board.focus.accuracy is None:
        return []
    average = board.field_mean()
    if average is None:
        return []
    gap = board.focus.accuracy - average
    side = "above" if gap > 0 else "below" if gap < 0 else "at"
    return [
        f"{board.focus.label} stands {percent(abs(gap))} points {side} the field average of {percent(average)} % "
        f"(models in the field: {len(board.field)})."
    ]


def _protocol(board: Board) -> list[str]:
    breaches: list[tuple[float, str]] = []
    for entry in board.entries:
        scored = sum(row.scored for row in entry.rows)
        kept = entry.statuses[Status.COMPLETED]
        if scored and kept / scored < 0.95:
            breaches.append((1 - kept / scored, f"{entry.label} ({percent(1 - kept / scored)} %)"))
    if not breaches:
        return []
    said = _listed([text for _, text in sorted(breaches, key=lambda item: -item[0])[:MOST]])
    those = f"{len(breaches)} models, most often {said}" if len(breaches) > MOST else said
    return [f"More than 5 % of rollouts broke the protocol or ran out of turns: {those}."]


def _repeats(board: Board) -> list[str]:
    said: list[tuple[float, str]] = []
    for entry in board.entries:
        tallies = list(entry.tallies.values())
        flips, k = flip_rate(tallies), entry.run.attempts
        if flips is not None:
            said.append((flips, f"{entry.label} {percent(flips)} % (pass^{k} {percent(pass_hat_k(tallies, k))} %)"))
    if not said:
        return []
    ordered = [text for _, text in sorted(said, key=lambda item: item[0])]
    those = f"from {ordered[0]} to {ordered[-1]}" if len(said) > MOST else _listed(ordered)
    return [f"Share of repeated tasks solved in some attempts but not in all: {those}."]


def _safety(board: Board) -> list[str]:
    said = []
    for label, category in UNSAFE:
        counts = [(unsafe_rollouts(entry, category), entry) for entry in board.entries]
        worst, entry = max(counts, key=lambda item: item[0])
        if worst:
            rollouts = sum(bool(row.checks) for row in entry.rows if row.scored)
            said.append(f"{label.lower()} in up to {percent(worst / rollouts)} % of rollouts ({entry.label})")
    return [f"Charts were left worse: {_listed(said)}."] if said else []


def _new_families(board: Board) -> list[str]:
    best = board.entries[0]
    families = [best.groups[task].key for task in best.scores]
    interval = by_family([float(share) for share in best.scores.values()], families)
    if interval is None or board.ranks[best.label] is None:
        return []
    return [
        f"These intervals are for these tasks. For new families like these {best.label} has "
        f"{percent(interval.low)} to {percent(interval.high)} % ({interval.method})."
    ]
