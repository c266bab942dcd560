"""Page links carry the whole search, so that any server of the same EHR can answer them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.fhir.paging import page_link, read_link, self_link
from medagentbenchv2.fhir.problems import Problem

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
PARAMS = st.lists(st.tuples(TEXT.filter(lambda name: name != "_count"), TEXT), max_size=5).map(tuple)


def query(url: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True))


@given(PARAMS, st.integers(0, 10**6), st.integers(1, 10**4))
def test_a_page_link_is_read_as_it_was_written(params: tuple[tuple[str, str], ...], offset: int, count: int) -> None:
    url = page_link("http://x/fhir", "Observation", params, offset, count)
    assert read_link(query(url)) == ("Observation", (*params, ("_count", str(count))), offset)


@given(PARAMS)
def test_a_self_link_asks_the_same_in_order_of_names(params: tuple[tuple[str, str], ...]) -> None:
    url = self_link("http://x/fhir", "Observation", params)
    assert query(url) == tuple(sorted(params, key=lambda pair: pair[0]))


@pytest.mark.parametrize("token", ["", "x", "Rm9v", "Rm9vP2E9MQ"])  # the last two name the type Foo
def test_an_unknown_token_has_expired(token: str) -> None:
    with pytest.raises(Problem) as gone:
        read_link((("_getpages", token), ("_getpagesoffset", "0")))
    assert gone.value.status == 410
    assert "does not exist and may have expired" in gone.value.diagnostics


def test_a_negative_or_wordy_offset_is_refused() -> None:
    token = query(page_link("http://x/fhir", "Observation", (), 0, 1))[0][1]
    for offset in ("-1", "many"):
        with pytest.raises(Problem):
            read_link((("_getpages", token), ("_getpagesoffset", offset)))
