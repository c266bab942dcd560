"""Ranking, pairs and the field."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.board import Board, build_board, competition_ranks, ordinal
from medagentbenchv2.results.families import Group, load_families
from medagentbenchv2.results.models import ModelCard
from tests.results.conftest import board_of, run_of
from tests.results.made import FAMILIES, row, rows


def test_equal_scores_share_a_rank_and_the_next_rank_skips() -> None:
    scores = [Fraction(9), Fraction(7), Fraction(9), None, Fraction(1)]
    assert competition_ranks(scores) == [1, 3, 1, None, 4]


@given(st.lists(st.fractions(0, 1), min_size=1))
def test_ranks_do_not_depend_on_the_order_of_the_models(scores: list[Fraction]) -> None:
    ranks = competition_ranks(scores)
    assert min(rank for rank in ranks if rank) == 1
    assert competition_ranks(scores[::-1]) == ranks[::-1]


def test_ordinals() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th",
    ]  # fmt: skip


def test_scripted_agents_bound_the_scale_and_are_not_ranked(board: Board) -> None:
    assert [entry.label for entry in board.entries] == [f"lab/model-{m}" for m in range(4)]
    assert {entry.label for entry in board.references} == {"Oracle", "Null agent"}
    floor, ceiling = board.reference("floor"), board.reference("ceiling")
    assert floor is not None
    assert ceiling is not None
    assert (floor.accuracy, ceiling.accuracy) == (0, 1)


def test_a_board_of_the_oracle_alone_ranks_it() -> None:
    board = board_of({"oracle": rows(0, 1, 1, 0, skill=2)})
    assert board.ranks == {"Oracle": 1}
    assert board.pairs == []


def test_the_field_is_everyone_but_the_focus(board: Board) -> None:
    assert board.focus is not None
    assert board.focus.label == "lab/model-1"
    others = [entry.accuracy for entry in board.entries if entry.label != "lab/model-1"]
    assert board.field_mean() == sum(filter(None, others)) / 3


def test_errors_are_outside_every_denominator() -> None:
    failed = row("task1_1", correct=False, status="error")
    board = board_of(
        {"a": [row("task1_1"), failed.model_copy(update={"task_id": "task1_2"})], "b": [failed, row("task1_2")]}
    )
    assert [entry.accuracy for entry in board.entries] == [1, 1]
    assert board.shared_tasks == []
    assert board.pairs == []
    assert board.rank_intervals == {}


def test_an_error_among_attempts_leaves_the_other_attempts() -> None:
    made = [
        row("task1_1"),
        row("task1_1", correct=False, attempt=2),
        row("task1_1", correct=False, attempt=3, status="error"),
    ]
    (entry,) = board_of({"a": made}).entries
    assert entry.scores == {"task1_1": Fraction(1, 2)}
    assert entry.tallies == {"task1_1": (1, 2)}


def test_attempts_that_a_reader_numbered_are_never_averaged() -> None:
    made = [row("task1_1"), row("task1_1", correct=False, attempt=2)]
    (entry,) = build_board("new_tasks", [run_of("a", made, implied_attempts=True)], {}, FAMILIES).entries
    assert entry.accuracy == 1
    assert entry.tallies == {"task1_1": (1, 2)}


def test_single_attempts_are_tested_by_mcnemar_and_repeats_by_permutation(board: Board) -> None:
    single = board_of({"a": rows(0, 3, 1, 4), "b": rows(6, 3, 1, 4)})
    assert {pair.test.method for pair in single.pairs} == {"exact McNemar"}
    assert all(pair.test.method.startswith("paired permutation") for pair in board.pairs)


def test_every_pair_is_corrected_for_all_of_them(board: Board) -> None:
    assert len(board.pairs) == 6
    assert all(pair.holm_p >= pair.test.p for pair in board.pairs)
    assert [(p.first, p.second) for p in board.adjacent] == [(f"lab/model-{m}", f"lab/model-{m + 1}") for m in range(3)]


def test_two_runs_of_one_model_are_told_apart_by_folder() -> None:
    one, two = run_of("a", [row("task1_1")]), run_of("a", [row("task1_1", correct=False)])
    two = run_of("a", list(two.rows))
    board = build_board("new_tasks", [one, two], {}, FAMILIES)
    assert [entry.label for entry in board.entries] == ["a [a] #1", "a [a] #2"]


def test_a_focus_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(ArgumentError, match=r"focus: 'lab/modle' is not allowed.*did you mean 'lab/model'"):
        board_of({"lab/model": [row("task1_1")]}, focus="lab/modle")


def test_runs_without_rows_are_no_board() -> None:
    with pytest.raises(ArgumentError, match="hold no rollout"):
        board_of({"a": []})


def test_runs_on_different_tasks_are_said_not_to_compare() -> None:
    configs = [
        {"fingerprint": {"task": side}, "grading": grading} for side, grading in (("x", "strict"), ("y", "published"))
    ]
    runs = [run_of(f"m{n}", [row("task1_1")], config=config) for n, config in enumerate(configs)]
    notes = build_board("new_tasks", runs, {}, FAMILIES).notes
    assert "2 different task fingerprints" in notes[0]
    assert "published, strict" in notes[1]


def test_task3_means_what_the_variants_edition_says() -> None:
    def family(variant: str, task: str, named: str | None = None) -> Group:
        return board_of({"a": [row(task, family=named)]}, variant=variant).groups[0]

    assert family("test_data_v2", "task3_1").slug == "record_blood_pressure"
    assert family("new_tasks", "task3_1").slug == "heart_rate_average"
    assert family("generated", "w1_7", "a1c_followup").key == "a1c_followup"
    assert family("my_file", "task3_1").key == "task3"
    assert family("my_file", "task10_1").label == "task10"


def test_prices_from_a_models_file_become_costs() -> None:
    made = [r.model_copy(update={"cost": None}) for r in rows(0, 1, 1, seed=0)]
    card = ModelCard(price_input=1, price_cached=0.1, price_output=4)
    (entry,) = build_board("new_tasks", [run_of("lab/m", made)], {"lab/m": card}, FAMILIES).entries
    fresh = sum((r.input_tokens or 0) - 2000 for r in made)
    expected = (fresh * 1 + 2000 * len(made) * 0.1 + sum(r.output_tokens or 0 for r in made) * 4) / 1e6
    assert entry.cost == pytest.approx(expected)


def test_what_was_billed_goes_before_what_prices_say() -> None:
    card = ModelCard(price_input=1, price_output=4)
    made = [row("task1_1", cost=0.25), row("task1_2", cost=0.5), row("task1_3", correct=False, status="error")]
    (entry,) = build_board("new_tasks", [run_of("lab/m", made)], {"lab/m": card}, FAMILIES).entries
    assert entry.cost == 0.75


def test_repeats_that_all_score_the_same_do_not_feign_certainty() -> None:
    made = [row(f"task1_{k}", attempt=a, correct=a == 1) for k in range(4) for a in (1, 2)]
    (entry,) = board_of({"a": made}).entries
    assert entry.interval is not None
    assert (entry.interval.estimate, entry.interval.method) == (0.5, "Wilson")
    assert entry.interval.low < 0.2 < 0.8 < entry.interval.high


def test_the_registry_fits_what_reports_ask_of_it() -> None:
    families = load_families()
    published = [(f.edition, f.number) for f in families.values() if f.edition != "own"]
    assert sorted(published) == [(e, n) for e in ("v1", "v2") for n in range(1, 11)]
    assert {f.kind for f in families.values()} == {"query", "action"}
    assert all(f.title for f in families.values())


def test_runs_of_errors_alone_are_no_board() -> None:
    failed = [row("task1_1", status="error", correct=False)]
    with pytest.raises(ArgumentError, match=r"no scored rollout, only infrastructure errors \(1\).*--resume"):
        board_of({"m": failed})
