"""The patient's timeline for rollouts on the EHR inside the package."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from medagentbenchv2.fhir.timeline import timeline
from medagentbenchv2.results.page import worlds
from medagentbenchv2.results.page.charts import Chart, Charts, items_of
from medagentbenchv2.results.page.rollouts import orders_before
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.traces import Trace
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import default_world
from tests.results.conftest import run_of
from tests.results.made import row


@pytest.fixture(scope="module")
def trace() -> Trace:
    """A trace of the first shipped task, as a run of ours saves it."""
    task = default_world().tasks["new_patient_tasks"][0]
    extra = {"world": 0, "now": task.now.isoformat(), "slots": task.slots.model_dump(mode="json")}
    return Trace(task.id, 1, "traces.jsonl.zst, row 1", extra=extra)


@pytest.fixture
def run() -> Run:
    """A run on the EHR inside the package."""
    return run_of("m", [row("task1_1")], config={"setup": {"fhir_api_base": None}})


def test_the_record_is_read_as_of_the_tasks_clock_newest_first(run: Run, trace: Trace) -> None:
    items = Charts().of(run, trace).items
    assert items
    times = [item["time"] for item in items]
    assert times == sorted(times, reverse=True)
    assert times[0][:10] <= str(trace.extra["now"])[:10]
    assert {item["kind"] for item in items} <= {
        "Problem", "MedicationRequest", "ServiceRequest", "Procedure", "Laboratory", "Vital sign",
    }  # fmt: skip
    assert all(item["text"] for item in items)


def test_active_orders_of_the_record_are_the_orders_before(run: Run, trace: Trace) -> None:
    before = orders_before(Charts().of(run, trace).items)
    assert before
    assert all(item["status"] == "active" and item["kind"].endswith("Request") for item in before)


def test_a_saved_timeline_goes_before_the_record(run: Run, trace: Trace) -> None:
    saved = [{"time": "2023-01-01", "text": "saved"}]
    assert Charts().of(run, replace(trace, chart=saved)) == Chart(saved, "traces.jsonl.zst, row 1")


def test_a_trace_that_repeats_neither_patient_nor_clock_is_looked_up_by_its_task(run: Run, trace: Trace) -> None:
    bare = replace(trace, extra={"world": 0})
    assert Charts().of(run, bare) == Charts().of(run, trace)
    assert Charts().of(run, replace(bare, task_id="task1_9999")).items is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"world": None}, "does not say which world"),
        ({"now": None}, "names no patient by MRN"),
        ({"slots": {"name": "Ann"}}, "names no patient by MRN"),
        ({"slots": {"mrn": "S0000000"}}, "S0000000"),
    ],
)
def test_no_record_is_made_up_and_the_reason_is_said(
    run: Run, trace: Trace, changes: dict[str, object], said: str
) -> None:
    chart = Charts().of(run, replace(trace, extra=trace.extra | changes))
    assert chart.items is None
    assert said in chart.note


def ended(setup: Setup, **changes: Any) -> Run:
    """A run as `eval` would have recorded it."""
    parts = {"ehr": default_world().snapshot.checksum} if setup.fhir_api_base else {"ehr": setup.task_parts["ehr"]}
    families = () if setup.fhir_api_base else setup.families
    config = {"setup": asdict(setup), "families": families, "fingerprint_parts": parts} | changes
    return run_of("m", [row("task1_1")], config=config)


def trace_of(task: Task) -> Trace:
    """What a run saves of a task's rollout."""
    extra = {"world": task.world, "now": task.now.isoformat(), "slots": task.slots.model_dump(mode="json")}
    return Trace(task.id, 1, "traces.jsonl.zst, row 1", extra=extra)


@pytest.fixture(scope="module")
def private() -> Setup:
    """A fresh evaluation world of a private seed."""
    return Setup(tasks_variant="generated", seed=7, task_types=("qtc_management", "catheter_removal"))


def test_a_generated_world_is_grown_anew_from_what_the_run_recorded(private: Setup) -> None:
    task = private.tasks[0]
    chart = Charts().of(ended(private), trace_of(task))
    assert task.world > 0
    assert chart.items == items_of(timeline(private.world.snapshot, task.slots.mrn, task.now))
    assert f"generated EHR {task.world}/7/1" in chart.note


def test_a_training_world_is_grown_anew_as_well() -> None:
    setup = Setup(split="train", seed=3, task_types=("task7",), num_train_tasks=1)
    (task,) = setup.train_tasks
    assert task.world == 1
    assert Charts().of(run_of("m", [row("task1_1")], config={"env_args": env_args(setup)}), trace_of(task)).items


def test_a_rollout_that_carries_its_own_arguments_is_shown_in_the_world_of_these() -> None:
    first, second = (Setup(split="train", seed=seed, task_types=("task7",), num_train_tasks=1) for seed in (3, 4))
    run = run_of("m", [row("task1_1")], config={"setup": env_args(first)})
    bare = Trace(second.train_tasks[0].id, 1, "row 1", extra={"world": 1, "arguments": env_args(second)})
    assert first.train_tasks[0].id == second.train_tasks[0].id
    assert "EHR 1/4/1" in Charts().of(run, bare).note


def env_args(setup: Setup) -> dict[str, object]:
    """Arguments as vf-eval's metadata.json holds them."""
    return {"split": setup.split, "seed": setup.seed, "task_types": list(setup.task_types or ()), "unknown": 1}


def test_a_world_that_comes_out_otherwise_is_not_shown(private: Setup) -> None:
    trace = trace_of(private.tasks[0])
    other = ended(private, fingerprint_parts={"ehr": "0" * 64})
    assert "is not the one that the run was played on" in Charts().of(other, trace).note
    moved = replace(trace, extra=trace.extra | {"now": "2020-01-01T00:00:00+00:00"})
    assert "does not hold the rollout's task" in Charts().of(ended(private), moved).note
    foreign = ended(private, families=["somebody_elses_family"])
    assert "somebody_elses_family is not registered here" in Charts().of(foreign, trace).note


def test_world_0_of_another_version_is_not_shown(trace: Trace) -> None:
    older = ended(Setup(), fingerprint_parts={"ehr": "0" * 64})
    assert Charts().of(older, trace).items is None


def test_only_so_many_worlds_are_grown(private: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "MOST_WORLDS", 1)
    charts = Charts()
    second = Setup(tasks_variant="generated", seed=8, task_types=private.task_types)
    assert charts.of(ended(private), trace_of(private.tasks[0])).items
    assert "one more" in charts.of(ended(second), trace_of(second.tasks[0])).note
    assert charts.of(ended(private), trace_of(private.tasks[1])).items


def test_a_server_is_not_asked_and_its_records_are_never_taken_for_ours(trace: Trace) -> None:
    remote = Setup(fhir_api_base="http://localhost:8080/fhir/")
    config = {"setup": asdict(remote)}
    assert "was remote" in Charts().of(run_of("m", [row("task1_1")], config=config), trace).note
    assert "was remote" in Charts().of(ended(remote, fingerprint_parts={"ehr": "published"}), trace).note
    assert Charts().of(ended(remote), trace).items == Charts().of(ended(Setup()), trace).items


def test_a_run_that_says_nothing_of_its_ehr_has_no_chart(trace: Trace) -> None:
    assert "does not say which EHR" in Charts().of(run_of("m", [row("task1_1")]), trace).note
