"""The statistics libraries of the `report` extra, imported where they are needed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from medagentbenchv2.errors import ArgumentError


def need(module: str) -> ModuleType:
    """A module of the `report` extra. Raises ArgumentError naming the extra when it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        name = module.partition(".")[0]
        raise ArgumentError(
            f"report: {name} is not installed; run `pip install 'medagentbenchv2[report]'` to get it"
        ) from error
