"""TRL's environment interface: its methods are our tools, its reward is our verdict, and a few steps run on the CPU."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medagentbenchv2.agents.behaviours import Oracle
from medagentbenchv2.setup import Setup
from medagentbenchv2.tools.call import Result
from medagentbenchv2.tools.registry import TOOLS

from .loaded import EXAMPLES, example

SETUP = Setup(tasks_variant="generated", task_types=("naloxone_coverage", "patient_age"), num_train_tasks=20)


def played(ward: Any, row: dict[str, Any], *, finish: bool = True) -> float:
    """The reward of a row when the oracle calls the environment's methods as TRL would."""
    ward.reset(**row)
    steps = SETUP.find(row["task_id"], row["world"]).solve()
    call = next(steps)
    while finish or call.tool != "finish":
        result = asyncio.run(getattr(ward, call.tool)(**call.arguments))
        try:
            call = steps.send(Result(result))
        except StopIteration:
            break
    return float(ward.get_reward())


def test_the_methods_solve_tasks_and_one_instance_serves_rollout_after_rollout() -> None:
    module = example("train_trl")
    ward, rows = module.ward_of(SETUP)(), module.rows(SETUP)
    assert [played(ward, row) for row in rows] == [1.0] * 20
    assert [played(ward, row, finish=False) for row in rows] == [0.0] * 20


def test_an_untouched_rollout_earns_nothing() -> None:
    module = example("train_trl")
    ward = module.ward_of(SETUP)()
    ward.reset(**module.rows(SETUP)[0])
    assert ward.get_reward() == 0.0


def test_each_tool_is_a_method_with_its_parameters() -> None:
    ward = example("train_trl").ward_of(SETUP)
    shown = {n for n, _ in inspect.getmembers(ward, inspect.isfunction) if not n.startswith("_")}
    assert shown - {"reset", "get_reward"} == set(TOOLS)
    for name, tool in TOOLS.items():
        parameters = list(inspect.signature(getattr(ward(), name)).parameters.values())
        assert {p.name for p in parameters} == set(tool.schema["properties"])
        assert {p.name for p in parameters if p.default is p.empty} == set(tool.schema["required"])


@pytest.mark.torch
def test_transformers_reads_the_methods_as_tools() -> None:
    utils = pytest.importorskip("transformers.utils", reason="transformers is not installed")
    ward = example("train_trl").ward_of(SETUP)()
    for name, tool in TOOLS.items():
        read = utils.get_json_schema(getattr(ward, name))["function"]
        assert (read["name"], sorted(read["parameters"].get("required", []))) == (name, sorted(tool.schema["required"]))
        assert set(read["parameters"]["properties"]) == set(tool.schema["properties"])
        json.dumps(read)


@pytest.mark.torch
def test_a_tiny_random_model_trains_for_a_few_steps(tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="trl is not installed; pip install torch==2.13.0, then 'medagentbenchv2[train]'")
    command = [sys.executable, str(EXAMPLES / "train_trl.py"), "--steps", "2", "--out", str(tmp_path)]
    environment = {**os.environ, "TRL_EXPERIMENTAL_SILENCE": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "2 steps, reward 0.00 0.00" in done.stdout


@pytest.mark.torch
@pytest.mark.filterwarnings("default")
def test_calls_that_are_right_earn_the_reward_inside_the_trainer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model's words are the oracle's; parsing, tools, environment and reward are TRL's own way through."""
    pytest.importorskip("trl", reason="trl is not installed; pip install torch==2.13.0, then 'medagentbenchv2[train]'")
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    module, setup = example("train_trl"), replace(SETUP, tool_output="compact", num_train_tasks=4)
    model, tokenizer = module.tiny(setup)
    trainer = module.trainer_of(
        setup, model, tokenizer,
        output_dir=str(tmp_path), max_steps=2, per_device_train_batch_size=2, num_generations=2,
        max_completion_length=12_000, use_cpu=True,
    )  # fmt: skip

    def words(ids: list[int]) -> str:
        said = tokenizer.decode(ids)
        task = next(task for task in setup.train_tasks if task.instruction in said)
        results = [Result(text) for text in re.findall(r"<tool_response>\n(.*?)\n</tool_response>", said, re.DOTALL)]
        calls = Oracle().turn(task, results, None).calls
        told = [f'<tool_call>\n{{"name": "{c.tool}", "arguments": {c.json}}}\n</tool_call>' for c in calls]
        return ("".join(told) or "Done.") + "<|im_end|>"

    def speak(prompt_ids: list[list[int]], *_: Any, **__: Any) -> tuple[list[list[int]], None]:
        return [tokenizer(words(ids), add_special_tokens=False)["input_ids"] for ids in prompt_ids], None

    monkeypatch.setattr(trainer, "_generate_single_turn", speak)
    trainer.train()
    logged = [entry for entry in trainer.state.log_history if "reward" in entry]
    assert [entry["reward"] for entry in logged] == [1.0, 1.0]
    assert min(entry["tools/call_frequency"] for entry in logged) >= 2
