"""A search request, read and checked once: clauses that choose records and controls that shape the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from medagentbenchv2.fhir import controls, kinds
from medagentbenchv2.fhir.controls import Include, Sort
from medagentbenchv2.fhir.dates import LEGACY, PREFIXES, DateMatcher, parse
from medagentbenchv2.fhir.extract import Values, is_missing
from medagentbenchv2.fhir.parameters import CONTROLS, HAS, PARAMETERS, REFUSED, Parameter, valid_names
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.quantities import QuantitiesMatcher, QuantityMatcher
from medagentbenchv2.fhir.references import ReferenceMatcher
from medagentbenchv2.fhir.strings import StringMatcher
from medagentbenchv2.fhir.tokens import TextMatcher, TokenMatcher


@dataclass(frozen=True, slots=True)
class MissingMatcher:
    """`:missing=true` or `:missing=false`."""

    missing: bool

    def accepts(self, found: Values) -> bool:
        """Whether the record has nothing (or something) under the parameter."""
        return is_missing(found) is self.missing


class Matcher(Protocol):
    """The OR-ed values of one parameter."""

    def accepts(self, found: Any, /) -> bool:
        """Whether what a record holds under the parameter (extract.Values of the parameter's type) matches."""
        ...


@dataclass(frozen=True, slots=True)
class Clause:
    """One parameter of a request; all clauses must hold."""

    parameter: Parameter
    matcher: Matcher

    def __hash__(self) -> int:
        return hash((self.parameter.name, self.matcher))


@dataclass(frozen=True, slots=True)
class Chain:
    """`patient.identifier=S1`: records whose reference leads to a match of another search."""

    parameter: Parameter
    query: Query


@dataclass(frozen=True, slots=True)
class Reverse:
    """`_has:Observation:patient:code=K`: records to which a match of another search refers."""

    parameter: Parameter
    """The reference parameter of the other search's type."""
    query: Query


@dataclass(frozen=True, slots=True)
class Query:
    """A checked search request."""

    kind: str
    clauses: tuple[Clause, ...]
    chains: tuple[Chain, ...] = ()
    reverses: tuple[Reverse, ...] = ()
    sort: tuple[Sort, ...] = ()
    count: int = controls.DEFAULT_COUNT
    summary: str = "false"
    elements: frozenset[str] = frozenset()
    total: bool = True
    pretty: bool = False
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()

    @property
    def is_subset(self) -> bool:
        """Whether resources are cut down."""
        return self.summary != "false" or bool(self.elements)

    @property
    def touches(self) -> frozenset[str]:
        """Resource types whose overlay rows could change the answer; empty means any type."""
        if self.includes or self.chains or self.reverses:
            return frozenset()
        return frozenset((self.kind, *(include.kind for include in self.revincludes)))


@lru_cache(maxsize=4096)
def read(kind: str, params: tuple[tuple[str, str], ...], hapi_date_quirk: bool = False) -> Query:
    """Check a request as HAPI does; raises Problem with its status and words."""
    kinds.check(kind)
    if sum(f"{HAS}:" in name for name, _ in params) > MOST_REVERSES:
        raise Problem(400, f"A search may have {MOST_REVERSES} _has parameters", "too-costly")
    clauses: list[Clause] = []
    chains: list[Chain] = []
    reverses: list[Reverse] = []
    shape: dict[str, list[str]] = {}
    dates: dict[str, list[DateMatcher]] = {}
    for name, value in params:
        if value == "":
            continue
        plain = name.partition(":")[0]
        if plain in CONTROLS:
            shape.setdefault(name, []).append(value)
            continue
        if plain == HAS:
            reverses.append(_reverse(name, value, hapi_date_quirk))
            continue
        if _is_ignored(kind, name, value):
            continue
        parameter, modifier, chained = _resolve(kind, name)
        if chained:
            chains.append(_chain(parameter, modifier, chained, value, hapi_date_quirk))
        elif parameter.type in ("date", "instant") and not modifier:
            dates.setdefault(parameter.name, []).append(_date(value, hapi_date_quirk))
            _check_bounds(dates[parameter.name])
            clauses.append(Clause(parameter, dates[parameter.name][-1]))
        else:
            clauses.append(Clause(parameter, _matcher(parameter, modifier, value)))
    return Query(kind, tuple(clauses), tuple(chains), tuple(reverses), **controls.read(kind, shape))


def freeze(params: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Parameters as a hashable tuple."""
    return params if isinstance(params, tuple) else tuple((name, value) for name, value in params)


def _resolve(kind: str, name: str) -> tuple[Parameter, str, str]:
    """(parameter, modifier, chained parameter) of a written name."""
    head, _, chained = name.partition(".")
    plain, _, modifier = (head if chained else name).partition(":")
    parameter = PARAMETERS[kind].get(plain)
    if parameter is None or (chained and parameter.type != "reference"):
        unknown = f'Unknown search parameter "{plain}" for resource type "{kind}"'
        raise Problem(400, f"HAPI-0524: {unknown}. Valid search parameters for this search are: {valid_names(kind)}")
    return parameter, modifier, chained


def _is_ignored(kind: str, name: str, value: str) -> bool:
    """Whether HAPI passes over a name that begins with an underscore; raises Problem for those it would search by."""
    plain = re.split("[:.]", name, maxsplit=1)[0]
    if plain in REFUSED:
        raise Problem(400, REFUSED[plain], "not-supported")
    if plain == "_contained" and value != "false":
        raise Problem(405, "HAPI-0984: Searching with _contained mode enabled is not enabled on this server")
    return plain.startswith("_") and plain not in PARAMETERS[kind]


MOST_LINKS = 4
"""Longest chain of references in one parameter: each link is a search of its own."""


MOST_REVERSES = 20
"""Reverse chains in one search: each may go through all records of a type."""


def _reverse(name: str, value: str, quirk: bool) -> Reverse:
    """`_has:Type:reference:parameter`; the parameter may itself be chained, or another `_has`."""
    parts = name.split(":", 3)
    if len(parts) != 4 or not all(parts):
        raise Problem(400, f'Invalid _has parameter "{name}"; write it as _has:Type:reference:parameter=value')
    _, kind, reference, rest = parts
    if name.count(f"{HAS}:") + name.count(".") > MOST_LINKS:
        raise Problem(400, f'Search parameter "{name[:80]}" is chained over more than {MOST_LINKS} references')
    if not kinds.is_kind(kind):
        raise Problem(400, f"HAPI-1208: Invalid resource type: {kind}")
    plain = re.split("[:.]", rest, maxsplit=1)[0]
    if plain != HAS and plain not in PARAMETERS[kind]:
        raise Problem(400, f"HAPI-1209: Unknown parameter name: {kind}:{rest}")
    parameter = PARAMETERS[kind].get(reference)
    if parameter is None or parameter.type != "reference":
        raise Problem(400, f"HAPI-1210: Unknown parameter name: {kind}:{reference}")
    return Reverse(parameter, read(kind, ((rest, value),), quirk))


def _chain(parameter: Parameter, type: str, chained: str, value: str, quirk: bool) -> Chain:
    if chained.count(".") >= MOST_LINKS:
        raise Problem(400, f'Search parameter "{parameter.name}" is chained over more than {MOST_LINKS} references')
    return Chain(parameter, read(type or parameter.target or "Patient", ((chained, value),), quirk))


_MODIFIERS: dict[str, tuple[str, ...]] = {
    "token": ("missing", "not", "text"),
    "id": ("missing", "not"),
    "string": ("missing", "exact", "contains"),
    "date": ("missing",),
    "instant": ("missing",),
    "quantity": ("missing",),
    "reference": ("missing",),
}


def _matcher(parameter: Parameter, modifier: str, value: str) -> Matcher:
    type = parameter.type
    named = type == "reference" and kinds.is_kind(modifier)
    if modifier and not named and modifier not in _MODIFIERS[type]:
        allowed = ", ".join(f":{name}" for name in _MODIFIERS[type])
        words = f'Unsupported modifier ":{modifier}" on search parameter "{parameter.name}"'
        raise Problem(400, f"{words}. Supported modifiers for this parameter are: [{allowed}]")
    if modifier == "missing":
        return MissingMatcher(value.strip().lower() == "true")
    values = alternatives(value)
    if type == "string":
        return StringMatcher.of(values, modifier)
    if type == "quantity":
        return QuantitiesMatcher(tuple(QuantityMatcher.of(text) for text in values))
    if type == "reference":
        return ReferenceMatcher.of(values, modifier or parameter.target)
    if modifier == "text":
        return TextMatcher.of(values)
    if type == "id":
        values = [value.rpartition("/")[2] for value in values]
    return TokenMatcher.of(values, negated=modifier == "not")


def alternatives(value: str) -> list[str]:
    """Split at unescaped commas and take the backslash off escapes; an escaped bar comes out as a NUL."""
    parts = re.findall(r"(?:\\.|[^,\\]|\\$)+", value)
    plain = [re.sub(r"\\([,$|\\])", lambda mark: "\x00" if mark[1] == "|" else mark[1], part) for part in parts]
    return plain or [""]


def _date(value: str, quirk: bool) -> DateMatcher:
    if len(alternatives(value)) > 1:
        raise Problem(400, "HAPI-1930: DateRange parameter does not support OR queries")
    text = value.replace(" ", "+")
    letters = re.match(r"[^\d\-%]*", text)
    written_prefix = letters[0] if letters else ""
    prefix = LEGACY.get(written_prefix, written_prefix)
    if written_prefix == text:
        raise Problem(400, f'HAPI-1940: Invalid date/time format: "{text}"')
    if prefix == "ap":
        raise Problem(400, "HAPI-1925: Unknown comparator: APPROXIMATE")
    if prefix and prefix not in PREFIXES:
        raise Problem(400, f'HAPI-1941: Invalid prefix: "{prefix}"')
    written = parse(text[len(written_prefix) :])
    if written is None:
        raise Problem(400, f'HAPI-1882: Invalid date/time format: "{text[len(written_prefix) :]}"')
    return DateMatcher.of(prefix or "eq", written, quirk)


def _check_bounds(matchers: list[DateMatcher]) -> None:
    """HAPI keeps one lower and one upper bound for each parameter."""
    same = "Can not have multiple date range parameters for the same param"
    prefixes = [matcher.prefix for matcher in matchers]
    if prefixes[-1] in ("eq", "ne") and len(prefixes) > 1:
        raise Problem(400, f"HAPI-1922: {same} without a qualifier")
    if sum(prefix in ("ge", "gt", "sa", "eq", "ne") for prefix in prefixes) > 1:
        raise Problem(400, f"HAPI-1923: {same} that specify a lower bound")
    if sum(prefix in ("le", "lt", "eb", "eq", "ne") for prefix in prefixes) > 1:
        raise Problem(400, f"HAPI-1924: {same} that specify an upper bound")
