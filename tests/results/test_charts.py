"""The patient's timeline for rollouts on the EHR inside the package."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medagentbenchv2.results.page.charts import Charts
from medagentbenchv2.results.page.rollouts import orders_before
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.traces import Trace
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
    items = Charts().of(run, trace)
    assert items
    times = [item["time"] for item in items]
    assert times == sorted(times, reverse=True)
    assert times[0][:10] <= str(trace.extra["now"])[:10]
    assert {item["kind"] for item in items} <= {
        "Problem", "MedicationRequest", "ServiceRequest", "Procedure", "Laboratory", "Vital sign",
    }  # fmt: skip
    assert all(item["text"] for item in items)


def test_active_orders_of_the_record_are_the_orders_before(run: Run, trace: Trace) -> None:
    before = orders_before(Charts().of(run, trace))
    assert all(item["status"] == "active" and item["kind"].endswith("Request") for item in before)


def test_a_saved_timeline_goes_before_the_record(run: Run, trace: Trace) -> None:
    saved = [{"time": "2023-01-01", "text": "saved"}]
    assert Charts().of(run, replace(trace, chart=saved)) == saved


def test_a_trace_that_repeats_neither_patient_nor_clock_is_looked_up_by_its_task(run: Run, trace: Trace) -> None:
    bare = replace(trace, extra={"world": 0})
    assert Charts().of(run, bare) == Charts().of(run, trace)
    assert Charts().of(run, replace(bare, task_id="task1_9999")) is None


@pytest.mark.parametrize(
    "changes",
    [{"world": 3}, {"world": None}, {"now": None}, {"slots": {"name": "Ann"}}, {"slots": {"mrn": "S0000000"}}],
)
def test_no_record_is_made_up(run: Run, trace: Trace, changes: dict[str, object]) -> None:
    assert Charts().of(run, replace(trace, extra=trace.extra | changes)) is None


def test_another_ehr_is_never_taken_for_ours(trace: Trace) -> None:
    remote = run_of("m", [row("task1_1")], config={"setup": {"fhir_api_base": "http://localhost:8080/fhir/"}})
    assert Charts().of(remote, trace) is None
    assert Charts().of(run_of("m", [row("task1_1")]), trace) is None
