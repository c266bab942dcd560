"""References name their target however they are written, and huge ones leave nothing behind."""

from __future__ import annotations

import pytest

from medagentbenchv2.fhir.references import ReferenceMatcher, _kept_target, target


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("S1", ("", "S1")),
        ("Patient/S1", ("Patient", "S1")),
        ("http://localhost:8080/fhir/Patient/S1", ("Patient", "S1")),
        ("Patient/S1/_history/3", ("Patient", "S1")),
        ("Patient/S1?x=y", ("Patient", "S1")),
    ],
)
def test_every_way_of_writing_names_the_same_target(written: str, named: tuple[str, str]) -> None:
    assert target(written) == named


def test_a_value_without_a_type_means_the_parameters_own() -> None:
    matcher = ReferenceMatcher.of(["S1"], "Patient")
    assert matcher.accepts(("Patient/S1",))
    assert not matcher.accepts(("Group/S1",))
    assert matcher.ids("Patient") == {"S1"}


def test_a_huge_reference_is_read_and_not_kept() -> None:
    before = _kept_target.cache_info().currsize
    for number in range(3):
        assert target(f"Patient/{'x' * 600}{number}") == ("Patient", f"{'x' * 600}{number}")
    assert _kept_target.cache_info().currsize == before
