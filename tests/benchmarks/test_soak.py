"""The soak itself, small: nothing is scored that should not be, nothing leaks or is lost, and it can be resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="needs pip install 'medagentbenchv2[server]'")


@pytest.mark.soak
def test_a_soak_finds_nothing_wrong_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    from tests.benchmarks.soak import main

    first = main(["--out", str(tmp_path), "--rollouts", "1200", "--minutes", "0.01", "--workers", "1", "--seed", "3"])
    found = main(["--out", str(tmp_path), "--rollouts", "1200", "--workers", "2", "--seed", "3"])
    assert found.wrong == {}
    assert found.counts["rollouts"] >= 1200 > first.counts["rollouts"]
    assert found.counts["infrastructure errors"] > 0
    assert found.counts["retries of the model"] > 0
    assert sum(found.faults["model network"].values()) > found.faults["model network"]["passed"]


def test_a_disturbed_verdict_write_or_conversation_is_noticed() -> None:
    from medagentbenchv2.runs.player import Played
    from tests.benchmarks.soak_worker import digests

    said = Played([{"role": "user", "content": "a"}])
    right = digests({"reward": 1.0}, [], said)
    assert digests({"reward": 0.0}, [], said)[0] != right[0]
    assert digests({"reward": 1.0}, [{"kind": "ServiceRequest"}], said)[1] != right[1]
    assert digests({"reward": 1.0}, [], Played([{"role": "user", "content": "b"}]))[2] != right[2]
