"""Scripted agents by name."""

from __future__ import annotations

from collections.abc import Callable

from medagentbenchv2.agents.behaviours import Constant, Erring, Oracle, Silent
from medagentbenchv2.agents.script import Agent
from medagentbenchv2.errors import ArgumentError, not_among

AGENTS: dict[str, Callable[[], Agent]] = {
    "oracle": Oracle,
    "null": lambda: Constant("null"),
    "minus_one": lambda: Constant("minus_one", (-1,)),
    "silent": Silent,
}
"""Name -> maker. `erring:<rate>[:<seed>]` is one more."""


def agent_of(name: str) -> Agent:
    """The agent of a name. Raises ArgumentError, naming the nearest, when there is none."""
    if name.startswith("erring"):
        return _erring(name)
    if name not in AGENTS:
        raise not_among("agent", name, [*AGENTS, "erring:<rate>"])
    return AGENTS[name]()


def _erring(name: str) -> Erring:
    parts = name.split(":")
    try:
        rate, seed = float(parts[1]), int(parts[2]) if len(parts) > 2 else 0
    except (IndexError, ValueError):
        rate, seed = -1.0, 0
    if len(parts) > 3 or not 0 <= rate <= 1:
        raise ArgumentError(f"agent: {name!r} is not erring:<rate> or erring:<rate>:<seed> with a rate of 0 to 1")
    return Erring(rate, seed)
