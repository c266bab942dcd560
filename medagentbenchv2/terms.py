"""Words that name a drug, a vaccine or a test in free text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property


@dataclass(frozen=True)
class Terms:
    """Case-insensitive keywords; a text names them when one stands in it delimited by non-alphanumerics."""

    words: tuple[str, ...]
    but: tuple[str, ...] = ()
    """A text that holds one of these as a substring names none of the words."""
    prefix: bool = False
    """True when a word may go on ("COVID-19 VAC" in "COVID-19 VACCINE")."""
    loose: bool = False
    """True for plain substring matching, exclusions ignored: how the published graders read."""

    @property
    def pattern(self) -> str:
        """The regular expression (to be searched, ignoring case) that a naming text holds."""
        if self.loose or not self.but:
            return self._named
        excluded = "|".join(re.escape(word) for word in self.but)
        return rf"\A(?s:(?!.*(?:{excluded})).*?){self._named}"

    @property
    def _named(self) -> str:
        alternatives = "|".join(re.escape(word) for word in self.words)
        start = "" if self.loose else r"(?<![A-Za-z0-9])"
        end = "" if self.loose or self.prefix else r"(?![A-Za-z0-9])"
        return f"{start}(?:{alternatives}){end}"

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile(self._named, re.IGNORECASE)

    def find(self, text: str) -> str | None:
        """The first word that the text names, in lower case; None when it names none."""
        if not self.loose and any(word.lower() in text.lower() for word in self.but):
            return None
        match = self._regex.search(text)
        return match.group(0).lower() if match else None

    def loosely(self) -> Terms:
        """The same words as plain substrings."""
        return replace(self, loose=True)


def drugs(*words: str, but: tuple[str, ...] = ()) -> Terms:
    """Terms for whole drug names."""
    return Terms(words, but)
