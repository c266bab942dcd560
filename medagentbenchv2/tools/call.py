"""A tool call and its result, as plain data: what oracles yield and every face translates."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson


@dataclass(frozen=True)
class Call:
    """One call: a tool's registered name and its arguments as JSON-able data."""

    tool: str
    """Registered tool name, such as fhir_observation_search."""
    arguments: dict[str, Any]
    """Arguments as the model would send them, decoded."""

    @property
    def json(self) -> str:
        """The arguments as JSON text."""
        return orjson.dumps(self.arguments).decode()


@dataclass(frozen=True)
class Result:
    """What a tool answered: JSON text, in bundle or compact form."""

    text: str
    """The tool's output exactly as the agent reads it."""

    @cached_property
    def data(self) -> Any:
        """The decoded JSON; the text itself where it is not JSON (calculator, error messages)."""
        try:
            return orjson.loads(self.text)
        except orjson.JSONDecodeError:
            return self.text

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The FHIR resources of a search result, in the order given; empty for anything else."""
        data = self.data
        if not isinstance(data, dict):
            return []
        if "resources" in data:
            return list(data["resources"])
        entries = data.get("entry", ())
        return [entry["resource"] for entry in entries if entry.get("search", {}).get("mode") != "outcome"]


Steps = Generator[Call, Result, None]
"""An oracle at work: yields calls, is sent their results, ends after `finish`."""
