"""String parameters: starts-with, ignoring case and accents, each part of a name on its own."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache


@lru_cache(maxsize=8192)
def normal(text: str) -> str:
    """The form in which strings are compared: no accents, one case."""
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark)).upper()


@dataclass(frozen=True, slots=True)
class StringMatcher:
    """The OR-ed values of one string parameter."""

    values: tuple[str, ...]
    mode: str
    """start, exact or contains."""

    @classmethod
    def of(cls, values: list[str], modifier: str) -> StringMatcher:
        """Compile unescaped values."""
        plain = [value.replace("\x00", "|") for value in values]
        if modifier == "exact":
            return cls(tuple(plain), "exact")
        return cls(tuple(normal(value) for value in plain), "contains" if modifier == "contains" else "start")

    def accepts(self, strings: tuple[str, ...]) -> bool:
        """Whether any of the record's strings matches any value."""
        if self.mode == "exact":
            return any(string in self.values for string in strings)
        if self.mode == "start":
            return any(normal(string).startswith(self.values) for string in strings)
        return any(value in normal(string) for string in strings for value in self.values)
