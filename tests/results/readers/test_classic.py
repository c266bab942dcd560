"""results.jsonl of vf-eval: rows in the shapes that verifiers 0.1.11 and 0.3.1 write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.api import read
from medagentbenchv2.results.rows import Status
from medagentbenchv2.results.run import Run

FINISH = '{"id": "c1", "name": "finish", "arguments": "{\\"value\\": \\"[1, -1]\\"}"}'
OLD = {"generation_ms": 90.5, "scoring_ms": 0.3, "total_ms": 91.5, "start_time": 1795206195.25}
NEW = {"start_time": 1795206173.75, "total": 0.0915}


def result(example: int = 0, timing: dict[str, Any] = NEW, **keys: Any) -> dict[str, Any]:
    """One row with a call of finish."""
    return {
        "example_id": example, "prompt": [{"role": "user", "content": "q"}],
        "completion": [{"role": "assistant", "content": "", "tool_calls": [FINISH]},
                       {"role": "tool", "tool_call_id": "c1", "content": "done"}],
        "answer": "", "info": {"task_id": f"task1_{example + 1}", "family": "ct_followup"},
        "reward": 1.0, "error": None,
        "timing": timing, "is_completed": True, "is_truncated": False, "stop_condition": "has_final_env_response",
        "metrics": {"medagentbench_reward": 1.0}, "token_usage": {"input_tokens": 200.0, "output_tokens": 14.0}, **keys,
    }  # fmt: skip


def read_rows(folder: Path, *values: dict[str, Any], arguments: dict[str, Any] | None = None) -> Run:
    """The run that these rows make, in the place where vf-eval writes it."""
    place = folder / "evals" / "medagentbenchv2--org--model:free" / "2fa2bc68"
    place.mkdir(parents=True)
    (place / "results.jsonl").write_text("".join(json.dumps(value) + "\n" for value in values))
    metadata = {"model": "org/model:free", "env_args": arguments or {}, "time": 5.5}
    (place / "metadata.json").write_text(json.dumps(metadata))
    return read([folder]).runs[0]


@pytest.mark.parametrize("timing", [OLD, NEW], ids=["0.1.11", "0.3.1"])
def test_a_row_becomes_a_rollout(tmp_path: Path, timing: dict[str, Any]) -> None:
    run = read_rows(tmp_path, result(timing=timing))
    (row,) = run.rows
    assert (run.model, run.variant, run.format, run.elapsed_seconds) == (
        "org/model:free",
        "new_patient_tasks",
        "verifiers",
        5.5,
    )
    assert (row.task_id, row.family, row.status, row.correct, row.result) == (
        "task1_1",
        "ct_followup",
        Status.COMPLETED,
        True,
        [1, -1],
    )
    assert (row.num_turns, row.input_tokens, row.output_tokens) == (1, 200, 14)
    assert row.latency_s == pytest.approx(0.0915)
    assert row.time is not None
    assert row.time.tzinfo is not None


def test_rows_of_one_example_are_its_attempts_and_examples_are_put_in_order(tmp_path: Path) -> None:
    run = read_rows(tmp_path, result(1), result(0), result(1, reward=0.0), result(0))
    assert [(r.task_id, r.attempt) for r in run.rows] == [
        ("task1_1", 1),
        ("task1_1", 2),
        ("task1_2", 1),
        ("task1_2", 2),
    ]
    assert not run.implied_attempts


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        (
            {"completion": [{"role": "assistant", "content": "bye"}], "stop_condition": "no_tools_called"},
            Status.NO_FINISH,
        ),
        ({"completion": [], "stop_condition": "max_turns_reached"}, Status.LIMIT_REACHED),
        ({"completion": [], "stop_condition": "has_final_env_response"}, Status.LIMIT_REACHED),
        ({"completion": [], "stop_condition": "prompt_too_long"}, Status.CONTEXT_LIMIT),
        ({"completion": [], "error": "InfraError()", "stop_condition": "has_error"}, Status.ERROR),
        ({"completion": [], "error": {"error": "InfraError", "error_chain_str": "x"}}, Status.ERROR),
        ({"completion": [], "info": {"task_id": "t_1", "status": "agent_invalid_action"}}, Status.INVALID_ACTION),
        ({"completion": "FINISH([1])"}, Status.COMPLETED),
    ],
)
def test_how_a_rollout_ended_is_told_from_the_record(tmp_path: Path, keys: dict[str, Any], status: Status) -> None:
    (row,) = read_rows(tmp_path, result(**{"reward": 0.0, **keys})).rows
    assert row.status is status
    assert row.primary_failure is None or row.primary_failure.level1 in ("protocol", "infrastructure")


def test_info_as_json_text_is_decoded(tmp_path: Path) -> None:
    (row,) = read_rows(tmp_path, result(info=json.dumps({"task_id": "task7_3"}))).rows
    assert row.task_id == "task7_3"


def test_the_variant_follows_the_environments_arguments(tmp_path: Path) -> None:
    assert read_rows(tmp_path / "a", result(), arguments={"tasks_variant": "new_tasks"}).variant == "new_tasks"
    assert read_rows(tmp_path / "b", result(), arguments={"tasks_path": "x/my_tasks.json"}).variant == "my_tasks"


def test_a_trace_holds_prompt_and_completion_with_nested_calls(tmp_path: Path) -> None:
    (trace,) = read_rows(tmp_path, result()).traces()
    assert [message["role"] for message in trace.messages] == ["user", "assistant", "tool"]
    assert trace.messages[1]["tool_calls"][0]["function"]["name"] == "finish"


def test_a_metric_that_stands_flat_in_the_row_is_not_taken_for_a_state_column(tmp_path: Path) -> None:
    assert [t.writes for t in read_rows(tmp_path / "a", result(writes=2.0)).traces()] == [[]]
    filed = [{"method": "POST", "kind": "ServiceRequest"}]
    assert [t.writes for t in read_rows(tmp_path / "b", result(writes=filed)).traces()] == [filed]


def test_a_bad_row_is_named_by_file_line_and_field(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"results\.jsonl, line 2, field index"):
        read_rows(tmp_path, result(), result(example_id="first"))


@pytest.mark.parametrize(
    ("metrics", "failure", "status"),
    [
        ({"orders_wrong_dose": 1.0, "answer_wrong_value": 1.0}, ("orders", "wrong_dose"), Status.COMPLETED),
        ({"protocol_turn_limit": 1.0, "orders_missing_order": 1.0}, ("protocol", "turn_limit"), Status.LIMIT_REACHED),
        ({"answer_missing": 0.0}, None, Status.COMPLETED),
    ],
)
def test_our_metrics_tell_why_a_rollout_failed(
    tmp_path: Path, metrics: dict[str, float], failure: tuple[str, str] | None, status: Status
) -> None:
    (row,) = read_rows(tmp_path, result(reward=0.0, metrics=metrics)).rows
    assert (row.failure and (row.failure.level1, row.failure.level2)) == failure
    assert row.status is status
