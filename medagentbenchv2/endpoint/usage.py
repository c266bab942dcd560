"""Tokens and money: what a request used, as the provider counts it, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Usage:
    """Tokens of one request as the provider counts them; None where it does not say."""

    input_tokens: int | None = None
    """All tokens of the prompt, those read from the provider's cache included."""
    cached_tokens: int | None = None
    """The part of input_tokens that was read from the cache."""
    output_tokens: int | None = None
    """Generated tokens, reasoning included."""
    reported_cost: float | None = None
    """US dollars, where the provider states the price of the request itself (OpenRouter does)."""


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float
    cached: float | None = None
    """Price of cached input; None means the same as input."""

    def cost(self, usage: Usage) -> float | None:
        """US dollars for one request; None where the provider counted no tokens."""
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        cached = usage.cached_tokens or 0
        cached_price = self.input if self.cached is None else self.cached
        fresh = usage.input_tokens - cached
        return (fresh * self.input + cached * cached_price + usage.output_tokens * self.output) / 1_000_000


def usage_of(usage: Any) -> Usage:
    """The `usage` of a chat completion as the client library hands it over; all None where there is none."""
    if usage is None:
        return Usage()
    details = getattr(usage, "prompt_tokens_details", None)
    return Usage(
        input_tokens=getattr(usage, "prompt_tokens", None),
        cached_tokens=getattr(details, "cached_tokens", None),
        output_tokens=getattr(usage, "completion_tokens", None),
        reported_cost=(usage.model_extra or {}).get("cost"),
    )
