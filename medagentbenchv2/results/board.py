"""The board: every model on one set of tasks, ranked, with the pairs tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from medagentbenchv2.errors import ArgumentError, not_among
from medagentbenchv2.results.entry import Entry
from medagentbenchv2.results.families import Catalogue, Group, Registered, sort_groups
from medagentbenchv2.results.models import ModelCard, label_runs
from medagentbenchv2.results.pairs import Pair, compare_all
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.statistics.bootstrap import DEFAULT, Resampling, rank_intervals


def competition_ranks(scores: Sequence[Fraction | None]) -> list[int | None]:
    """1 for the best; equal scores share a rank and the next rank skips (1, 2, 2, 4). None stays unranked."""
    known = [score for score in scores if score is not None]
    return [None if score is None else 1 + sum(other > score for other in known) for score in scores]


def ordinal(rank: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st ..."""
    suffix = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{suffix}"


@dataclass(frozen=True)
class Board:
    """All models on one variant, best first."""

    variant: str
    entries: tuple[Entry, ...]
    """The ranked models, by accuracy; models of equal accuracy in order of their label."""
    references: tuple[Entry, ...] = ()
    """Scripted agents that bound the scale (floor, ceiling)."""
    focus: Entry | None = None
    notes: tuple[str, ...] = ()
    how: Resampling = field(default_factory=Resampling)

    @cached_property
    def groups(self) -> list[Group]:
        """The families that any model was asked, in the registry's order."""
        return sort_groups(group for entry in self.entries for group in entry.groups.values())

    @cached_property
    def ranks(self) -> dict[str, int | None]:
        """Label -> competition rank by accuracy."""
        ranks = competition_ranks([entry.accuracy for entry in self.entries])
        return dict(zip((entry.label for entry in self.entries), ranks, strict=True))

    @cached_property
    def shared_tasks(self) -> list[str]:
        """The tasks that every ranked model has a score on."""
        first, *others = self.entries
        return [task for task in first.scores if all(task in other.scores for other in others)]

    @cached_property
    def rank_intervals(self) -> dict[str, tuple[int, int]]:
        """Label -> 95 % interval of its rank over resamples of the shared tasks; empty when there are none."""
        tasks = self.shared_tasks
        if not tasks:
            return {}
        strata = [self.entries[0].groups[task].key for task in tasks]
        scores = [[entry.scores[task] for task in tasks] for entry in self.entries]
        return dict(zip((e.label for e in self.entries), rank_intervals(scores, strata, self.how), strict=True))

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every pair of ranked models, tested on the tasks both were scored on, Holm-corrected."""
        return compare_all(self.entries, self.how)

    @cached_property
    def adjacent(self) -> list[Pair]:
        """The pairs of neighbours on the leaderboard, best first."""
        by_labels = {(pair.first, pair.second): pair for pair in self.pairs}
        neighbours = zip(self.entries, self.entries[1:], strict=False)
        return [by_labels[a.label, b.label] for a, b in neighbours if (a.label, b.label) in by_labels]

    @property
    def field(self) -> list[Entry]:
        """The ranked models without the focus."""
        return [entry for entry in self.entries if entry is not self.focus]

    def field_mean(self, group: Group | None = None) -> Fraction | None:
        """Mean accuracy of the field, in one family or over all; None when the field is empty."""
        means = [entry.mean_of(entry.tasks_of(group)) if group else entry.accuracy for entry in self.field]
        known = [mean for mean in means if mean is not None]
        return sum(known, Fraction()) / len(known) if known else None

    def reference(self, role: str) -> Entry | None:
        """The scripted agent of a role, `floor` or `ceiling`, where one was run."""
        return next((entry for entry in self.references if entry.card.role == role), None)


def build_board(
    variant: str,
    runs: Sequence[Run],
    cards: Mapping[str, ModelCard],
    families: Mapping[str, Registered],
    focus: str | None = None,
    how: Resampling = DEFAULT,
) -> Board:
    """Rank the runs of one variant.

    Scripted reference agents are kept apart, unless there is nothing else. `focus` is a model id or display name; the
    best model where it is None. Raises ArgumentError when no run has a row or `focus` is not among the models.
    """
    catalogue = Catalogue(variant, families)
    runs = [run for run in runs if run.rows]
    if not runs:
        raise ArgumentError(f"PATH: the runs on {variant} hold no rollout")
    if not any(row.scored for run in runs for row in run.rows):
        failed = sum(len(run.rows) for run in runs)
        raise ArgumentError(
            f"PATH: the runs on {variant} hold no scored rollout, only infrastructure errors ({failed}); run them again"
            " with `eval --resume`"
        )
    labels = label_runs(tuple(runs), dict(cards))
    entries = [
        Entry(run, label, cards.get(run.model, ModelCard()), catalogue, how)
        for run, label in zip(runs, labels, strict=True)
    ]
    ranked = [entry for entry in entries if entry.card.role is None] or entries
    ranked = sorted(ranked, key=lambda e: (-(e.accuracy if e.accuracy is not None else Fraction(-1)), e.label))
    references = tuple(entry for entry in entries if entry not in ranked)
    chosen = _find(ranked, focus) if focus else ranked[0]
    return Board(variant, tuple(ranked), references, chosen, _comparability(runs), how)


def _find(entries: Sequence[Entry], focus: str) -> Entry:
    names = {
        name.casefold(): entry
        for entry in reversed(entries)
        for name in (entry.run.source.parent.name, entry.run.model, entry.label)
    }
    if focus.casefold() not in names:
        raise not_among("focus", focus, [entry.label for entry in entries] + [entry.run.model for entry in entries])
    return names[focus.casefold()]


def _comparability(runs: Sequence[Run]) -> tuple[str, ...]:
    """Sentences on runs whose scores should not be compared."""
    tasks = {run.fingerprints["task"] for run in runs if "task" in run.fingerprints}
    gradings = {grading for run in runs if (grading := run.grading)}
    notes = []
    if len(tasks) > 1:
        notes.append(f"The runs have {len(tasks)} different task fingerprints: their scores are not comparable.")
    if len(gradings) > 1:
        notes.append(f"The runs were graded under different profiles ({', '.join(sorted(gradings))}).")
    return tuple(notes)
