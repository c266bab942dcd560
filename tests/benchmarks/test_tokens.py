"""The token table: compact responses are shorter in every family; skipped without the tokenizer's wheel."""

from __future__ import annotations

import asyncio

import pytest

from tests.benchmarks.tokens import counter, lengths, middle_and_high, setups


def test_the_median_and_the_95th_percentile() -> None:
    assert middle_and_high(range(1, 101)) == (50.5, pytest.approx(95.05))
    assert middle_and_high([7]) == (7.0, 7.0)


def test_compact_is_shorter_in_every_family_of_a_training_world() -> None:
    found = {output: asyncio.run(lengths(setups(1, output), len)) for output in ("bundle", "compact")}
    assert len(found["bundle"]) == 20
    assert all(sum(found["compact"][slug]) < sum(found["bundle"][slug]) for slug in found["bundle"])


def test_the_tokenizer_counts_tokens() -> None:
    pytest.importorskip("mistral_common", reason="the vocabulary comes with pip install mistral-common")
    assert counter()("magnesium 1.9 mg/dL") in range(4, 15)
