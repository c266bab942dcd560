"""The eleven tools, as a model is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medagentbenchv2.tools.calculator import Calculation
from medagentbenchv2.tools.creates import CREATES
from medagentbenchv2.tools.finish import Finish
from medagentbenchv2.tools.schema import plain_schema
from medagentbenchv2.tools.searches import SEARCHES


@dataclass(frozen=True)
class Tool:
    """A tool as the model sees it."""

    name: str
    """Registered name, the same in every face."""
    description: str
    """What it does, and what cannot be guessed."""
    schema: dict[str, Any]
    """JSON schema of the arguments, references resolved."""
    reads: bool
    """It looks at the chart."""
    writes: bool
    """It changes the chart."""


def _tools() -> list[Tool]:
    searches = [Tool(n, m.description, plain_schema(m), reads=True, writes=False) for n, m in SEARCHES.items()]
    creates = [Tool(n, m.description, plain_schema(m), reads=False, writes=True) for n, m in CREATES.items()]
    others = [
        Tool(name, model.description, plain_schema(model), reads=False, writes=False)
        for name, model in (("calculator", Calculation), ("finish", Finish))
    ]
    return [*searches, *creates, *others]


TOOLS: dict[str, Tool] = {tool.name: tool for tool in _tools()}
"""By registered name, in the order in which models are shown them."""


def openai_tools() -> list[dict[str, Any]]:
    """The tools as OpenAI chat completions take them."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema},
        }
        for tool in TOOLS.values()
    ]
