"""Keys are read from where they belong, sent to the host they were made for, and never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from medagentbenchv2.endpoint import ChatClient, Endpoint, default_key_var, read_secret
from medagentbenchv2.errors import ArgumentError

KEY = "sk-secret-0123456789"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEST_KEY", KEY)


def test_a_key_is_read_from_the_environment_first_and_from_dotenv_else(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("TEST_KEY=from-file\nOTHER_KEY='quoted value'\n", encoding="utf-8")
    assert read_secret("TEST_KEY") == KEY
    assert read_secret("OTHER_KEY") == "quoted value"
    monkeypatch.delenv("TEST_KEY")
    assert read_secret("TEST_KEY") == "from-file"
    assert read_secret("NO_SUCH_KEY") is None


def test_a_key_given_in_place_of_its_variable_is_refused_and_not_repeated() -> None:
    with pytest.raises(ArgumentError, match="name of a variable") as caught:
        ChatClient(Endpoint("m", api_key_var=KEY))
    assert KEY not in str(caught.value)


def test_a_missing_key_names_its_variable() -> None:
    with pytest.raises(ArgumentError, match=r"NO_SUCH_KEY is not set; put it in the environment or in \.env"):
        ChatClient(Endpoint("m", api_key_var="NO_SUCH_KEY"))


@pytest.mark.parametrize("url", ["localhost:8000", "https://user:pw@example.org/v1", "https://example.org/v1?key=x"])
def test_an_address_that_is_malformed_or_holds_a_secret_is_refused(url: str) -> None:
    with pytest.raises(ArgumentError, match="base_url"):
        ChatClient(Endpoint("m", url, api_key_var=None))


def test_a_key_goes_to_no_host_it_was_not_made_for() -> None:
    assert default_key_var(None) == "OPENAI_API_KEY"
    assert default_key_var("https://openrouter.ai/api/v1") == "OPENROUTER_API_KEY"
    assert default_key_var("http://localhost:8000/v1") is None
    assert default_key_var("http://10.1.2.3/v1") is None
    with pytest.raises(ArgumentError, match=r"none is known for example\.org"):
        default_key_var("https://example.org/v1")
