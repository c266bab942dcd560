"""How far judges, people and scores agree: raw share and chance-corrected kappa (statsmodels)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.compare import Run
from medagentbenchv2.questions.judging import VERDICTS, preferences, read_judgements, verdict_of
from medagentbenchv2.questions.ratings import Rating, by_rater
from medagentbenchv2.questions.scoring import score

PREFERENCES = ("first", "tie", "second")
RIGHT_OR_NOT = ("not correct", "correct")


@dataclass(frozen=True)
class Agreement:
    """How far raters agree on what they all rated."""

    raters: tuple[str, ...]
    about: str
    """verdict, preference or choice."""
    n: int
    """Items that all of them rated."""
    share: float | None
    """Of items on which all agree."""
    kappa: float | None
    """Cohen's for two raters, Fleiss' for more; None where undefined: no item, or all in one category."""
    low: float | None = None
    """95 % interval, for two raters."""
    high: float | None = None
    weighted: float | None = None
    """Cohen's with linear weights, for two raters and ordered categories."""


def agreements(run: Run, ratings: Sequence[Rating] = ()) -> list[Agreement]:
    """Judges with each other, with the right choices, with people, and people with each other."""
    judged = read_judgements(run.path)
    texts = [(q, r.text) for q, row in zip(run.questions, run.responses, strict=True) for r in row if r.text]
    verdicts: dict[str, dict[Any, str]] = {}
    for judge, known in judged.items():
        given = {(q.key, text): verdict_of(known, q, text) for q, text in texts}
        verdicts[judge] = {item: verdict for item, verdict in given.items() if verdict}
    rows = among(verdicts, "verdict", VERDICTS)
    chosen = _right_choices(run)
    for judge, given_verdicts in verdicts.items():
        binary = {item: RIGHT_OR_NOT[verdict == "correct"] for item, verdict in given_verdicts.items()}
        rows += [agreement({judge: binary, "right choice": chosen}, "choice", RIGHT_OR_NOT)] if chosen else []
    people: dict[str, Mapping[Any, str]] = {name: dict(pairs) for name, pairs in by_rater(ratings).items()}
    rows += among(people, "preference", PREFERENCES)
    for judge, known in judged.items():
        preferred: Mapping[Any, str] = dict(preferences(run, known))
        rows += [
            agreement({judge: preferred, name: given}, "preference", PREFERENCES) for name, given in people.items()
        ]
    return rows


def agreement(raters: Mapping[str, Mapping[Any, str]], about: str, categories: Sequence[str]) -> Agreement:
    """Agreement of raters on the items they share. Cohen 1960; Cohen 1968 (weights); Fleiss 1971."""
    items = sorted(set.intersection(*(set(given) for given in raters.values())), key=repr)
    table = [[categories.index(given[item]) for given in raters.values()] for item in items]
    names = tuple(raters)
    if not table:
        return Agreement(names, about, 0, None, None)
    share = sum(len(set(row)) == 1 for row in table) / len(table)
    # With one category in use, agreement by chance is certain and kappa is 0 / 0.
    if len({level for row in table for level in row}) == 1:
        return Agreement(names, about, len(table), share, None)
    return _kappa(names, about, table, share, len(categories))


def _kappa(names: tuple[str, ...], about: str, table: list[list[int]], share: float, levels: int) -> Agreement:
    try:
        import numpy as np
        from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa
    except ImportError:
        raise ArgumentError("agreement: statsmodels is not installed; pip install 'medagentbenchv2[report]'") from None
    if len(names) > 2:
        counts, _ = aggregate_raters(np.asarray(table), n_cat=levels)
        return Agreement(names, about, len(table), share, float(fleiss_kappa(counts)))
    crossed = np.zeros((levels, levels))
    for one, other in table:
        crossed[one, other] += 1
    # Its z statistic, of no use here, divides by zero where one rater knows only one category.
    with np.errstate(divide="ignore", invalid="ignore"):
        plain, weighted = cohens_kappa(crossed), cohens_kappa(crossed, wt="linear")
    return Agreement(
        raters=names,
        about=about,
        n=len(table),
        share=share,
        kappa=float(plain.kappa),
        low=float(plain.kappa_low),
        high=float(plain.kappa_upp),
        weighted=float(weighted.kappa) if levels > 2 else None,
    )


def among(raters: Mapping[str, Mapping[Any, str]], about: str, categories: Sequence[str]) -> list[Agreement]:
    """The agreement of each pair of raters, and where there are more than two, of all together."""
    pairs = [agreement({one: raters[one], two: raters[two]}, about, categories) for one, two in combinations(raters, 2)]
    return pairs + ([agreement(raters, about, categories)] if len(raters) > 2 else [])


def _right_choices(run: Run) -> dict[Any, str]:
    found: dict[Any, str] = {}
    for question, responses in zip(run.questions, run.responses, strict=True):
        for response in responses:
            right = score(question, response).choice_correct
            if right is not None and response.text:
                found[question.key, response.text] = RIGHT_OR_NOT[right]
    return found
