"""Quantity parameters: `[prefix]number`, `number|system|code`, `number||unit`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from medagentbenchv2.fhir.dates import LEGACY
from medagentbenchv2.fhir.problems import Problem

PREFIXES = ("eq", "ne", "ge", "gt", "le", "lt", "sa", "eb", "ap")


_MOST_DIGITS = 300
"""Before or after the point; what lies beyond is no float."""


class Quantity(NamedTuple):
    """A Quantity as indexed."""

    value: float
    system: str
    code: str
    unit: str


@dataclass(frozen=True, slots=True)
class QuantityMatcher:
    """One value of a quantity parameter."""

    prefix: str
    value: float
    low: float
    """The number covers low <= x < high: half a unit of its last written digit to either side."""
    high: float
    system: str
    unit: str

    @classmethod
    def of(cls, text: str) -> QuantityMatcher:
        """Compile `[prefix]number[|system|code]`."""
        number, _, rest = text.partition("|")
        system, _, unit = rest.partition("|")
        letters = re.match(r"[^\d.+-]*", number)
        written_prefix = letters[0] if letters else ""
        prefix = LEGACY.get(written_prefix, written_prefix)
        if prefix and prefix not in PREFIXES:
            raise Problem(400, f'HAPI-1941: Invalid prefix: "{prefix}"')
        try:
            exact = Decimal(number[len(written_prefix) :])
        except InvalidOperation:
            exact = Decimal("NaN")
        if not exact.is_finite() or abs(exact.adjusted()) > _MOST_DIGITS:
            raise Problem(400, f'HAPI-1940: Invalid number in quantity parameter: "{text}"')
        half = abs(exact) / 10 if prefix == "ap" else Decimal((0, (5,), min(int(exact.as_tuple().exponent), 0) - 1))
        return cls(prefix or "eq", float(exact), float(exact - half), float(exact + half), system, unit)

    def fits(self, system: str, code: str, unit: str) -> bool:
        """Whether a record's unit is the one asked for; no unit asked: any."""
        return (not self.system or self.system == system) and (not self.unit or self.unit in (code, unit))

    def matches(self, value: Any) -> Any:
        """Whether values match; floats or float arrays alike."""
        match self.prefix:
            case "eq" | "ap":
                return (value >= self.low) & (value < self.high)
            case "ne":
                return (value < self.low) | (value >= self.high)
            case "ge":
                return value >= self.value
            case "gt" | "sa":
                return value > self.value
            case "le":
                return value <= self.value
            case _:
                return value < self.value


@dataclass(frozen=True, slots=True)
class QuantitiesMatcher:
    """The OR-ed values of one quantity parameter."""

    values: tuple[QuantityMatcher, ...]

    def accepts(self, quantities: tuple[Quantity, ...]) -> bool:
        """Whether any of the record's quantities matches any value."""
        return any(
            matcher.fits(have.system, have.code, have.unit) and matcher.matches(have.value)
            for matcher in self.values
            for have in quantities
        )
