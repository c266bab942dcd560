"""What people preferred, as the comparison page's blinded mode saves it: one line per pair of answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.compare import Run
from medagentbenchv2.questions.question import content_key
from medagentbenchv2.questions.store import read_lines

RATINGS = ("left", "right", "tie", "neither")


@dataclass(frozen=True)
class Rating:
    """One person's verdict on one pair, with the pair in alphabetical order whatever side each stood on."""

    rater: str
    question_key: str
    first: str
    """Folder of the model that comes first in the alphabet."""
    second: str
    preferred: str
    """first, second, or tie; answers of which neither will do are a tie too."""

    @property
    def pair(self) -> tuple[str, str, str]:
        """What was compared."""
        return (self.question_key, self.first, self.second)


def read_ratings(path: Path, run: Run) -> tuple[list[Rating], int]:
    """The ratings of a file that are about the run's current answers, and how many are not.

    A pair rated twice by one person counts as rated last. Raises ArgumentError for what is no ratings file.
    """
    if not path.is_file():
        raise ArgumentError(f"ratings: there is no file {path}")
    current = _answer_keys(run)
    found: dict[tuple[str, tuple[str, str, str]], Rating] = {}
    stale = 0
    for number, row in enumerate(read_lines(path), 1):
        try:
            rating = _rating(row)
            shown = [(row["question_key"], row[side], row[f"{side}_answer"]) for side in ("left", "right")]
        except KeyError as missing:
            raise ArgumentError(
                f"ratings: {path}:{number} has no {missing}; save it from the comparison page"
            ) from None
        if all(item in current for item in shown):
            found[rating.rater, rating.pair] = rating
        else:
            stale += 1
    return list(found.values()), stale


def answer_key(text: str) -> str:
    """What names an answer's text in a ratings file."""
    return content_key(text)


def _rating(row: dict[str, str]) -> Rating:
    if row["rating"] not in RATINGS:
        raise ArgumentError(f"ratings: {row['rating']!r} is not one of {', '.join(RATINGS)}")
    first, second = sorted((row["left"], row["right"]))
    # `left` and `right` name the side's model; tie and neither name none.
    winner = row.get(row["rating"])
    preferred = {first: "first", second: "second"}.get(winner or "", "tie")
    return Rating(row["rater"], row["question_key"], first, second, preferred)


def _answer_keys(run: Run) -> set[tuple[str, str, str]]:
    return {
        (question.key, response.folder, answer_key(response.text))
        for question, responses in zip(run.questions, run.responses, strict=True)
        for response in responses
        if response.text is not None
    }


def by_rater(ratings: Sequence[Rating]) -> dict[str, dict[tuple[str, str, str], str]]:
    """Each rater's preferences by pair."""
    sorted_out: dict[str, dict[tuple[str, str, str], str]] = {}
    for rating in ratings:
        sorted_out.setdefault(rating.rater, {})[rating.pair] = rating.preferred
    return sorted_out
