"""models.toml, ours and the user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.models import ModelCard, load_cards


def test_the_shipped_file_names_the_published_models_and_the_scripted_agents() -> None:
    cards = load_cards()
    assert cards["Alfaxad/Sara-1.5-4B-it"].name == "Sara 1.5 4B"
    assert (cards["null"].role, cards["oracle"].role) == ("floor", "ceiling")
    assert all(card.price is None for card in cards.values())


def test_a_users_file_adds_models_and_overrides_keys(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text('[models."openai/gpt-4o"]\nprice_input = 2.5\nprice_output = 10\n[models.mine]\nname = "Mine"\n')
    cards = load_cards(path)
    assert cards["openai/gpt-4o"].name == "GPT-4o"
    assert cards["openai/gpt-4o"].price is not None
    assert cards["mine"] == ModelCard(name="Mine")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[models.a]\nprice = 3\n", r"model 'a', key price: Extra inputs"),
        ("[models.a]\nparameters = -1\n", r"model 'a', key parameters"),
        ("models = 3\n", r"has no table such as"),
        ("[models\n", r"is not TOML"),
    ],
)
def test_a_bad_file_is_named_by_model_and_key(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text)
    with pytest.raises(ArgumentError, match=complaint):
        load_cards(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"models: .*gone\.toml' does not exist"):
        load_cards(tmp_path / "gone.toml")
