"""What the oracle did on a task, how to do something else instead, and what the judge says then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.grading.expectation import Expectation, Order, Profile
from medagentbenchv2.grading.matching import match
from medagentbenchv2.grading.verdict import Status
from medagentbenchv2.rollout import Rollout
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import World, default_world
from medagentbenchv2.tools.call import Call, Result

VARIANTS = ("new_patient_tasks", "new_tasks", "test_data_v2")


@dataclass(frozen=True)
class Http:
    """A request that no tool can express: a record of the base read, changed and sent back, or deleted."""

    method: str
    url: str
    changes: dict[str, Any]


@dataclass(frozen=True)
class Together:
    """Calls that are made in parallel."""

    calls: tuple[Call, ...]


Action = Call | Http | Together


@dataclass(frozen=True)
class Work:
    """The oracle's rollout of a task: the calls it made, and what was expected of it."""

    world: World
    task: Task
    calls: tuple[Call, ...]
    expectations: dict[Profile, Expectation]
    stranger: str
    """Another patient's MRN."""
    unrelated: tuple[Resource, ...]
    """Medication orders of the patient that no expected order is about."""
    profile: Profile = "strict"
    """Whose rules are broken."""

    @property
    def expectation(self) -> Expectation:
        """What is right under the profile."""
        return self.expectations[self.profile]

    @cached_property
    def reads(self) -> tuple[Call, ...]:
        """The oracle's searches."""
        return tuple(call for call in self.calls if call.tool.endswith("_search"))

    @cached_property
    def creates(self) -> tuple[Call, ...]:
        """The oracle's orders."""
        return tuple(call for call in self.calls if call.tool.endswith("_create"))

    @property
    def finish(self) -> Call:
        """The oracle's last word."""
        return self.calls[-1]

    @cached_property
    def orders(self) -> tuple[tuple[Order, Call], ...]:
        """Each expected order with the create that fulfils it."""
        sent = [call.arguments for call in self.creates]
        for wanted in (self.expectation.orders, *self.expectation.alternatives):
            full = match(wanted, sent).full
            if len(full) == len(wanted) == len(sent):
                return tuple((order, self.creates[full[index]]) for index, order in enumerate(wanted))
        raise AssertionError(f"{self.task.id}: the oracle's orders are not the expected ones")

    @cached_property
    def mrn(self) -> str:
        """The patient's MRN, where the prompt or an order states it; else the stranger's."""
        subjects = [call.arguments["subject"]["reference"].removeprefix("Patient/") for call in self.creates]
        return getattr(self.task.slots, "mrn", None) or next(iter(subjects), self.stranger)

    def instead(self, old: Call, *new: Action) -> tuple[Action, ...]:
        """The calls that matter to the judge, one of them replaced."""
        return tuple(one for call in (*self.creates, self.finish) for one in (new if call is old else (call,)))

    def answered(self, *value: Any) -> tuple[Action, ...]:
        """The same orders, another answer."""
        return (*self.creates, Call("finish", {"value": list(value)}))

    def before_finish(self, *actions: Action) -> tuple[Action, ...]:
        """The same work with something done before its end."""
        return (*self.creates, *actions, self.finish)


async def work_of(world: World, task: Task, stranger: str) -> Work:
    """Let the oracle work on a task."""
    rollout = await Rollout.enter(world, task)
    steps, calls = task.solve(), []
    try:
        call = next(steps)
        while True:
            calls.append(call)
            call = steps.send(Result(await rollout.call(call.tool, call.arguments)))
    except StopIteration:
        pass
    mrn = getattr(task.slots, "mrn", None)
    named = {t.id for o in rollout.expectations["strict"].orders for f in o.fields for t in targets(f)}
    unrelated = [r for r in _medications(world.ehr(task), mrn) if r["id"] not in named] if mrn else []
    return Work(world, task, tuple(calls), rollout.expectations, stranger, tuple(unrelated))


def targets(rule: Any) -> tuple[Any, ...]:
    """The existing orders that a rule is about."""
    return (rule.target, *rule.others) if rule.type == "stops" else ()


def _medications(ehr: Session, mrn: str) -> list[Resource]:
    bundle = orjson.loads(ehr.search_now("MedicationRequest", [("patient", mrn), ("_count", "50")]).body)
    return [entry["resource"] for entry in bundle.get("entry", ())]


async def replay(work: Work, actions: Sequence[Action], ending: Status = "no_finish") -> Rollout:
    """Do something on a fresh overlay; `ending` is how a rollout ends that never finishes."""
    rollout = await Rollout.enter(work.world, work.task)
    for action in actions:
        if isinstance(action, Call):
            await rollout.call(action.tool, action.arguments)
        elif isinstance(action, Together):
            await asyncio.gather(*(rollout.call(call.tool, call.arguments) for call in action.calls))
        else:
            await _request(rollout, action)
    rollout.end(ending)
    return rollout


async def _request(rollout: Rollout, action: Http) -> None:
    body = b""
    if action.method == "PUT":
        found = orjson.loads((await rollout.ehr.request("GET", action.url)).body)
        body = orjson.dumps(found | action.changes)
    response = await rollout.ehr.request(action.method, action.url, body)
    assert response.ok, response.body


def all_tasks() -> list[Task]:
    """The 610 shipped tasks."""
    world = default_world()
    return [task for variant in VARIANTS for task in world.tasks[variant]]


def sample(each: int = 1) -> list[Task]:
    """A few tasks of every branch of every family."""
    chosen: dict[tuple[str, str | None], list[Task]] = {}
    for task in all_tasks():
        chosen.setdefault((task.family.slug, task.branch), []).append(task)
    return [task for tasks in chosen.values() for task in tasks[:each]]


async def works(tasks: Sequence[Task], world: World | None = None) -> list[Work]:
    """The oracle's work on each task of a world, by default the shipped one; the stranger is another task's patient."""
    world = world or default_world()
    known = [mrn for asked in world.tasks.values() for task in asked if (mrn := getattr(task.slots, "mrn", None))]
    made = []
    for task in tasks:
        mine = await _subject(world, task)
        stranger = next(mrn for mrn in known if mrn != mine)
        made.append(await work_of(world, task, stranger))
    return made


async def _subject(world: World, task: Task) -> str | None:
    """Whose task it is, where the expectation or the prompt says so."""
    rules = [rule for order in (await world.expectations(task))["strict"].orders for rule in order.fields]
    return next((rule.mrn for rule in rules if rule.type == "subject"), getattr(task.slots, "mrn", None))
