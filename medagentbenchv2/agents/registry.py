"""Scripted agents by name."""

from __future__ import annotations

from collections.abc import Callable

from medagentbenchv2.agents import cheats
from medagentbenchv2.agents.behaviours import Constant, Erring, Oracle, Silent
from medagentbenchv2.agents.script import Agent
from medagentbenchv2.errors import ArgumentError, not_among

AGENTS: dict[str, Callable[[], Agent]] = {
    "oracle": Oracle,
    "null": lambda: Constant("null"),
    "minus_one": lambda: Constant("minus_one", (-1,)),
    "silent": Silent,
    "always_order": cheats.AlwaysOrder,
    "order_unread": cheats.OrderUnread,
    "copy_prompt": cheats.CopyPrompt,
    "every_value": cheats.EveryValue,
    "brute_force": cheats.BruteForce,
}
"""Name -> maker. `erring:<rate>[:<seed>]` and `guessing:<seed>` are two more."""
WORTHLESS = ("null", "silent", "always_order", "order_unread", "copy_prompt", "every_value", "brute_force")
"""Those that must score 0.0 on every task in our words."""


def agent_of(name: str) -> Agent:
    """The agent of a name. Raises ArgumentError, naming the nearest, when there is none."""
    if name.startswith("erring"):
        return _erring(name)
    if name.startswith("guessing"):
        return _guessing(name)
    if name not in AGENTS:
        raise not_among("agent", name, [*AGENTS, "erring:<rate>", "guessing:<seed>"])
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


def _guessing(name: str) -> cheats.Guessing:
    word, _, seed = name.partition(":")
    if word != "guessing" or not seed.isdecimal():
        raise ArgumentError(f"agent: {name!r} is not guessing:<seed> with a whole number")
    return cheats.Guessing(int(seed))
