"""A request is refused in HAPI's words, and an accepted one is exactly what was asked."""

from __future__ import annotations

import pytest

from medagentbenchv2.fhir.problems import Problem
from medagentbenchv2.fhir.query import read

VALID = "[_id, _lastUpdated, _profile, _security, _source, _tag, category, code, date, patient, status, subject]"


@pytest.mark.parametrize(
    ("kind", "params", "status", "words"),
    [
        ("Foo", (), 404, "HAPI-0302: Unknown resource type 'Foo' - Server knows how to handle: [Account, "),
        (
            "Procedure", (("colour", "red"),), 400,
            'HAPI-0524: Unknown search parameter "colour" for resource type "Procedure". '
            f"Valid search parameters for this search are: {VALID}",
        ),
        ("Procedure", (("_text", "x"),), 400, "HAPI-1192: Fulltext search is not enabled on this service"),
        ("Procedure", (("_content", "x"),), 400, "HAPI-1192: Fulltext search is not enabled on this service"),
        ("Procedure", (("_filter", "code eq x"),), 400, "HAPI-1222: _filter parameter is disabled on this server"),
        ("Procedure", (("_query", "x"),), 400, "Named queries (_query) are not supported"),
        ("Procedure", (("_list", "5"),), 400, "The _list parameter is not supported"),
        ("Procedure", (("_language", "en"),), 400, "The _language parameter is not supported"),
        ("Procedure", (("_offset", "20"),), 400, "The _offset parameter is not supported"),
        ("Procedure", (("_contained", "true"),), 405, "HAPI-0984: Searching with _contained mode enabled"),
        ("Patient", (("_has", "x"),), 400, 'Invalid _has parameter "_has"'),
        ("Patient", (("_has:Observation:patient", "x"),), 400, "Invalid _has parameter"),
        ("Patient", (("_has:Foo:patient:code", "x"),), 400, "HAPI-1208: Invalid resource type: Foo"),
        ("Patient", (("_has:Observation:patient:colour", "x"),), 400, "HAPI-1209: Unknown parameter name: "),
        ("Patient", (("_has:Observation:code:code", "x"),), 400, "HAPI-1210: Unknown parameter name: Observation:code"),
        ("Patient", (("_has:Observation:patient:code", "x"),) * 21, 400, "A search may have 20 _has parameters"),
        ("Observation", (("patient._has:Procedure:patient:code", "x"),) * 21, 400, "A search may have 20 _has"),
        ("Patient", (("_has:Observation:patient:" * 5 + "code", "x"),), 400, 'Search parameter "_has:'),
        ("Procedure", (("_sort", "-colour"),), 400, 'HAPI-1194: Unknown _sort parameter value "colour" for'),
        ("Procedure", (("date", "2023,2024"),), 400, "HAPI-1930: DateRange parameter does not support OR queries"),
        ("Procedure", (("date", "2023"), ("date", "2024")), 400, "HAPI-1922: "),
        ("Procedure", (("date", "ge2023"), ("date", "gt2024")), 400, "HAPI-1923: "),
        ("Procedure", (("date", "le2023"), ("date", "lt2024")), 400, "HAPI-1924: "),
        ("Procedure", (("date", "2023"), ("date", "lt2024")), 400, "HAPI-1924: "),
        ("Procedure", (("date", "yesterday"),), 400, 'HAPI-1940: Invalid date/time format: "yesterday"'),
        ("Procedure", (("date", "2023-02-30"),), 400, 'HAPI-1882: Invalid date/time format: "2023-02-30"'),
        ("Procedure", (("date", "ge06/27/2023"),), 400, 'HAPI-1882: Invalid date/time format: "06/27/2023"'),
        ("Procedure", (("_count", "-1"),), 400, "Invalid _count value"),
        ("Procedure", (("_count", "many"),), 400, "Invalid _count value"),
        ("Procedure", (("_include", "Procedure:code"),), 400, "HAPI-2015: Invalid _include parameter value"),
        ("Procedure", (("_revinclude", "Foo:patient"),), 400, "HAPI-2015: Invalid _revinclude parameter value"),
        ("Procedure", (("code:above", "x"),), 400, 'Unsupported modifier ":above"'),
        ("Procedure", (("_format", "xml"),), 406, "This server answers in application/fhir+json only"),
        ("Procedure", (("_summary", "some"),), 400, "Invalid _summary value"),
        ("Procedure", (("status.code", "x"),), 400, "HAPI-0524"),
    ],
)  # fmt: skip
def test_a_bad_request_is_refused(kind: str, params: tuple[tuple[str, str], ...], status: int, words: str) -> None:
    with pytest.raises(Problem) as refused:
        read(kind, params)
    assert refused.value.status == status
    assert refused.value.diagnostics.startswith(words)


def test_an_empty_value_is_ignored() -> None:
    assert read("Procedure", (("code", ""), ("colour", ""))).clauses == ()


@pytest.mark.parametrize("name", ["_totalMethod", "_at", "_type", "_containedType", "_bogus", "_bogus:exact", "_x.y"])
def test_a_name_with_an_underscore_that_hapi_does_not_know_is_ignored(name: str) -> None:
    assert read("Procedure", ((name, "1"),)) == read("Procedure", ())


def test_a_contained_mode_that_asks_for_nothing_is_ignored() -> None:
    assert read("Procedure", (("_contained", "false"),)) == read("Procedure", ())


def test_a_space_in_a_date_is_the_plus_of_an_offset() -> None:
    plus, space = (read("Procedure", (("date", f"ge2023-06-27T10:00:00{sign}02:00"),)) for sign in "+ ")
    assert plus == space


def test_count_zero_asks_for_the_count() -> None:
    assert read("Procedure", (("_count", "0"),)).summary == "count"


def test_the_default_page_has_twenty() -> None:
    assert read("Procedure", ()).count == 20
