"""Token parameters: `code`, `system|code`, `|code` (no system), `system|` (any code); case-sensitive."""

from __future__ import annotations

from dataclasses import dataclass

from medagentbenchv2.fhir.strings import normal


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token parameter finds in one record."""

    codes: tuple[tuple[str, str], ...] = ()
    """(system, code); an absent system is the empty string."""
    texts: tuple[str, ...] = ()
    """Text and displays, for `:text`."""


@dataclass(frozen=True, slots=True)
class TokenMatcher:
    """The OR-ed values of one token parameter."""

    values: tuple[tuple[str | None, str | None], ...]
    """(system, code): None stands for any."""
    negated: bool = False

    @classmethod
    def of(cls, values: list[str], negated: bool = False) -> TokenMatcher:
        """Compile unescaped values (`query.alternatives` keeps an escaped bar as NUL)."""
        return cls(tuple(_read(value) for value in values), negated)

    def accepts(self, tokens: Tokens) -> bool:
        """Whether any value is among the record's codings; with `:not`, whether none is."""
        found = any(
            (system is None or system == have_system) and (code is None or code == have_code)
            for system, code in self.values
            for have_system, have_code in tokens.codes
        )
        return found is not self.negated


def _read(value: str) -> tuple[str | None, str | None]:
    system, bar, code = value.partition("|")
    if not bar:
        return None, system.replace("\x00", "|")
    return system.replace("\x00", "|"), code.replace("\x00", "|") or None


@dataclass(frozen=True, slots=True)
class TextMatcher:
    """`:text` on a token: the start of code.text or of a display, ignoring case and accents."""

    values: tuple[str, ...]

    @classmethod
    def of(cls, values: list[str]) -> TextMatcher:
        """Compile unescaped values."""
        return cls(tuple(normal(value.replace("\x00", "|")) for value in values))

    def accepts(self, tokens: Tokens) -> bool:
        """Whether any text starts with any value."""
        return any(normal(text).startswith(self.values) for text in tokens.texts)
