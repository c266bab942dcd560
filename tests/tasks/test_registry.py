"""The registry takes a family once, by name and number, and a family that says all that it must."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.tasks.families.ct_followup import CtFollowup
from medagentbenchv2.tasks.family import STATED, Family
from medagentbenchv2.tasks.registry import FAMILIES, register


class Renamed(CtFollowup):
    """The same number under another name."""

    slug: ClassVar[str] = "ct_again"


@pytest.fixture(autouse=True)
def _restored() -> Any:
    before = dict(FAMILIES)
    yield
    FAMILIES.clear()
    FAMILIES.update(before)


def test_a_slug_and_a_number_are_taken_once() -> None:
    with pytest.raises(ArgumentError, match=r"family: the slug 'ct_followup' is taken by CtFollowup"):
        register(CtFollowup())
    with pytest.raises(ArgumentError, match=r"family: the number 1 of edition 'v2' is taken by CtFollowup"):
        register(Renamed())


def test_a_family_of_neither_edition_comes_last_and_is_in_generated_worlds_only() -> None:
    class Mine(CtFollowup):
        slug, edition, number = "ct_mine", "own", 21

    register(Mine())
    assert list(FAMILIES)[-1] == "ct_mine"


@pytest.mark.parametrize("name", STATED)
def test_what_a_family_leaves_unsaid_is_named_when_it_is_made(name: str) -> None:
    said = {other: getattr(CtFollowup, other) for other in STATED if other != name}
    solved = {method: getattr(CtFollowup, method) for method in ("reads", "expect", "plant", "solve")}
    with pytest.raises(TypeError, match=rf"Silent: a family must state {name}; Family says"):
        type("Silent", (Family,), said | solved)()
