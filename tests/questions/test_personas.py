"""Who a model may be asked to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions import PERSONAS, find_persona
from medagentbenchv2.questions.personas import DEFAULT


def test_the_five_personas_and_the_default() -> None:
    assert set(PERSONAS) == {
        "oncology_researcher",
        "general_physician",
        "cardiologist",
        "patient_educator",
        "researcher",
    }
    assert DEFAULT == "oncology_researcher"


def test_a_name_may_be_written_with_spaces_hyphens_and_capitals() -> None:
    assert find_persona("General Physician") == find_persona("general-physician") == find_persona("general_physician")


def test_none_sends_no_words() -> None:
    assert find_persona("none").text is None


def test_a_text_file_is_a_persona(tmp_path: Path) -> None:
    (tmp_path / "nurse.txt").write_text("You are an oncology nurse.\n", encoding="utf-8")
    found = find_persona("nurse.txt", folder=tmp_path)
    assert (found.name, found.text) == ("nurse", "You are an oncology nurse.")


def test_own_words_come_before_ours() -> None:
    assert find_persona("cardiologist", {"cardiologist": "Be brief."}).text == "Be brief."


def test_what_is_no_persona_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="did you mean 'cardiologist'"):
        find_persona("cardiolgist")
    with pytest.raises(ArgumentError, match="there is no file"):
        find_persona("nurse.txt", folder=tmp_path)
    (tmp_path / "blank.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match="is blank"):
        find_persona("blank.txt", folder=tmp_path)
