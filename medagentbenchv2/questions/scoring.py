"""Scores of an answer against references or choices, and a model's mean of them.

Exact match and token F1 are SQuAD's (Rajpurkar et al. 2016, arXiv 1606.05250, evaluate-v1.1). The libraries that have
them (torchmetrics, evaluate) bring torch or a download with them, so their twenty lines are written out here.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.compare import Response, Run
from medagentbenchv2.questions.question import Question

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_STATED = re.compile(
    r"(?i:(?:answer|choice|option)\s*(?:is|would be|should be|:)|(?:i|would) (?:choose|select|pick))"
    r"(?i:\s*(?:option|choice|letter))?[\s:*_(\[\"']*([A-Z])(?![\w'’])"
)
# A letter that opens a line counts only as a label: "A patient with..." chooses nothing.
_LABEL = re.compile(r"^[\s*_#>(\[\"']*([A-Z])(?:[\s*_)\]\"'.:]*$|[*_)\]\"']*\s*[.):\]–—-])", re.MULTILINE)
_BOXED = re.compile(r"\\boxed\{\s*(?:\\text\{)?\s*\(?([A-Z])\b")


@dataclass(frozen=True)
class Score:
    """What one answer scored; None for a measure that does not apply."""

    exact_match: bool | None = None
    """Whether it equals a reference, up to case, punctuation and articles."""
    token_f1: float | None = None
    """Overlap of words with the nearest reference, 0 to 1."""
    choice: str | None = None
    """The letter it chose; None also where no letter can be read from it."""
    choice_correct: bool | None = None
    """Whether that letter is right; an answer without a readable letter is wrong."""


@dataclass(frozen=True)
class ModelScore:
    """A model's mean of one measure over the questions it answered; these questions are the estimand."""

    model: str
    measure: str
    """exact_match, token_f1 or choice_accuracy."""
    mean: float
    low: float
    """95 % interval: Wilson's for shares, percentile bootstrap over questions for F1."""
    high: float
    n: int
    """Questions answered that have a reference; failures are outside."""
    unreadable: int = 0
    """Of them, choice answers without a readable letter, counted as wrong."""


def score(question: Question, response: Response) -> Score:
    """Score one response; nothing applies without a reference or without an answer's text."""
    text = response.text
    if text is None or not question.references:
        return Score()
    if question.choices:
        letter = chosen_letter(text, question.choices)
        return Score(choice=letter, choice_correct=letter in question.references)
    return Score(exact_match=exact_match(text, question.references), token_f1=token_f1(text, question.references))


def exact_match(text: str, references: Iterable[str]) -> bool:
    """Whether a text equals one of the references after SQuAD's normalisation."""
    return any(_words(text) == _words(reference) for reference in references)


def token_f1(text: str, references: Iterable[str]) -> float:
    """Harmonic mean of word precision and recall against the reference that fits best."""
    return max(_f1(_words(text), _words(reference)) for reference in references)


def chosen_letter(text: str, choices: Sequence[tuple[str, str]]) -> str | None:
    """The letter an answer chooses; None where it can't be told.

    In this order: boxed or stated ("the answer is C"; the last counts), the one label that opens a line (several are
    the choices told again), a choice's own text.
    """
    letters = {letter for letter, _ in choices}
    for pattern in (_BOXED, _STATED):
        stated: list[str] = [letter for letter in pattern.findall(text) if letter in letters]
        if stated:
            return stated[-1]
    labels: set[str] = set(_LABEL.findall(text)) & letters
    if len(labels) == 1:
        return labels.pop()
    spoken = [letter for letter, choice in choices if _words(choice) == _words(text)]
    return spoken[0] if len(spoken) == 1 else None


def score_models(run: Run) -> list[ModelScore]:
    """Every model's means, of the measures that apply; models in the run's order.

    Raises ArgumentError where the statistics libraries are not installed.
    """
    rows = []
    for place, model in enumerate(run.models):
        scored = [score(q, responses[place]) for q, responses in zip(run.questions, run.responses, strict=True)]
        exact = [float(s.exact_match) for s in scored if s.exact_match is not None]
        f1 = [s.token_f1 for s in scored if s.token_f1 is not None]
        chosen = [s for s in scored if s.choice_correct is not None]
        right = [float(bool(s.choice_correct)) for s in chosen]
        unreadable = sum(s.choice is None for s in chosen)
        rows += [_share(model["name"], "exact_match", exact)] if exact else []
        rows += [_mean(model["name"], "token_f1", f1)] if f1 else []
        rows += [_share(model["name"], "choice_accuracy", right, unreadable)] if right else []
    return rows


def _share(model: str, measure: str, values: Sequence[float], unreadable: int = 0) -> ModelScore:
    """A share with Wilson's interval (Wilson 1927)."""
    try:
        from statsmodels.stats.proportion import proportion_confint
    except ImportError:
        raise ArgumentError("scores: statsmodels is not installed; pip install 'medagentbenchv2[report]'") from None
    low, high = proportion_confint(sum(values), len(values), method="wilson")
    return ModelScore(model, measure, sum(values) / len(values), float(low), float(high), len(values), unreadable)


def _mean(model: str, measure: str, values: Sequence[float]) -> ModelScore:
    """A mean with the percentile bootstrap's interval: 2,000 resamples of the questions, seed 0."""
    import numpy as np

    drawn = np.random.default_rng(0).choice(np.asarray(values), size=(2000, len(values)))
    low, high = np.percentile(drawn.mean(axis=1), [2.5, 97.5])
    return ModelScore(model, measure, sum(values) / len(values), float(low), float(high), len(values))


def _words(text: str) -> list[str]:
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()


def _f1(words: Sequence[str], reference: Sequence[str]) -> float:
    if not words or not reference:
        return float(words == reference)
    common = sum((Counter(words) & Counter(reference)).values())
    return 2 * common / (len(words) + len(reference))
