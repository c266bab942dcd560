"""`tasks show --verdict`: a verdict from wherever it is kept, in words."""

from __future__ import annotations

import asyncio

import orjson
import pytest
import zstandard
from typer.testing import CliRunner

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.agents.script import play
from medagentbenchv2.cli.tasks import tasks_app
from medagentbenchv2.cli.verdicts import verdicts_in
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.setup import Setup

SETUP = Setup(tasks_variant="new_tasks")


@pytest.fixture(scope="module")
def verdict():
    async def wrong():
        return await play(agent_of("erring:1"), await SETUP.open(SETUP.tasks[0]))

    return asyncio.run(wrong()).verdict().to_json()


def trace(verdict, task_id, attempt=1):
    return {"task_id": task_id, "attempt": attempt, "verdict": verdict, "messages": []}


def test_a_verdict_alone_is_taken_as_it_is(tmp_path, verdict):
    path = tmp_path / "run.json"
    path.write_bytes(orjson.dumps(verdict))
    assert verdicts_in(path, "task1_1")[0]["checks"] == verdict["checks"]


def test_rows_of_other_tasks_are_passed_over_and_every_attempt_is_told(tmp_path, verdict):
    rows = [trace(verdict, "task2_1"), trace(verdict, "task1_1"), trace(verdict, "task1_1", attempt=2)]
    path = tmp_path / "traces.jsonl.zst"
    path.write_bytes(b"".join(zstandard.compress(orjson.dumps(row) + b"\n") for row in rows))
    assert [one["attempt"] for one in verdicts_in(path, "task1_1")] == [1, 2]
    assert [one["attempt"] for one in verdicts_in(tmp_path, "task1_1")] == [1, 2]


def test_a_row_tells_what_it_knows_unless_its_traces_lie_beside_it(tmp_path, verdict):
    checks = [{name: check[name] for name in ("name", "passed", "group", "category")} for check in verdict["checks"]]
    row = {"task_id": "task1_1", "status": "completed", "result": [1], "checks": checks}
    path = tmp_path / "runs.jsonl"
    path.write_bytes(orjson.dumps(row) + b"\n" + orjson.dumps(row | {"task_id": "task9_1"}))
    (bare,) = verdicts_in(path, "task1_1")
    assert bare["answer"] == [1]
    assert "expected" not in bare["checks"][0]
    full = zstandard.compress(orjson.dumps(trace(verdict, "task1_1")))
    (tmp_path / "traces.jsonl.zst").write_bytes(full)
    assert verdicts_in(path, "task1_1")[0]["checks"] == verdict["checks"]


def test_an_infrastructure_error_is_told_as_not_judged(tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(orjson.dumps({"task_id": "task1_1", "verdict": {}, "error": "no answer in 3 attempts"}))
    said = CliRunner().invoke(tasks_app, ["show", "task1_1", "--variant", "new_tasks", "--verdict", str(path)])
    assert "not judged: no answer in 3 attempts" in said.stdout


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"task_id": "task9_1", "checks": []}', b'{"a": 1}\nnot json'])
def test_a_file_without_the_verdict_is_refused_by_its_name(tmp_path, content):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(ArgumentError, match=r"verdict: .*run\.json"):
        verdicts_in(path, "task1_1")
    with pytest.raises(ArgumentError, match="not a file"):
        verdicts_in(tmp_path / "absent.json", "task1_1")


def test_show_prints_expected_found_and_the_failure_in_words(tmp_path, verdict):
    path = tmp_path / "run.json"
    path.write_bytes(orjson.dumps(verdict))
    arguments = ["show", "task1_1", "--variant", "new_tasks", "--verdict", str(path)]
    said = CliRunner().invoke(tasks_app, arguments)
    assert said.exit_code == 0, said.output
    assert "reward 0.0: answer/wrong_length, the answer has more or fewer values" in said.stdout
    assert '"unsure"]' in said.stdout
    assert "FAIL  answer" in said.stdout
    assert orjson.loads(CliRunner().invoke(tasks_app, [*arguments, "--json"]).stdout)["verdicts"][0]["reward"] == 0.0
