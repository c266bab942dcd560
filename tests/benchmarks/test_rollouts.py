"""The rollout benchmark runs, and every rollout in it is paid."""

from __future__ import annotations

import pytest

pytest.importorskip("verifiers.legacy", reason="measures the classic interface and v1, which 0.3 alone has both")
pytest.importorskip("uvicorn", reason="needs pip install 'medagentbenchv2[server]'")


@pytest.mark.soak
def test_both_faces_are_measured_against_their_ceiling() -> None:
    from tests.benchmarks.rollouts import main

    open_rollouts, classic, v1 = main(["--rollouts", "16", "--pairs", "1"])
    assert open_rollouts["open_rollouts"] == 4096
    assert open_rollouts["KiB_each"] < 100
    assert (classic["face"], v1["face"]) == ("classic", "v1")
    assert min(classic["ratio_of_medians"], v1["ratio_of_medians"]) > 0.2
