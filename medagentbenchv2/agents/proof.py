"""Proof that tasks are worth grading: the oracle solves each, no cheat solves any, no constant or random reply pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.agents.cheats import Guessing
from medagentbenchv2.agents.registry import WORTHLESS, agent_of
from medagentbenchv2.agents.script import Agent, play
from medagentbenchv2.grading.answer import Answer
from medagentbenchv2.grading.expectation import Expectation, Order
from medagentbenchv2.grading.fields import Subject, Timed
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task

FAMILY_BOUND = 0.2
"""The share of a family that one constant (answer, orders) pair may solve."""
OVERALL_BOUND = 0.05
"""The same for all tasks of a variant together."""
SMALL = 10
"""Families with fewer tasks are exempt: one task is already a share of 1."""
GUESSES = 200
"""Random tool sequences that a full proof tries."""


@dataclass(frozen=True)
class FamilyProof:
    """What was seen of one family."""

    family: str
    tasks: int
    acting: int
    """Tasks in which an order must be filed."""
    idle: int
    oracle: int
    """Tasks that the oracle solved."""
    cheats: dict[str, int]
    """Tasks that each worthless agent solved: null and its like."""
    constant: float
    """The largest share of tasks that one constant answer with a fixed set of orders solves."""
    guessed: float | None = None
    """The largest share of tasks that one random tool sequence solved; None when none was tried."""


@dataclass(frozen=True)
class Proof:
    """The figures by family, and everything that is not as it must be."""

    title: str
    rows: tuple[FamilyProof, ...]
    constant: float
    """The largest share of all tasks that one constant pair solves."""
    guessed: float | None
    """The largest share of all tasks that one random tool sequence solved."""
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """True when nothing is at fault."""
        return not self.faults

    @property
    def tasks(self) -> int:
        """Number of tasks."""
        return sum(row.tasks for row in self.rows)

    @property
    def oracle(self) -> int:
        """Tasks that the oracle solved."""
        return sum(row.oracle for row in self.rows)

    @property
    def null(self) -> int:
        """Tasks that doing nothing solved."""
        return self.cheated("null")

    def cheated(self, agent: str) -> int:
        """Tasks that a worthless agent solved."""
        return sum(row.cheats[agent] for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """The proof as JSON-able data."""
        return asdict(self) | {"holds": self.holds}


@dataclass(frozen=True)
class _Target:
    """What a constant reply would have to hit."""

    answer: Answer | None
    orders: str


async def prove(setup: Setup, *, guesses: int = 0) -> Proof:
    """Play the oracle and every worthless agent on every task, search for constants, and try so many random tool
    sequences; infrastructure errors propagate.
    """
    faults: list[str] = []
    rows: list[FamilyProof] = []
    targets: list[_Target] = []
    lucky = [0] * guesses
    for family in dict.fromkeys(task.family for task in setup.tasks):
        tasks = [task for task in setup.tasks if task.family is family]
        aims = [_target(task, await setup.world_of(task).expectations(task)) for task in tasks]
        solved = await _solved(setup, tasks, Oracle(), 1.0, faults)
        cheats = {name: len(tasks) - await _solved(setup, tasks, agent_of(name), 0.0, faults) for name in WORTHLESS}
        acting = sum(bool(aim.orders) for aim in aims)
        hits = [await _hits(setup, tasks, Guessing(seed)) for seed in range(guesses)]
        lucky = [sum(pair) for pair in zip(lucky, hits, strict=True)]
        rows.append(
            FamilyProof(
                family=family.slug,
                tasks=len(tasks),
                acting=acting,
                idle=len(tasks) - acting,
                oracle=solved,
                cheats=cheats,
                constant=best_constant(aims),
                guessed=max(hits) / len(tasks) if hits else None,
            )
        )
        targets += aims
    overall = best_constant(targets)
    guessed = max(lucky) / len(targets) if lucky else None
    faults += _beyond_bounds(rows, overall, guessed)
    return Proof(setup.tasks_path or setup.tasks_variant, tuple(rows), overall, guessed, tuple(faults))


def _beyond_bounds(rows: Sequence[FamilyProof], overall: float, guessed: float | None) -> list[str]:
    """What one constant or random reply solves too much of."""
    faults = []
    for row in rows:
        for what, share in (("constant reply", row.constant), ("random tool sequence", row.guessed)):
            if row.tasks >= SMALL and share is not None and share > FAMILY_BOUND:
                faults.append(f"{row.family}: one {what} solves {share:.3f} of it (bound {FAMILY_BOUND})")
    for what, share in (("constant reply", overall), ("random tool sequence", guessed)):
        large = len(rows) > 1 and sum(row.tasks for row in rows) >= SMALL * len(rows)
        if large and share is not None and share > OVERALL_BOUND:
            faults.append(f"all families: one {what} solves {share:.3f} (bound {OVERALL_BOUND})")
    return faults


async def _hits(setup: Setup, tasks: Sequence[Task], agent: Agent) -> int:
    """How many tasks an agent solves."""
    rollouts = [await play(agent, await setup.open(task), max_turns=setup.max_turns) for task in tasks]
    return sum(rollout.verdict("strict").correct for rollout in rollouts)


def best_constant(targets: Sequence[_Target]) -> float:
    """The largest share of targets that one of their own replies hits."""
    best = 0
    for candidate in targets:
        given = candidate.answer.expected if candidate.answer else []
        hits = sum(t.orders == candidate.orders and (t.answer is None or not t.answer.fault(given)) for t in targets)
        best = max(best, hits)
    return best / len(targets) if targets else 0.0


async def _solved(setup: Setup, tasks: Sequence[Task], agent: Agent, wanted: float, faults: list[str]) -> int:
    """How many tasks end with the wanted reward; the others are faults."""
    count = 0
    for task in tasks:
        rollout = await play(agent, await setup.open(task), max_turns=setup.max_turns)
        verdict = rollout.verdict("strict")
        if verdict.reward == wanted:
            count += 1
        else:
            why = "; ".join(f"{c.name} expected {c.expected}, found {c.found}" for c in verdict.failed)
            faults.append(f"{task.id} ({task.family.slug}, {task.branch}): {agent.name} scores {verdict.reward} {why}")
    return count


def _target(task: Task, expectations: dict[Any, Expectation]) -> _Target:
    """The patient and times are as good as known to a constant reply when the prompt states the patient."""
    strict = expectations["strict"]
    known = getattr(task.slots, "mrn", None) is not None
    return _Target(strict.answer, "|".join(sorted(_sketch(order, known) for order in strict.orders)))


def _sketch(order: Order, known: bool) -> str:
    blank = (Subject, Timed) if known else (Timed,)
    return ";".join(field.expected for field in order.fields if not isinstance(field, blank))
