"""Task types: exact, by number or slug."""

from typing import Any

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.selection import select, select_families, split_types

TASKS = Setup().tasks


def types(chosen: list) -> set[str]:
    return {task.family.task_type for task in chosen}


def test_task1_never_means_task10() -> None:
    assert types(select(TASKS, ["task1"], "x")) == {"task1"}
    assert types(select(TASKS, ["task10"], "x")) == {"task10"}


def test_numbers_slugs_and_commas_mix() -> None:
    assert types(select(TASKS, ["task1,naloxone_coverage", "task2"], "x")) == {"task1", "task2", "task8"}
    assert select(TASKS, None, "x") == TASKS
    assert split_types("") is None


@pytest.mark.parametrize("types", [5, 1.5, {"task1": True}, b"task1"])
def test_what_is_no_list_of_types_is_refused(types: Any) -> None:
    with pytest.raises(ArgumentError, match=r"task_types: .* is not a list; give one such as"):
        split_types(types)


def test_an_unknown_type_is_named_with_the_nearest_and_the_place() -> None:
    with pytest.raises(ArgumentError, match=r"'naloxon_coverage'.*naloxone_coverage.*in new_patient_tasks"):
        select(TASKS, ["naloxon_coverage"], "new_patient_tasks")


def test_a_family_that_has_no_task_here_is_said_to_exist_elsewhere() -> None:
    with pytest.raises(ArgumentError, match=r"new_patient_tasks holds no task of 'patient_age', only of .*generated"):
        select(TASKS, ["patient_age"], "new_patient_tasks")


def test_a_number_that_two_families_share_asks_for_a_slug() -> None:
    both = [*TASKS, *Setup(tasks_variant="test_data_v2").tasks]
    with pytest.raises(ArgumentError, match="ct_followup, patient_lookup"):
        select(both, ["task1"], "both")
    with pytest.raises(ArgumentError, match="ct_followup or patient_lookup"):
        select_families(["task1"])
    assert select_families(["patient_age", "ct_followup"]) == ("ct_followup", "patient_age")
