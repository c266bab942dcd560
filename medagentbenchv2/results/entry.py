"""One model on the board: its rollouts turned into scores per task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from medagentbenchv2.results.families import Catalogue, Group
from medagentbenchv2.results.models import ModelCard
from medagentbenchv2.results.rows import Row, Status
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.statistics.agreement import Orders, action_agreement, canonical_orders
from medagentbenchv2.results.statistics.bootstrap import Resampling, task_bootstrap
from medagentbenchv2.results.statistics.proportion import Interval, wilson
from medagentbenchv2.results.statistics.repeats import Tally
from medagentbenchv2.results.statistics.scores import Spend, Usage, spend


def tally(rows: Iterable[Row]) -> Tally:
    """Correct and all scored rollouts among rows."""
    scored = [row for row in rows if row.scored]
    return sum(row.correct for row in scored), len(scored)


@dataclass(frozen=True, eq=False)
class Entry:
    """A model's run with what tables and plots ask of it. Errors are outside every denominator."""

    run: Run
    label: str
    card: ModelCard
    catalogue: Catalogue
    how: Resampling = field(default_factory=Resampling)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows that the headline counts: all attempts, but only the first where the file doubles rows by itself."""
        return self.run.attempt(1) if self.run.implied_attempts else self.run.rows

    @cached_property
    def groups(self) -> dict[str, Group]:
        """Task id -> family."""
        return {row.task_id: self.catalogue.group(row) for row in self.run.rows}

    @cached_property
    def scores(self) -> dict[str, Fraction]:
        """Task id -> share of its scored attempts that are correct; tasks without a scored attempt are missing."""
        tasks: dict[str, list[Row]] = {}
        for row in self.rows:
            tasks.setdefault(row.task_id, []).append(row)
        tallies = {task: tally(rows) for task, rows in tasks.items()}
        return {task: Fraction(correct, scored) for task, (correct, scored) in tallies.items() if scored}

    @cached_property
    def tallies(self) -> dict[str, Tally]:
        """Task id -> (correct, scored) over all attempts, doubled rows included: for pass^k and the flip rate."""
        return {task: tally(rows) for task, rows in self.run.by_task().items()}

    @property
    def repeated(self) -> bool:
        """True when the headline rests on more than one attempt at some task."""
        return any(row.attempt > 1 for row in self.rows)

    @cached_property
    def accuracy(self) -> Fraction | None:
        """Mean score over tasks; None when nothing was scored."""
        return self._mean(list(self.scores))

    @cached_property
    def interval(self) -> Interval | None:
        """95 % interval of the accuracy on these tasks: Wilson for single attempts, else a bootstrap of tasks.

        Tasks that all score the same have a Wilson interval with repeats as well, one trial a task.
        """
        return self._interval(list(self.scores))

    def tasks_of(self, group: Group) -> list[str]:
        """The scored tasks of a family."""
        return [task for task in self.scores if self.groups[task] == group]

    def tasks_of_kind(self, kind: str) -> list[str]:
        """The scored tasks of all query or all action families."""
        return [task for task in self.scores if self.groups[task].kind == kind]

    def mean_of(self, tasks: list[str]) -> Fraction | None:
        """Mean score over some tasks; None when there are none."""
        return self._mean(tasks)

    def interval_of(self, tasks: list[str]) -> Interval | None:
        """95 % interval of the mean over some tasks, on these tasks."""
        return self._interval(tasks)

    @cached_property
    def statuses(self) -> Counter[Status]:
        """How the headline's rollouts ended."""
        return Counter(row.status for row in self.rows)

    @cached_property
    def minutes(self) -> float | None:
        """Wall-clock minutes: the run's own figure, else from its first to its last row; None when unknown."""
        if self.run.elapsed_seconds is not None:
            return self.run.elapsed_seconds / 60
        times = [row.time for row in self.run.rows if row.time is not None]
        return (max(times) - min(times)).total_seconds() / 60 if len(times) > 1 else None

    @cached_property
    def _scored(self) -> list[Row]:
        return [row for row in self.rows if row.scored]

    @cached_property
    def usage(self) -> Usage | None:
        """Tokens of the headline's scored rollouts; None when no row states them."""
        counted = [row for row in self._scored if row.input_tokens is not None and row.output_tokens is not None]
        if not counted:
            return None
        return Usage(
            input=sum(row.input_tokens or 0 for row in counted),
            output=sum(row.output_tokens or 0 for row in counted),
            cached=sum(row.cached_tokens or 0 for row in counted),
        )

    @cached_property
    def spend(self) -> Spend | None:
        """US dollars by kind of token; None where tokens or prices are unknown."""
        return spend(self.usage, self.card.price) if self.usage and self.card.price else None

    @cached_property
    def cost(self) -> float | None:
        """US dollars of the headline's scored rollouts: as billed where each says so, else from tokens and prices."""
        if all(row.cost is not None for row in self._scored):
            return sum(row.cost or 0.0 for row in self._scored)
        return self.spend.total if self.spend else None

    @cached_property
    def patients(self) -> dict[str, str]:
        """Task id -> MRN, where the traces state it."""
        return {task: mrn for task, mrn, _, _ in self._traced if mrn}

    @cached_property
    def agreement(self) -> float | None:
        """Mean pairwise Jaccard index of the orders filed in the attempts at one task; None without repeats."""
        orders: dict[str, list[Orders]] = {}
        for task, _, _, filed in self._traced:
            orders.setdefault(task, []).append(filed)
        return action_agreement(list(orders.values()))

    @cached_property
    def _traced(self) -> list[tuple[str, str | None, int, Orders]]:
        return [(t.task_id, t.patient, t.attempt, canonical_orders(t.writes)) for t in self.run.traces()]

    def _mean(self, tasks: list[str]) -> Fraction | None:
        return sum((self.scores[task] for task in tasks), Fraction()) / len(tasks) if tasks else None

    def _interval(self, tasks: list[str]) -> Interval | None:
        scores = [self.scores[task] for task in tasks]
        if not self.repeated or len(set(scores)) <= 1:
            return wilson(float(sum(scores)), len(scores))  # resampling equal scores would feign certainty
        return task_bootstrap(scores, [self.groups[task].key for task in tasks], self.how)
