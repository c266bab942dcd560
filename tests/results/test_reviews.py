"""What reviewers said, in figures."""

from __future__ import annotations

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.reviews import summarise
from medagentbenchv2.results.statistics.proportion import wilson
from medagentbenchv2.tasks.review import VERDICTS, Review


def said(reviewer: str, *verdicts: str, family: str = "ct_followup") -> list[Review]:
    return [Review(f"task1_{n}", family, reviewer, verdict) for n, verdict in enumerate(verdicts)]


def test_a_task_is_agreed_when_all_who_judged_it_agree():
    found = summarise([*said("ann", "agree", "agree", "unsure"), *said("bob", "agree", "disagree")], unjudged=4)
    family, everything = found.rows
    assert (family.tasks, family.agreed) == (3, 1)
    assert family.verdicts == {"disagree": 1, "unsure": 1, "agree": 3}
    assert everything.family == "all"
    assert everything.interval == wilson(1, 3)
    assert found.unjudged == 4


def test_families_are_counted_apart_and_remarks_listed_by_task():
    other = [Review("task8_1", "naloxone_coverage", "ann", "agree", "but see CDC")]
    found = summarise([*said("ann", "agree", "disagree"), *other])
    assert [(row.family, row.tasks, row.agreed) for row in found.rows] == [
        ("ct_followup", 2, 1),
        ("naloxone_coverage", 1, 1),
        ("all", 3, 2),
    ]
    assert [(one.task_id, one.verdict) for one in found.remarks] == [("task1_1", "disagree"), ("task8_1", "agree")]
    assert found.between == ()


def test_two_reviewers_have_the_published_kappa():
    # Two raters, three categories, 100 subjects: kappa 0.68 (Fleiss, Levin and Paik 2003, Statistical Methods for
    # Rates and Proportions, 3rd edition, table 18.1).
    table = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
    pairs = [(a, b) for a in range(3) for b in range(3) for _ in range(table[a][b])]
    one, two = (said(name, *(VERDICTS[pair[side]] for pair in pairs)) for side, name in enumerate(("ann", "bob")))
    (between,) = summarise([*one, *two]).between
    assert between.raters == ("ann", "bob")
    assert (between.n, between.share) == (100, 0.89)
    assert between.kappa == pytest.approx(0.68, abs=0.005)
    assert between.low < 0.68 < between.high


def test_three_reviewers_are_compared_in_pairs_and_together():
    rows = [
        said("ann", "agree", "agree", "unsure"),
        said("bob", "agree", "unsure", "unsure"),
        said("cy", "agree", "agree"),
    ]
    between = summarise([review for row in rows for review in row]).between
    assert [(row.raters, row.n) for row in between] == [
        (("ann", "bob"), 3),
        (("ann", "cy"), 2),
        (("bob", "cy"), 2),
        (("ann", "bob", "cy"), 2),
    ]
    # Fleiss by hand: observed (1 + 1/3) / 2 = 2/3, by chance (5/6)^2 + (1/6)^2 = 26/36.
    assert between[-1].kappa == pytest.approx((2 / 3 - 26 / 36) / (1 - 26 / 36))


def test_no_verdict_at_all_is_said():
    with pytest.raises(ArgumentError, match="none of 30 rows has a verdict"):
        summarise([], unjudged=30)
