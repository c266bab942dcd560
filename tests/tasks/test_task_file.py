"""Tasks files: ours, the published ones as they are, and what is told of bad rows."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from medagentbenchv2 import data
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import CANARY
from medagentbenchv2.tasks.task_file import read_tasks, write_tasks

UPSTREAM = Path(__file__).parents[3] / "shared" / "data" / "upstream_tasks"
published = pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the published task files are not here")
DEFAULT = datetime(2023, 11, 7, 22, 47, tzinfo=UTC)


def written(tmp_path: Path, rows: Any) -> Path:
    path = tmp_path / "tasks.json"
    path.write_text(rows if isinstance(rows, str) else json.dumps(rows))
    return path


GOOD = {"id": "a", "family": "naloxone_coverage", "slots": {"mrn": "S1234567"}, "now": "2023-11-07T22:47:00+00:00"}


def test_what_is_written_is_read_back_unchanged(tmp_path: Path) -> None:
    tasks = [*Setup().tasks[::20], *Setup(tasks_variant="test_data_v2").tasks[::20]]
    tasks = list({task.id: task for task in tasks}.values())
    write_tasks(tasks, tmp_path / "tasks.jsonl")
    assert read_tasks(tmp_path / "tasks.jsonl") == tasks
    assert (tmp_path / "tasks.jsonl").read_text().count(CANARY) == len(tasks)


def test_a_row_with_family_and_slots_is_asked_in_our_words(tmp_path: Path) -> None:
    (task,) = read_tasks(written(tmp_path, [GOOD]))
    assert task.ours
    assert "S1234567" in task.instruction
    assert "2023-11-07T22:47:00+00:00" in task.context


def test_a_row_in_other_words_is_not_ours(tmp_path: Path) -> None:
    (task,) = read_tasks(written(tmp_path, [GOOD | {"instruction": "Is there naloxone for S1234567?"}]))
    assert not task.ours
    assert not task.clock_stated


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("{nonsense", ["line 1", "not JSON"]),
        ("3", ["int"]),
        ([GOOD, 7], ["row 2", "int"]),
        ([{**GOOD, "id": 4}], ["row 1", "'id'", "4"]),
        ([{**GOOD, "family": "naloxone"}], ["row 1", "family", "'naloxone'", "naloxone_coverage"]),
        ([{**GOOD, "family": ["naloxone_coverage"]}], ["row 1", "'family'", "a text"]),
        ([{**GOOD, "world": "x"}], ["row 1", "'world'", "'x'", "0 to 4999"]),
        ([{**GOOD, "world": 5000}], ["row 1", "'world'", "5000"]),
        ([{**GOOD, "branch": 5}], ["row 1", "'branch'", "5"]),
        ("", ["tasks.json", "holds no task"]),
        ([], ["tasks.json", "holds no task"]),
        ([{**GOOD, "slots": {"patient": "S1"}}], ["row 1", "slots.mrn"]),
        ([{**GOOD, "slots": []}], ["row 1", "'slots'"]),
        ([{**GOOD, "now": "yesterday"}], ["row 1", "'now'", "yesterday"]),
        ([{**GOOD, "now": "2023-11-07T22:47:00"}], ["row 1", "'now'", "offset"]),
        ([GOOD, GOOD], ["'a'", "twice"]),
        ([{"id": "a", "instruction": "Tell me a joke."}], ["row 1", "matched: none", "family and slots"]),
        ([{"id": "a"}], ["row 1", "'instruction'"]),
    ],
)
def test_a_bad_row_is_named_with_its_field(tmp_path: Path, rows: Any, words: list[str]) -> None:
    with pytest.raises(ArgumentError) as caught:
        read_tasks(written(tmp_path, rows))
    assert all(word in str(caught.value) for word in words), caught.value


def test_patients_that_the_ehr_lacks_are_counted_in_one_error(tmp_path: Path) -> None:
    rows = [{**GOOD, "id": str(i), "slots": {"mrn": f"S999999{i}"}} for i in range(7)]
    with pytest.raises(ArgumentError, match=r"7 of 7 patients.*fhir_api_base"):
        Setup(tasks_path=str(written(tmp_path, rows))).check()


@published
@pytest.mark.parametrize("variant", ["new_patient_tasks", "new_tasks", "test_data_v2"])
def test_the_published_files_load_as_they_are(variant: str) -> None:
    tasks = read_tasks(UPSTREAM / f"{variant}.json")
    rows = json.loads((UPSTREAM / f"{variant}.json").read_text())
    assert [task.id for task in tasks] == [row["id"] for row in rows]
    assert [task.family.task_type for task in tasks] == [task.id.partition("_")[0] for task in tasks]
    assert not any(task.ours for task in tasks)
    assert {getattr(t.slots, "mrn", None) or r.get("eval_MRN") for t, r in zip(tasks, rows, strict=True)} == {
        row.get("eval_MRN") for row in rows
    }


@published
def test_each_published_task_has_the_clock_it_states_or_should_have() -> None:
    clocks = {task.id: task.now for task in read_tasks(UPSTREAM / "new_patient_tasks.json")}
    assert clocks["task3_19"] == DEFAULT
    by_family = {n: Counter(clocks[f"task{n}_{k}"] for k in range(1, 31)) for n in range(1, 11)}
    assert all(set(by_family[n]) == {DEFAULT} for n in (1, 2, 5, 6, 7, 8))
    assert by_family[4] == {
        datetime(2023, 11, 11, 9, tzinfo=UTC): 28,
        datetime(2023, 11, 16, 10, tzinfo=UTC): 1,
        datetime(2022, 5, 30, 7, tzinfo=UTC): 1,
    }
    assert set(by_family[9]) == {datetime(2024, 1, 9, tzinfo=UTC)}
    assert set(by_family[10]) == {datetime(2023, 11, 7, 12, tzinfo=UTC)}
    assert {t.now for t in read_tasks(UPSTREAM / "test_data_v2.json")} == {datetime(2023, 11, 13, 10, 15, tzinfo=UTC)}


@published
def test_the_shipped_facts_are_those_of_the_published_files() -> None:
    for variant in ("new_patient_tasks", "new_tasks", "test_data_v2"):
        facts = read_tasks(data.path("published", f"{variant}.jsonl"))
        theirs = read_tasks(UPSTREAM / f"{variant}.json")
        assert all(task.ours for task in facts)
        for ours, original in zip(facts, theirs, strict=True):
            assert (ours.id, ours.family, ours.now) == (original.id, original.family, original.now)
            kept = ours.slots.model_dump(exclude={"text"})
            assert kept == original.slots.model_dump(exclude={"text"})


@pytest.mark.parametrize("path", [5, ["tasks.json"], ""])
def test_what_is_no_path_is_said_to_be_none(path: Any) -> None:
    with pytest.raises(ArgumentError, match=r"tasks_path: .* is not a path; give one as a text, or leave it out"):
        Setup(tasks_path=path)
