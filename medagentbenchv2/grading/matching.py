"""Which write is which expected order: as many full matches as possible, then the closest of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.grading.expectation import Order
from medagentbenchv2.grading.fields import Kind, Rule

CONCEPTS = {"ServiceRequest": "code", "MedicationRequest": "medicationCodeableConcept"}
"""Where each kind of order says what it is for."""


@dataclass(frozen=True)
class Matching:
    """Indices of orders and writes, paired."""

    full: dict[int, int]
    """Order -> write that shows all its fields."""
    near: dict[int, int]
    """Order -> the closest write left, where at least half of the fields hold."""
    missing: tuple[int, ...]
    """Orders with no write near them."""
    extra: tuple[int, ...]
    """Writes that are nobody's."""


def misses(order: Order, resource: Resource) -> list[Rule]:
    """The fields of an order that a resource does not show.

    An order filed as the other kind is read as if it said in the right element what it is for: taking the wrong tool
    is one fault, not one for each thing that the order says.
    """
    meant = _as_meant(order, resource)
    return [field for field in order.fields if not field.holds(meant)]


def _as_meant(order: Order, resource: Resource) -> Resource:
    wanted = next((field.kinds for field in order.fields if isinstance(field, Kind)), ())
    filed = resource.get("resourceType", "")
    if filed in wanted or len(wanted) != 1 or not {filed, wanted[0]} <= CONCEPTS.keys():
        return resource
    return {**resource, CONCEPTS[wanted[0]]: resource.get(CONCEPTS[filed])}


def match(orders: Sequence[Order], writes: Sequence[Resource]) -> Matching:
    """Assign writes to orders one to one; the number of full matches is the largest possible (augmenting paths)."""
    faults = [[len(misses(order, write)) for write in writes] for order in orders]
    owner: dict[int, int] = {}

    def place(order: int, tried: set[int]) -> bool:
        for write in range(len(writes)):
            if faults[order][write] == 0 and write not in tried:
                tried.add(write)
                if write not in owner or place(owner[write], tried):
                    owner[write] = order
                    return True
        return False

    for order in range(len(orders)):
        place(order, set())
    full = {order: write for write, order in owner.items()}
    near = _closest(orders, faults, full)
    taken = {*full.values(), *near.values()}
    return Matching(
        full,
        near,
        tuple(o for o in range(len(orders)) if o not in full and o not in near),
        tuple(w for w in range(len(writes)) if w not in taken),
    )


def _closest(orders: Sequence[Order], faults: list[list[int]], full: dict[int, int]) -> dict[int, int]:
    used = set(full.values())
    pairs = sorted(
        (faults[o][w], o, w)
        for o in range(len(orders))
        if o not in full
        for w in range(len(faults[o]))
        if w not in used and 2 * faults[o][w] <= len(orders[o].fields)
    )
    near: dict[int, int] = {}
    for _, order, write in pairs:
        if order not in near and write not in used:
            near[order] = write
            used.add(write)
    return near
