"""The configurations for prime-rl name arguments that exist, and train and evaluate on different worlds."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from medagentbenchv2.environment import load_environment

from .loaded import EXAMPLES


def config(name: str) -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / "train_prime_rl" / name).read_text())


def test_v1_sources_load_training_worlds_and_world_0() -> None:
    pytest.importorskip("verifiers.v1", reason="this verifiers has no v1")
    from medagentbenchv2.faces.v1.config import MedAgentBenchTasksetConfig
    from medagentbenchv2.faces.v1.taskset import MedAgentBenchTaskset

    train = config("rl.toml")["orchestrator"]["train"]["source"][0]["env"]
    held_out = config("eval.toml")["source"][0]["env"]
    worlds = []
    for env, fewer in ((train, {"num_train_tasks": 30}), (held_out, {})):
        assert env["agent"]["runtime"] == {"type": "subprocess"}
        tasks = MedAgentBenchTaskset(MedAgentBenchTasksetConfig(**env["taskset"] | fewer)).load()
        worlds.append({task.data.world for task in tasks})
    assert worlds == [{1}, {0}]


def test_groups_without_a_gradient_are_left_out() -> None:
    source = config("rl.toml")["orchestrator"]["train"]["source"][0]
    assert source["curriculum"]["gates"]["zero_advantage"]["type"] == "advantage_range"


def test_classic_arguments_load_training_worlds_and_world_0() -> None:
    orchestrator = config("classic.toml")["orchestrator"]
    (train,), (held_out,) = orchestrator["env"], orchestrator["eval"]["env"]
    env = load_environment(**train["args"] | {"num_train_tasks": 30})
    assert {json.loads(info)["world"] for info in env.get_dataset()["info"]} == {1}
    assert {json.loads(info)["world"] for info in load_environment(**held_out["args"]).get_eval_dataset()["info"]} == {
        0
    }
