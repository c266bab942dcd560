from __future__ import annotations

import numpy as np

from medagentbenchv2.hospital.bits import Bits, scatter, scattered_below


def test_the_same_key_gives_the_same_stream_and_another_key_another() -> None:
    assert np.array_equal(Bits(1, 2).words(9), Bits(1, 2).words(9))
    assert not np.array_equal(Bits(1, 2).words(9), Bits(2, 1).words(9))


def test_bounded_integers_stay_within_both_ends_and_reach_them() -> None:
    drawn = Bits(5).between(-3, 4, 2000)
    assert (drawn.min(), drawn.max()) == (-3, 4)


def test_normals_have_mean_zero_and_standard_deviation_one_thousand() -> None:
    drawn = Bits(6).normal(200_000)
    assert abs(float(drawn.mean())) < 8
    assert abs(float(drawn.std()) - 1000) < 8
    assert int(np.abs(drawn).max()) <= 4900


def test_chance_keeps_its_share() -> None:
    assert abs(float(Bits(7).chance(250, 100_000).mean()) - 0.25) < 0.01


def test_an_order_is_a_permutation() -> None:
    assert sorted(Bits(8).order(50).tolist()) == list(range(50))


def test_a_scattered_word_depends_on_its_row_alone() -> None:
    patients, minutes = np.arange(100), np.arange(100) * 7 - 50
    together = scatter(11, patients, minutes)
    alone = [int(scatter(11, np.array([p]), np.array([m]))[0]) for p, m in zip(patients, minutes, strict=True)]
    assert together.tolist() == alone
    assert len(set(alone)) == 100


def test_scattered_integers_are_even() -> None:
    drawn = scattered_below(10, 3, np.arange(50_000), np.arange(50_000) % 13)
    assert np.bincount(drawn, minlength=10).min() > 4_700
