"""MedAgentBench V2: clinical work in an electronic health record, as an environment for agents.

The public names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medagentbenchv2.environment import load_environment
    from medagentbenchv2.grading.verdict import Verdict
    from medagentbenchv2.rollout import Rollout
    from medagentbenchv2.tasks.task import Task
    from medagentbenchv2.tasks.world import World

__all__ = ["Rollout", "Task", "Verdict", "World", "load_environment"]
_HOMES = {
    "load_environment": "medagentbenchv2.environment",
    "Rollout": "medagentbenchv2.rollout",
    "World": "medagentbenchv2.tasks.world",
    "Task": "medagentbenchv2.tasks.task",
    "Verdict": "medagentbenchv2.grading.verdict",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
