"""What is right, in a clinician's words: the answer, and each order with what it must show."""

from __future__ import annotations

from datetime import UTC, datetime

from medagentbenchv2.grading.answer import EXACT, Answer, Day, Instant, Item, Number
from medagentbenchv2.grading.expectation import Expectation, Order
from medagentbenchv2.grading.fields import (
    STOPPED,
    Amount,
    AnyOf,
    Coded,
    Kind,
    OrderField,
    Says,
    Stops,
    Subject,
    Timed,
    Word,
)

KINDS = {
    "MedicationRequest": "medication order",
    "ServiceRequest": "service order",
    "Observation": "flowsheet entry",
}
"""Resource type -> what a clinician calls it."""
PLACES = {
    "medication": "the medication",
    "code": "the code or its name",
    "code.text": "the flowsheet's name",
    "route": "the route",
    "dosage": "the dosage",
    "note": "the note",
    "value": "the value",
    "anywhere": "the order",
}
"""Where a text may stand."""
TIMES = {"authoredOn": "written", "occurrenceDateTime": "to be done", "effectiveDateTime": "measured"}
CONCEPTS = {"code": "", "medicationCodeableConcept": "medication ", "category": "category "}
MISSING = -1
"""What every family answers for "nothing there"."""


def clock_in_words(at: datetime) -> str:
    """An instant as `2023-11-07 22:47 UTC`, with seconds where there are any."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M:%S} UTC" if utc.second else f"{utc:%Y-%m-%d %H:%M} UTC"


def answer_in_words(answer: Answer | None) -> str:
    """The right values, separated by semicolons, with tolerances and what -1 means."""
    if answer is None:
        return "no value is asked for"
    return "; ".join(_item_in_words(item) for item in answer.items)


def orders_in_words(expectation: Expectation) -> str:
    """The orders that are due, numbered; further sets of orders that are as right after them."""
    sets = (expectation.orders, *expectation.alternatives)
    said = ["\n".join(_numbered(orders)) or "no order" for orders in sets]
    if expectation.allowed:
        said.append("allowed, not asked for:\n" + "\n".join(_numbered(expectation.allowed)))
    return "\nor, as right:\n".join(said[: len(sets)]) + "".join(f"\n{more}" for more in said[len(sets) :])


def order_in_words(order: Order) -> str:
    """An order's name, then its type, patient and everything that it must show."""
    return f"{order.label}: {', '.join(filter(None, map(_field_in_words, order.fields)))}"


def _numbered(orders: tuple[Order, ...]) -> list[str]:
    return [f"{number}. {order_in_words(order)}" for number, order in enumerate(orders, 1)]


def _item_in_words(item: Item) -> str:
    if isinstance(item, Number):
        if item.value == MISSING:
            return f"nothing there: {MISSING}"
        if item.tolerance > EXACT:
            return f"{round(item.value, 2):g} (right within {item.tolerance:g})"
        return f"{item.value:.15g}"
    if isinstance(item, Instant):
        return clock_in_words(item.value)
    return f"date {item.value}" if isinstance(item, Day) else item.value


def _field_in_words(field: OrderField) -> str:
    match field:
        case Kind():
            return " or ".join(KINDS.get(kind, kind) for kind in field.kinds)
        case Subject():
            return f"for patient {field.mrn}"
        case Word(element="intent"):
            return ""
        case Word(words=words) if words == STOPPED:
            return f"status {words[0]} (or {', '.join(words[1:])})"
        case Word():
            return f"{field.element} {' or '.join(field.words)}"
        case Coded():
            return f"{CONCEPTS[field.element]}code {' or '.join(field.codes)}"
        case Says():
            says = "is exactly" if field.whole else "says"
            return f"{' or '.join(PLACES[place] for place in field.places)} {says} {field.label}"
        case Amount():
            element = "dose" if field.element == "doseQuantity" else "rate"
            return f"{element} {field.value:g} {field.units[0]}"
        case Timed():
            return _time_in_words(field)
        case Stops():
            return f"names the order to stop by its id ({field.target.id}) or its text"
        case AnyOf():
            return "either " + " or ".join(map(_field_in_words, field.rules))
        case _:
            return field.expected


def _time_in_words(field: Timed) -> str:
    verb = TIMES[field.element] + (" (if stated)" if field.optional else "")
    first, last = field.earliest, field.latest
    if field.by_day:
        days = {f"{at:%Y-%m-%d}": None for at in (first, last)}
        return f"{verb} on {next(iter(days))}" if len(days) == 1 else f"{verb} from {' to '.join(days)}"
    if first.replace(second=0, microsecond=0) == last.replace(second=0, microsecond=0):
        return f"{verb} at {clock_in_words(first)}"
    return f"{verb} from {clock_in_words(first)} to {clock_in_words(last)}"
