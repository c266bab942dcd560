"""A task in words: the prompt, the rule, what is right under each profile, and a verdict check by check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from medagentbenchv2.grading.expectation import Expectation, Profile
from medagentbenchv2.tasks.in_words import answer_in_words, clock_in_words, order_in_words
from medagentbenchv2.tasks.task import Task

FAILURES = {
    "missing": "the answer is missing: finish was called with an empty list",
    "wrong_length": "the answer has more or fewer values than were asked for",
    "wrong_type": "a value of the answer has the wrong type, such as a number given as text",
    "wrong_value": "a value of the answer is wrong",
    "missing_order": "an order that is due was not filed, or the server did not accept it",
    "extra_order": "something was filed or changed that nobody asked for",
    "wrong_patient": "an order is for another patient",
    "wrong_resource": "an order was filed as the wrong kind of resource",
    "wrong_code": "an order is for another thing: its code, or the words that name it",
    "wrong_status": "an order has the wrong status or intent",
    "wrong_dose": "an order has the wrong dose, rate or frequency, or a reading is wrong",
    "wrong_route": "an order has the wrong route",
    "wrong_time": "an order has the wrong time",
    "wrong_priority": "an order has the wrong priority",
    "missing_note": "an order lacks the note that was asked for",
    "not_discontinued": "an active order that had to be discontinued was not",
    "no_finish": "the rollout ended without a call of finish",
    "turn_limit": "the turns ran out before finish was called",
    "invalid_action": "a turn could not be read as an action",
    "context_limit": "the model's context was full before finish was called",
}
"""Failure category -> what happened, in words."""
SHOWN = 400
"""Characters of what was expected or found that are shown."""


def explain(task: Task, expectations: Mapping[Profile, Expectation], chart: str = "") -> str:
    """The task as text for a reader, with an excerpt of the chart where one is given: nothing of it is shown to an
    agent.
    """
    slots = task.slots.model_dump(mode="json", exclude_none=True)
    lines = [
        f"{task.id}  {task.family.slug} ({task.family.title}), {task.family.kind}, branch: {task.branch or 'unknown'}",
        f"clock: {clock_in_words(task.now)}   " + "   ".join(f"{name}: {value}" for name, value in slots.items()),
        "",
        "Instruction",
        f"  {task.instruction}",
        "Context",
        f"  {task.context}",
        "",
        "Rule",
        f"  {task.family.rule}",
        f"  Source: {task.family.source}.",
    ]
    if chart:
        lines += ["", "Chart", *(f"  {line}" for line in chart.splitlines())]
    lines += ["", "Why", f"  {because(task, expectations['strict'])}"]
    for profile, expectation in expectations.items():
        lines += ["", f"Right ({profile})", *(f"  {line}" for line in describe(expectation))]
    return "\n".join(lines)


def because(task: Task, expectation: Expectation) -> str:
    """The situation that the task was made for, and what follows from it."""
    due = len(expectation.orders)
    follows = "Nothing is to be ordered." if not due else f"{due} order{'s are' if due > 1 else ' is'} due."
    planted = next((one for one in task.family.branches if one.name == task.branch), None)
    if planted is None:
        return f"{follows} The chart decides: the tasks file does not name the situation."
    return f"{planted.about or planted.name.replace('_', ' ').capitalize() + '.'} {follows}"


def describe(expectation: Expectation) -> Iterator[str]:
    """An expectation, a line at a time."""
    yield f"answer: {answer_in_words(expectation.answer) if expectation.answer else 'not graded'}"
    if expectation.counts is not None:
        for count in expectation.counts:
            most = "any number" if count.most is None else count.most
            wanted = "; ".join(field.expected for field in count.fields) or "any write"
            yield f"{count.label}: {count.least} to {most} writes with {wanted}"
        for field in expectation.every:
            yield f"every write: {field.expected}"
    else:
        if not expectation.orders:
            yield "orders: none"
        for order in expectation.orders:
            yield f"order: {order_in_words(order)}"
        for number, orders in enumerate(expectation.alternatives, 2):
            for order in orders:
                yield f"order, as right (set {number}): {order_in_words(order)}"
        for order in expectation.allowed:
            yield f"allowed, not asked for: {order_in_words(order)}"
    if expectation.silence:
        yield "a missing finish is accepted"


def explain_verdict(verdict: Mapping[str, Any]) -> Iterator[str]:
    """A verdict (the form of `Verdict.to_json`, or as much of it as a row holds), a line at a time: the outcome and
    its primary failure in words, then each check with what was expected and found.
    """
    checks: list[dict[str, Any]] = verdict["checks"]
    failed = [check for check in checks if not check["passed"]]
    attempt = f"attempt {verdict['attempt']}, " if verdict.get("attempt") else ""
    profile = f" ({verdict['profile']})" if verdict.get("profile") else ""
    ended = f"ended as {verdict.get('status', 'completed')}, answer {_shown(verdict.get('answer'))}"
    yield f"Verdict{profile}: {attempt}{ended}"
    if not checks:
        yield f"not judged: {verdict.get('error') or 'an infrastructure error'}"
        return
    yield f"reward {0.0 if failed else 1.0}: {_why(verdict, failed) if failed else 'every check passed'}"
    for check in checks:
        yield f"  {'ok  ' if check['passed'] else 'FAIL'}  {check['name']}" + (
            f"  [{check['group']}/{check['category']}]" if check.get("category") else ""
        )
        for side in ("expected", "found"):
            if check.get(side) is not None:
                yield f"          {side}: {_shown(check[side])}"


def _why(verdict: Mapping[str, Any], failed: list[dict[str, Any]]) -> str:
    failure: Mapping[str, Any] = verdict.get("failure") or failed[0]
    category = failure.get("category") or failure.get("level2") or ""
    group = failure.get("group") or failure.get("level1")
    more = len(failed) - 1
    others = f" ({more} more check{'s' if more > 1 else ''} failed)" if more else ""
    return f"{group}/{category}, {FAILURES.get(category, 'see the checks below')}{others}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"
