"""Match URLs: the one record that a conditional write is about (https://hl7.org/fhir/R4/http.html#ccreate)."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl

from medagentbenchv2.fhir import query
from medagentbenchv2.fhir.parameters import CONTROLS, HAS, PARAMETERS
from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.search import View, find


class Conditions(NamedTuple):
    """What a client says must hold for its write to happen."""

    none_exist: str = ""
    """If-None-Exist: a search that must find nothing for a create to happen."""
    match: str = ""
    """If-Match: the version that must be the current one, such as `W/"2"`."""


UNCONDITIONAL = Conditions()

_SEVERAL = {"CREATE": "HAPI-0958", "UPDATE": "HAPI-0988", "DELETE": "HAPI-0962"}


def matched(view: View, kind: str, url: str, verb: str) -> str | None:
    """The id of the one record of a type that a match URL finds, or None; verb is CREATE, UPDATE or DELETE.

    The URL is `identifier=1`, `Patient?identifier=1` or the whole address. Raises Problem: 412 for several records,
    400 for a URL that searches by nothing or by what the type has not: here no unknown name is ignored.
    """
    head, mark, rest = url.partition("?")
    text = rest if mark else url
    shown = f"{kind}?{text}"
    if mark and head.rpartition("/")[2] not in ("", kind):
        raise Problem(400, f"Invalid match URL[{url}] - it does not search {kind}")
    params = [pair for pair in parse_qsl(text) if pair[0].partition(":")[0] not in CONTROLS]
    if not params:
        raise Problem(400, f"HAPI-0518: Invalid match URL[{shown}] - URL has no search parameters")
    for name, _ in params:
        plain = name.partition(":")[0].partition(".")[0]
        if plain not in PARAMETERS[kind] and plain != HAS:
            words = f"Resource type {kind} does not have a parameter with name: {plain}"
            raise Problem(400, f"HAPI-0488: Failed to parse match URL[{shown}] - {words}")
    found = find(view, query.read(kind, tuple(params)))
    if found.total > 1:
        words = (
            f'Failed to {verb} resource with match URL "{shown}" because this search matched {found.total} resources'
        )
        raise Problem(412, f"{_SEVERAL[verb]}: {words}")
    return found.ids(found.page(0, 1))[0] if found.total else None
