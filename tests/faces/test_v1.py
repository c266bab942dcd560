"""The v1 face: what travels, what is yielded, what is refused; rollouts for real are in the conformance tests."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from typing import Any

import pytest

import medagentbenchv2
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.setup import Setup

vf = pytest.importorskip("verifiers.v1", reason="needs verifiers 0.3 or later")
if not hasattr(vf, "SingleAgentEnvConfig"):
    pytest.skip("needs verifiers 0.3 or later", allow_module_level=True)

from medagentbenchv2.faces.v1.config import MedAgentBenchTasksetConfig  # noqa: E402
from medagentbenchv2.faces.v1.env import load_v1_environment  # noqa: E402
from medagentbenchv2.faces.v1.task import MedAgentBenchData, MedAgentBenchTask  # noqa: E402
from medagentbenchv2.faces.v1.taskset import MedAgentBenchTaskset  # noqa: E402
from medagentbenchv2.faces.v1.toolset import MedAgentBenchToolset  # noqa: E402


def taskset(**arguments: Any) -> MedAgentBenchTaskset:
    return MedAgentBenchTaskset(MedAgentBenchTasksetConfig(**arguments))


def test_the_loader_finds_exactly_one_class_of_each_kind() -> None:
    exported = [getattr(medagentbenchv2, name) for name in medagentbenchv2.__all__]
    for base in (vf.Taskset, vf.Harness, vf.Env):
        assert len([it for it in exported if isinstance(it, type) and issubclass(it, base)]) == 1
    assert vf.default_harness_id("medagentbenchv2") == "medagentbenchv2"


def test_the_tasks_are_those_of_every_face_in_their_order() -> None:
    setup = Setup()
    tasks = list(taskset())
    assert [task.data.task_id for task in tasks] == [task.id for task in setup.tasks]
    assert [task.data.prompt for task in tasks] == [setup.prompt(task) for task in setup.tasks]
    assert {task.data.system_prompt for task in tasks} == {setup.system_prompt}


async def test_task_data_survives_the_wire_and_holds_nothing_of_what_is_right() -> None:
    task = next(iter(taskset(task_types="task8, task1")))
    sent = task.data.model_dump(mode="json")
    again = MedAgentBenchTask(MedAgentBenchData.model_validate(sent))
    assert again.data == task.data
    assert (await again.data.enter()).task == (await task.data.enter()).task
    ours = {"task_id", "task_type", "family", "world", "arguments"}
    assert set(sent) - set(vf.TaskData.model_fields) == ours


def test_training_tasks_are_finite_unless_asked_and_keys_are_unique() -> None:
    finite = taskset(split="train", num_train_tasks=30, task_types=["patient_age"], tasks_variant="generated")
    assert not finite.INFINITE
    assert len({task.key for task in finite}) == 30
    endless = taskset(split="train", infinite=True, task_types=["patient_age"], tasks_variant="generated")
    assert endless.INFINITE
    some = list(islice(endless, 35))
    assert [task.key for task in some][:30] == [task.key for task in finite]
    assert some[-1].data.world >= 1


async def test_validate_says_that_the_oracle_solves_a_task_and_doing_nothing_does_not() -> None:
    assert all([await task.validate(None) for task in islice(taskset(), 0, 300, 30)])


def test_a_wrong_argument_is_named() -> None:
    with pytest.raises(ArgumentError, match="task11"):
        list(taskset(task_types=["task11"]))
    with pytest.raises(ValueError, match="tasks_variant"):
        taskset(tasks_variant="new_patient_task")


def test_the_seat_needs_no_login_and_the_tool_server_runs_for_other_harnesses_alone() -> None:
    env = load_v1_environment(Setup(max_turns=5, task_types=("task1",)))
    assert env.config.agent.max_turns == 5
    assert env.config.agent.runtime.type == "subprocess"
    assert type(env.taskset).toolsets(env.config.taskset) == []
    other = {"taskset": {"id": "medagentbenchv2"}, "agent": {"harness": {"id": "null"}}}
    config = vf.resolve_env_config(other)
    (tools,) = MedAgentBenchTaskset.toolsets(config.taskset)
    assert isinstance(tools, MedAgentBenchToolset)


@pytest.mark.parametrize("broken", ["verifiers", "verifiers.v1", "verifiers.legacy", "mcp", "gymnasium"])
def test_the_package_imports_without_any_of_its_frameworks(broken: str) -> None:
    code = f"import sys; sys.modules[{broken!r}] = None; import medagentbenchv2; medagentbenchv2.Rollout"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    if broken.startswith("verifiers.v1"):
        code += "; assert not hasattr(medagentbenchv2, 'MedAgentBenchTaskset')"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
