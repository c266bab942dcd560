"""The judge: sees the accepted writes, the final answer and how the rollout ended; never the transcript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medagentbenchv2.fhir.ehr import Resource, Write
from medagentbenchv2.grading.expectation import Count, Expectation, Order, Profile
from medagentbenchv2.grading.fields import STOPPED
from medagentbenchv2.grading.matching import match, misses
from medagentbenchv2.grading.verdict import Check, Status, Verdict

PROTOCOL: dict[str, str] = {
    "no_finish": "no_finish",
    "limit_reached": "turn_limit",
    "context_limit": "context_limit",
    "agent_invalid_action": "invalid_action",
}


def judge(
    expectation: Expectation, writes: Sequence[Write], answer: list[Any] | None, status: Status, profile: Profile
) -> Verdict:
    """Hold an end state against an expectation. Answer None means that `finish` was never called."""
    orders, collateral = _as_orders(writes)
    checks = [*_protocol(expectation, status), *_answer(expectation, answer)]
    if expectation.counts is None:
        sets = (expectation.orders, *expectation.alternatives)
        graded = [_matched(expectation, wanted, orders) for wanted in sets]
        checks += min(graded, key=lambda result: sum(not check.passed for check in result))
    else:
        checks += _counted(expectation, orders)
    checks += [_extra(write.method, write.resource) for write in collateral]
    return Verdict(profile=profile, status=status, checks=tuple(checks), answer=answer)


def _as_orders(writes: Sequence[Write]) -> tuple[list[Resource], list[Write]]:
    """Creates as they are; a PUT that stops an existing order counts as its stop; the rest is collateral."""
    orders: list[Resource] = []
    collateral: list[Write] = []
    for write in writes:
        stop = write.kind == "MedicationRequest" and str(write.resource.get("status", "")).lower() in STOPPED
        if write.method == "POST":
            orders.append(write.resource)
        elif write.method == "PUT" and stop:
            prior = {"reference": f"MedicationRequest/{write.id}"}
            orders.append({**write.resource, "priorPrescription": prior})
        else:
            collateral.append(write)
    return orders, collateral


def _protocol(expectation: Expectation, status: Status) -> list[Check]:
    if status == "completed":
        return [Check(name="finish", passed=True, group="protocol", expected="finish called", found="completed")]
    return [
        Check(
            name="finish",
            passed=expectation.silence,
            group="protocol",
            category=None if expectation.silence else PROTOCOL[status],
            expected="finish called",
            found=status,
        )
    ]


def _answer(expectation: Expectation, answer: list[Any] | None) -> list[Check]:
    if expectation.answer is None or answer is None:
        return []
    fault = expectation.answer.fault(answer)
    wanted = expectation.answer.expected
    return [Check(name="answer", passed=fault is None, group="answer", category=fault, expected=wanted, found=answer)]


def _matched(expectation: Expectation, wanted: tuple[Order, ...], orders: list[Resource]) -> list[Check]:
    matching = match(wanted, orders)
    checks = []
    for index, order in enumerate(wanted):
        if index in matching.full:
            found = orders[matching.full[index]]
            checks.append(Check(name=order.label, passed=True, group="orders", expected=_sketch(order), found=found))
        elif index in matching.near:
            checks += _defects(order, orders[matching.near[index]])
        else:
            checks.append(
                Check(name=order.label, passed=False, group="orders", category=order.missing, expected=_sketch(order))
            )
    left = [orders[i] for i in matching.extra]
    return checks + [_extra("POST", o) for o in left if all(misses(a, o) for a in expectation.allowed)]


def _defects(order: Order, resource: Resource) -> list[Check]:
    return [
        Check(
            name=f"{order.label}: {field.category}",
            passed=False,
            group="orders",
            category=field.category,
            expected=field.expected,
            found=field.found(resource),
        )
        for field in misses(order, resource)
    ]


def _counted(expectation: Expectation, orders: list[Resource]) -> list[Check]:
    checks = [_count(count, orders) for count in expectation.counts or ()]
    rule = Order(label="every write", fields=expectation.every)
    return checks + [check for resource in orders for check in _defects(rule, resource)]


def _count(count: Count, orders: list[Resource]) -> Check:
    rule = Order(label=count.label, fields=count.fields)
    number = sum(not misses(rule, resource) for resource in orders)
    too_many = count.most is not None and number > count.most
    bounds = f"{count.least} or more" if count.most is None else f"{count.least} to {count.most}"
    passed = number >= count.least and not too_many
    category = None if passed else ("extra_order" if too_many else count.category)
    return Check(
        name=count.label, passed=passed, group="orders", category=category, expected=f"{bounds} writes", found=number
    )


def _extra(method: str, resource: Resource) -> Check:
    return Check(
        name=f"unasked {method}", passed=False, group="orders", category="extra_order", expected=None, found=resource
    )


def _sketch(order: Order) -> list[str]:
    return [field.expected for field in order.fields]
