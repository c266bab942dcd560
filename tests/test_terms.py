"""Terms: which texts name a drug."""

import re

import pytest

from medagentbenchv2.terms import Terms, drugs

NALOXONE = drugs("naloxone", "narcan", but=("buprenorphine",))


@pytest.mark.parametrize("text", ["NALOXONE 4 MG", "Narcan nasal", "(naloxone)", "nasal naloxone"])
def test_a_delimited_word_names_the_drug(text: str) -> None:
    assert NALOXONE.find(text)
    assert re.search(NALOXONE.pattern, text, re.IGNORECASE)


@pytest.mark.parametrize(
    "text", ["naltrexone", "BUPRENORPHINE-NALOXONE 8-2 MG", "naloxone/buprenorphine", "methylnaloxone"]
)
def test_a_part_of_a_word_or_an_excluded_combination_does_not(text: str) -> None:
    assert NALOXONE.find(text) is None
    assert not re.search(NALOXONE.pattern, text, re.IGNORECASE)


def test_a_prefix_may_go_on() -> None:
    assert Terms(("COVID-19 VAC",), prefix=True).find("COVID-19 VACCINE, MRNA") == "covid-19 vac"
    assert Terms(("COVID-19 VAC",)).find("COVID-19 VACCINE, MRNA") is None


def test_loose_terms_are_plain_substrings() -> None:
    assert NALOXONE.loosely().find("buprenorphine-naloxone") == "naloxone"
