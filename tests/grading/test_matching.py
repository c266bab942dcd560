"""Matching: writes to expected orders, one to one."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.grading.expectation import Order
from medagentbenchv2.grading.fields import Coded, Kind, Says, Subject, Word
from medagentbenchv2.grading.matching import match


def order(code: str) -> Order:
    return Order(
        label=code,
        fields=(
            Kind(kinds=("ServiceRequest",)),
            Subject(mrn="S1"),
            Word(element="status", words=("active",)),
            Coded(codes=(code,)),
        ),
    )


def write(code: str, **changes: object) -> dict:
    base = {"resourceType": "ServiceRequest", "subject": {"reference": "Patient/S1"}, "status": "active"}
    return {**base, "code": {"coding": [{"code": code}]}, **changes}


def test_the_order_of_writes_does_not_matter() -> None:
    wanted = [order("A"), order("B"), order("C")]
    for writes in permutations([write("A"), write("B"), write("C")]):
        assert len(match(wanted, list(writes)).full) == 3


def test_the_number_of_full_matches_is_the_largest_possible() -> None:
    loose = Order(label="any", fields=(Kind(kinds=("ServiceRequest",)),))
    found = match([loose, order("A")], [write("A"), write("B")])
    assert found.full == {0: 1, 1: 0}


def test_a_second_copy_is_left_over() -> None:
    found = match([order("A")], [write("A"), write("A")])
    assert found.full == {0: 0}
    assert found.extra == (1,)


def test_a_near_write_is_paired_and_a_far_one_is_not() -> None:
    near = match([order("A")], [write("A", status="draft")])
    assert near.near == {0: 0}
    assert not near.missing
    assert not near.extra
    far = match([order("A")], [write("B", status="draft", subject={"reference": "Patient/S2"})])
    assert far.missing == (0,)
    assert far.extra == (0,)


@given(st.lists(st.sampled_from("ABC"), max_size=5), st.lists(st.sampled_from("ABC"), max_size=5))
def test_every_order_and_every_write_is_accounted_for_once(orders: list[str], writes: list[str]) -> None:
    found = match([order(code) for code in orders], [write(code) for code in writes])
    assert sorted([*found.full, *found.near, *found.missing]) == list(range(len(orders)))
    assert sorted([*found.full.values(), *found.near.values(), *found.extra]) == list(range(len(writes)))
    assert len(found.full) == sum(min(orders.count(code), writes.count(code)) for code in "ABC")


def test_fields_survive_json() -> None:
    wanted = Order(
        label="x", fields=(*order("A").fields, Says(category="missing_note", places=("note",), pattern="x", label="x"))
    )
    assert Order.model_validate_json(wanted.model_dump_json()) == wanted
