"""A task in words: the prompt, the rule, and what is right under each profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from medagentbenchv2.grading.expectation import Expectation, Profile
from medagentbenchv2.tasks.task import Task


def explain(task: Task, expectations: Mapping[Profile, Expectation]) -> str:
    """The task as text for a reader: nothing of it is shown to an agent."""
    lines = [
        f"{task.id}  {task.family.slug} ({task.family.title}), {task.family.kind}, branch: {task.branch or 'unknown'}",
        f"clock: {task.now.isoformat()}   slots: {task.slots.model_dump(mode='json')}",
        "",
        "Instruction",
        f"  {task.instruction}",
        "Context",
        f"  {task.context}",
        "",
        "Rule",
        f"  {task.family.rule}",
    ]
    for profile, expectation in expectations.items():
        lines += ["", f"Right ({profile})", *(f"  {line}" for line in describe(expectation))]
    return "\n".join(lines)


def describe(expectation: Expectation) -> Iterator[str]:
    """An expectation, a line at a time."""
    answer = expectation.answer
    yield f"answer: {answer.expected}" if answer else "answer: not graded"
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
            yield f"order: {order.label}"
            for field in order.fields:
                yield f"  {field.category.removeprefix('wrong_')}: {field.expected}"
    if expectation.silence:
        yield "a missing finish is accepted"
