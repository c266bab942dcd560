from __future__ import annotations

import math

import numpy as np
import pytest

from medagentbenchv2.hospital.fixed import LOG2, ROOT_OF_MINUTE, STEPS, times_power


@pytest.mark.parametrize("steps", [-9000, -1500, -1, 0, 1, 512, 1024, 2500, 9000])
def test_a_power_is_within_a_unit_of_the_real_one(steps: int) -> None:
    exact = 1_000_000 * 2 ** (steps / STEPS)
    assert abs(int(times_power(1_000_000, np.array([steps]))[0]) - exact) <= max(1.0, exact * 2e-6)


@pytest.mark.parametrize("number", [1, 2, 3, 70, 97, 1023, 2047])
def test_a_logarithm_is_within_a_step_of_the_real_one(number: int) -> None:
    assert abs(int(LOG2[number]) - math.log2(number) * STEPS) <= 1


def test_bazett_at_sixty_beats_changes_nothing() -> None:
    assert ROOT_OF_MINUTE[60] == 1000
    assert abs(int(ROOT_OF_MINUTE[100]) - 1000 * math.sqrt(0.6)) <= 1
