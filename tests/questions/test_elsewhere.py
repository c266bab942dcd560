"""Answers from elsewhere are taken in by number or id, and never guessed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.elsewhere import answer_folders
from tests.questions.asking import numbered, rows, run


def bring(folder: Path, **files: str) -> Path:
    """A folder of answer files; `_txt` and `_md` at the end of a name are its suffix."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
    return folder


def take_in(tmp_path: Path, folder: Path, *questions: object):
    return run(tmp_path, [{"kind": "folder", "model": "GPT 5", "path": folder}], questions or None)


def test_files_belong_to_questions_by_id_or_number(tmp_path: Path) -> None:
    folder = bring(tmp_path / "gpt", alpha_md="of alpha", question_02_txt="of two", Q3_md="of three", notes_txt="no")
    (summary,) = take_in(tmp_path, folder, {"question": "a", "id": "alpha"}, "b", "c")
    assert summary.well
    assert numbered(tmp_path, "GPT_5") == {"1.txt": "of alpha\n", "2.txt": "of two\n", "3.txt": "of three\n"}


def test_what_is_not_known_of_them_stays_unknown(tmp_path: Path) -> None:
    take_in(tmp_path, bring(tmp_path / "gpt", **{"1_txt": "x"}), "a")
    (row,) = rows(tmp_path, "GPT_5")
    assert row["truncated"] is row["finish_reason"] is row["output_tokens"] is row["cost"] is None


def test_a_missing_blank_or_ambiguous_file_is_an_error_of_that_question(tmp_path: Path) -> None:
    folder = bring(tmp_path / "gpt", **{"1_txt": " \n", "3_txt": "x", "03_txt": "y"})
    (summary,) = take_in(tmp_path, folder, "a", "b", "c")
    reasons = [row["reason"] for row in rows(tmp_path, "GPT_5", "errors.jsonl")]
    assert reasons[0] == "1.txt is blank"
    assert reasons[1].endswith("has no file for it")
    assert reasons[2] == "03.txt, 3.txt could all be its answer; keep one"
    assert summary.failed == 3


def test_of_a_text_and_a_markdown_file_of_one_name_the_text_counts(tmp_path: Path) -> None:
    take_in(tmp_path, bring(tmp_path / "gpt", **{"1_txt": "plain", "1_md": "# With a head"}), "a")
    assert numbered(tmp_path, "GPT_5") == {"1.txt": "plain\n"}


def test_taking_in_twice_doubles_nothing_and_a_changed_file_counts(tmp_path: Path) -> None:
    folder = bring(tmp_path / "gpt", **{"1_txt": "old", "2_txt": "same"})
    take_in(tmp_path, folder, "a", "b")
    take_in(tmp_path, folder)
    (folder / "1.txt").write_text("new", encoding="utf-8")
    take_in(tmp_path, folder)
    assert [row["text"] for row in rows(tmp_path, "GPT_5")] == ["old", "same", "new"]
    assert numbered(tmp_path, "GPT_5") == {"1.txt": "new\n", "2.txt": "same\n"}


def test_a_folder_of_folders_is_several_models(tmp_path: Path) -> None:
    bring(tmp_path / "all/m1", **{"1_txt": "x"})
    bring(tmp_path / "all/m2", **{"1_md": "x"})
    (tmp_path / "all/empty").mkdir()
    assert [model.model for model in answer_folders(tmp_path / "all")] == ["m1", "m2"]
    assert [model.model for model in answer_folders(tmp_path / "all/m1", "GPT 5")] == ["GPT 5"]
    with pytest.raises(ArgumentError, match="can't name the 2 folders"):
        answer_folders(tmp_path / "all", "GPT 5")
    with pytest.raises(ArgumentError, match=r"holds no \.txt or \.md"):
        answer_folders(tmp_path / "all/empty")
