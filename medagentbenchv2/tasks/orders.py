"""Rules for the orders that families expect: the fields that all share, and the shapes that several do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from medagentbenchv2 import chart
from medagentbenchv2.grading.expectation import Count, Expectation, Order
from medagentbenchv2.grading.fields import (
    STOPPED,
    AnyOf,
    Coded,
    Kind,
    OrderField,
    Says,
    Stops,
    Subject,
    Target,
    Timed,
    Word,
)
from medagentbenchv2.terms import Terms

ORDERS = ("ServiceRequest", "MedicationRequest")


def service(mrn: str, label: str, *fields: OrderField, code: str | None = None) -> Order:
    """An active ServiceRequest order for the patient."""
    coded = (Coded(codes=(code,)),) if code else ()
    return Order(label=label, fields=(Kind(kinds=("ServiceRequest",)), *_active(mrn), *coded, *fields))


def medication(mrn: str, label: str, *fields: OrderField) -> Order:
    """An active MedicationRequest order for the patient."""
    return Order(label=label, fields=(Kind(kinds=("MedicationRequest",)), *_active(mrn), *fields))


def either(mrn: str, label: str, *fields: OrderField) -> Order:
    """An active order for the patient, of either type."""
    return Order(label=label, fields=(Kind(kinds=ORDERS), *_active(mrn), *fields))


def stop_of(mrn: str, order: chart.Order, active: Sequence[chart.Order], terms: Terms) -> Order:
    """The discontinuation of one of the patient's active orders of a class."""
    target = Target(id=order.id, text=order.text)
    others = tuple(Target(id=o.id, text=o.text) for o in active if o.id != order.id)
    return Order(
        label=f"stop {order.text}",
        fields=(
            Kind(kinds=("MedicationRequest",)),
            Subject(mrn=mrn),
            Word(element="status", words=STOPPED),
            Stops(target=target, others=others, keyword=terms.find(order.text) or order.text),
        ),
        missing="not_discontinued",
    )


def any_stop(mrn: str, terms: Terms | None = None) -> Count:
    """Published V2: at least one discontinuation, of a drug that the terms name where they are given."""
    fields: tuple[OrderField, ...] = (
        Kind(kinds=("MedicationRequest",)),
        Subject(mrn=mrn),
        Word(element="status", words=STOPPED),
    )
    if terms:
        label = " or ".join(terms.words)
        fields += (Says(category="wrong_code", places=("medication",), pattern=terms.pattern, label=label),)
    return Count(label="a discontinuation", fields=fields, least=1, category="not_discontinued")


def vaccine(mrn: str, label: str, code: str, now: datetime) -> Order:
    """A vaccine for today, as either type of order: the CPT code in `code` or in the medication."""
    coded = AnyOf(
        category="wrong_code",
        rules=(Coded(codes=(code,)), Coded(element="medicationCodeableConcept", codes=(code,))),
    )
    return either(mrn, label, coded, *dated_today(now))


def dated_today(now: datetime) -> tuple[OrderField, OrderField]:
    """AuthoredOn on the clock's day, and occurrenceDateTime too where it is given."""
    return (
        Timed(element="authoredOn", earliest=now, latest=now, by_day=True),
        Timed(element="occurrenceDateTime", earliest=now, latest=now, by_day=True, optional=True),
    )


STAT = Word(element="priority", words=("stat",), category="wrong_priority")


def authored_now(now: datetime, element: Literal["authoredOn", "effectiveDateTime"] = "authoredOn") -> Timed:
    """AuthoredOn (or another element) within the clock's minute."""
    minute = now.replace(second=0, microsecond=0)
    return Timed(element=element, earliest=minute, latest=minute.replace(second=59, microsecond=999_999))


def at_once(element: Literal["authoredOn", "effectiveDateTime"], now: datetime) -> Timed:
    """Published v1: the very instant of the clock."""
    return Timed(element=element, earliest=now, latest=now)


def published_v1(
    kind: Literal["MedicationRequest", "ServiceRequest"], mrn: str, label: str, system: str, code: str, now: datetime,
    *fields: OrderField,
) -> Order:  # fmt: skip
    """Published v1: the code first and with its system, nothing but a reference in subject, authored at the clock."""
    concept: Literal["code", "medicationCodeableConcept"]
    concept = "code" if kind == "ServiceRequest" else "medicationCodeableConcept"
    return Order(
        label=label,
        fields=(
            Kind(kinds=(kind,)),
            Subject(mrn=mrn, exact=True),
            Word(element="status", words=("active",)),
            Word(element="intent", words=("order",)),
            Coded(element=concept, codes=(code,), systems=(system,), first=True),
            at_once("authoredOn", now),
            *fields,
        ),
    )


def empty_answer_too(expectation: Expectation) -> Expectation:
    """The same expectation, where [] is an answer as well: the published v1 actions ask for no value."""
    answer = expectation.answer and expectation.answer.model_copy(update={"empty_ok": True})
    return expectation.model_copy(update={"answer": answer})


def counted(mrn: str, *counts: Count, silence: bool = True) -> Expectation:
    """Published V2: counts of accepted writes, each with the exact subject; the answer is ignored."""
    every: tuple[OrderField, ...] = (Subject(mrn=mrn),)
    return Expectation(counts=counts, every=every, silence=silence)


def no_writes() -> Expectation:
    """Published V2: nothing may be filed, and silence is accepted."""
    return Expectation(counts=(Count(label="no write", most=0),), silence=True)


def _active(mrn: str) -> tuple[OrderField, ...]:
    return (
        Subject(mrn=mrn),
        Word(element="status", words=("active",)),
        Word(element="intent", words=("order",)),
    )
