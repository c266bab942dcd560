"""Powers, logarithms and roots on whole numbers: tables in fixed point, the same on every machine."""

from __future__ import annotations

from bisect import bisect_right
from math import isqrt

import numpy as np

from medagentbenchv2.hospital.bits import Ints

STEPS = 1024
"""Steps in a doubling: exponents are in units of 1/1024."""
_ONE = 1 << 60
_SHIFT = 20


def _powers() -> list[int]:
    root = 2 * _ONE
    for _ in range(10):
        root = isqrt(root * _ONE)
    powers = [_ONE]
    for _ in range(STEPS - 1):
        powers.append(powers[-1] * root >> 60)
    return [power >> (60 - _SHIFT) for power in powers]


_POWERS = _powers()
_POWER = np.array(_POWERS, dtype=np.int64)


def _log2(number: int) -> int:
    whole = number.bit_length() - 1
    return whole * STEPS + bisect_right(_POWERS, (number << _SHIFT) >> whole) - 1


LOG2: Ints = np.array([0] + [_log2(number) for number in range(1, 2048)], dtype=np.int64)
"""log2 of 0 (taken as 1) to 2047, in steps."""
ROOT_OF_MINUTE: Ints = np.array([1000] + [isqrt(60_000_000 // rate) for rate in range(1, 260)], dtype=np.int64)
"""Thousandths of the square root of the seconds between beats, by heart rate."""


def times_power(number: Ints | int, steps: Ints) -> Ints:
    """The product of a number and 2**(steps / 1024), rounded; steps between -20 and 20 doublings."""
    whole, part = steps >> 10, steps & (STEPS - 1)
    scaled = number * _POWER[part]
    shift = _SHIFT - whole
    rounded = scaled + (np.int64(1) << np.maximum(shift - 1, 0))
    return np.asarray(rounded >> np.maximum(shift, 0))
