"""The picture of a rollout is drawn from the rollout."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "draw_rollout.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("draw_rollout", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("agent", "reward"), [("oracle", "reward 1.0"), ("null", "reward 0.0")])
def test_it_shows_every_call_order_and_check_and_is_drawn_the_same_again(
    script: ModuleType, agent: str, reward: str
) -> None:
    rolled = asyncio.run(script.play("new_patient_tasks", "task7_14", agent))
    picture = script.draw(rolled)
    assert picture == script.draw(asyncio.run(script.play("new_patient_tasks", "task7_14", agent)))
    written = [element for element in ElementTree.fromstring(picture).iter() if element.tag.endswith("text")]
    texts = [element.text or "" for element in written]
    assert any(text.startswith(reward) for text in texts)
    calls = [c["function"]["name"] for m in rolled.messages for c in m.get("tool_calls") or ()]
    assert [element.text for element in written if element.get("class") == "mono call"] == calls
    for order in rolled.orders:
        assert script.plain(order.get("medicationCodeableConcept") or order["code"]) in texts
    failed = [check for check in rolled.verdict.checks if not check.passed]
    assert bool(failed) is (agent == "null")
    assert all(check.name in texts for check in rolled.verdict.checks)


def test_a_task_that_there_is_not_is_refused_by_name(script: ModuleType) -> None:
    with pytest.raises(SystemExit, match="'task7_999' is not a task of new_patient_tasks"):
        asyncio.run(script.play("new_patient_tasks", "task7_999", "oracle"))
