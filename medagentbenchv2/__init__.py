"""MedAgentBench V2: clinical work in an electronic health record, as an environment for agents.

The public names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medagentbenchv2.environment import load_environment
    from medagentbenchv2.faces.v1.env import MedAgentBenchV1Env
    from medagentbenchv2.faces.v1.harness import MedAgentBenchHarness
    from medagentbenchv2.faces.v1.taskset import MedAgentBenchTaskset
    from medagentbenchv2.grading.verdict import Verdict
    from medagentbenchv2.rollout import Rollout
    from medagentbenchv2.tasks.task import Task
    from medagentbenchv2.tasks.world import World

__all__ = [
    "MedAgentBenchHarness",
    "MedAgentBenchTaskset",
    "MedAgentBenchV1Env",
    "Rollout",
    "Task",
    "Verdict",
    "World",
    "load_environment",
]
_HOMES = {
    "load_environment": "medagentbenchv2.environment",
    "Rollout": "medagentbenchv2.rollout",
    "World": "medagentbenchv2.tasks.world",
    "Task": "medagentbenchv2.tasks.task",
    "Verdict": "medagentbenchv2.grading.verdict",
    "MedAgentBenchTaskset": "medagentbenchv2.faces.v1.taskset",
    "MedAgentBenchHarness": "medagentbenchv2.faces.v1.harness",
    "MedAgentBenchV1Env": "medagentbenchv2.faces.v1.env",
}
_V1 = {name for name, home in _HOMES.items() if ".v1." in home}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(_HOMES[name]), name)
    except ImportError as error:
        # verifiers before 0.3 has no such v1: whoever looks through __all__ must find the name absent, not broken.
        if name in _V1:
            raise AttributeError(f"{name} needs verifiers 0.3 or later: {error}") from error
        raise


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
