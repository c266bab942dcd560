"""Randomness as whole numbers: the same seed gives the same hospital on every machine.

Only NumPy's raw bit streams are promised to stay as they are, so everything is made of them with integer arithmetic:
no Generator method, no floating-point function, no unstable sort.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_HALF = np.uint64(0xFFFF)
_EIGHT_HALVES_MEAN = 8 * 65535 // 2
_EIGHT_HALVES_SD = 53510
"""Standard deviation of a sum of eight 16-bit uniforms: 65536 * sqrt(8 / 12)."""


class Bits:
    """One stream of random whole numbers; its key (seed, world, purpose...) is the whole state."""

    def __init__(self, *key: int) -> None:
        self._stream = np.random.PCG64(np.random.SeedSequence(list(key)))

    def words(self, count: int) -> NDArray[np.uint64]:
        """`count` uniform 64-bit words."""
        return np.asarray(self._stream.random_raw(count), dtype=np.uint64)

    def below(self, bound: int | Ints, count: int) -> Ints:
        """`count` integers uniform in [0, bound); `bound` is a scalar or an array of length `count`, below 2**31."""
        return ((self.words(count) >> np.uint64(32)).astype(np.int64) * bound) >> 32

    def between(self, low: int, high: int, count: int) -> Ints:
        """`count` integers uniform in [low, high], both ends included."""
        return low + self.below(high - low + 1, count)

    def chance(self, permille: int | Ints, count: int) -> Mask:
        """`count` events, each of which happens with probability `permille` / 1000 (a scalar or an array)."""
        return self.below(1000, count) < permille

    def normal(self, count: int) -> Ints:
        """`count` standard normals in thousandths (Irwin-Hall of eight, so never beyond 4.9 standard deviations)."""
        words = self.words(2 * count).reshape(2, count)
        total = np.zeros(count, dtype=np.uint64)
        for shift in (0, 16, 32, 48):
            total += ((words >> np.uint64(shift)) & _HALF).sum(axis=0, dtype=np.uint64)
        return (total.astype(np.int64) - _EIGHT_HALVES_MEAN) * 1000 // _EIGHT_HALVES_SD

    def order(self, count: int) -> Ints:
        """A permutation of range(count)."""
        return np.argsort(self.words(count), kind="stable").astype(np.int64)


_MIX = tuple(
    np.uint64(number) for number in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
)


def scatter(key: int, *columns: Ints | int) -> NDArray[np.uint64]:
    """A well-mixed 64-bit word for each row of up to three integer columns: the same row, the same word."""
    word = np.array([key], dtype=np.uint64) * _MIX[3]
    for factor, column in zip(_MIX, columns, strict=False):
        word = (word ^ np.atleast_1d(np.asarray(column)).astype(np.uint64)) * factor
        word = word ^ (word >> np.uint64(29))
    word = word * _MIX[3]
    return np.asarray(word ^ (word >> np.uint64(32)))


def scattered_below(bound: int, key: int, *columns: Ints | int) -> Ints:
    """Integers in [0, bound) that depend on nothing but the key and the row."""
    return (((scatter(key, *columns) >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32)).astype(np.int64)
