"""Templates at rest: one JSON line each, read when needed, so that thousands of them cost no memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import orjson
from numpy.typing import NDArray

from medagentbenchv2.fhir.columns import KINDS
from medagentbenchv2.fhir.rows import Template


def dump(templates: Sequence[Template]) -> bytes:
    """One JSON line each, keys in the order given, as they are rendered."""
    return b"\n".join(orjson.dumps(dataclasses.asdict(one)) for one in templates)


class Templates:
    """A list of templates backed by JSON lines; the few numbers that every query needs are arrays."""

    def __init__(self, lines: bytes) -> None:
        self._lines = lines.split(b"\n") if lines else []
        read = [orjson.loads(line) for line in self._lines]
        self.kind: NDArray[np.uint8] = np.array([KINDS.index(one["kind"]) for one in read], dtype=np.uint8)
        """Index into KINDS."""
        self.decimals: NDArray[np.int64] = np.array([one["decimals"] for one in read], dtype=np.int64)
        self.low: NDArray[np.int64] = np.array([_bound(one["low"], -(2**40)) for one in read], dtype=np.int64)
        self.high: NDArray[np.int64] = np.array([_bound(one["high"], 2**40) for one in read], dtype=np.int64)
        self.is_pair: NDArray[np.bool_] = np.array([one["value"] == "pair" for one in read], dtype=bool)
        self.is_quantity: NDArray[np.bool_] = np.array([one["value"] == "quantity" for one in read], dtype=bool)
        self.units: list[str] = [one["unit"] for one in read]
        self.get = lru_cache(maxsize=256)(self._read)

    def __len__(self) -> int:
        return len(self._lines)

    def _read(self, index: int) -> Template:
        return Template(**orjson.loads(self._lines[index]))

    def all(self) -> list[Template]:
        """Every template, read anew."""
        return [self._read(index) for index in range(len(self))]


def _bound(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
