"""The spreadsheet for clinicians: written, opened without harm, filled in, read back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.tasks.registry import FAMILIES
from medagentbenchv2.tasks.review import (
    COLUMNS,
    FILLED,
    VERDICTS,
    Review,
    fingerprint,
    read_reviews,
    review_row,
    write_reviews,
)
from medagentbenchv2.tasks.world import VARIANTS, default_world

KNOWN = {"task1_1": ("ct_followup", "tabc"), "task1_2": ("ct_followup", "tdef"), "task8_1": ("naloxone_coverage", "t0")}
CELL = 32_767
"""Characters that a cell of a spreadsheet holds."""


def row(task_id: str = "task1_1", **cells: str) -> dict[str, str]:
    family, mark = KNOWN.get(task_id, ("", ""))
    blank = dict.fromkeys(COLUMNS, "")
    return blank | {"task_id": task_id, "family": family, "fingerprint": mark} | cells


def saved(path: Path, rows: list[dict[str, str]], *, delimiter: str = ",", columns: tuple[str, ...] = COLUMNS) -> Path:
    """A file as a reviewer's spreadsheet program saves it."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode("utf-8-sig"))
    return path


def cells_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


async def test_every_shipped_task_is_exported_whole_and_readable(tmp_path):
    world = default_world()
    for variant in VARIANTS:
        rows = [
            await review_row(task, (await world.expectations(task))["strict"], world.ehr(task))
            for task in world.tasks[variant]
        ]
        write_reviews(rows, tmp_path / "sheet.csv")
        read = cells_of(tmp_path / "sheet.csv")
        assert len(read) == len(rows)
        for cells in read:
            assert tuple(cells) == COLUMNS
            assert [name for name, cell in cells.items() if not cell] == list(FILLED)
            assert max(map(len, cells.values())) < CELL
            assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells.values())
            assert "does not name the situation" not in cells["why"]
            due = cells["expected_orders"].count("for patient ")
            assert (f"{due} order" in cells["why"]) if due else ("Nothing is to be ordered" in cells["why"])


def test_every_family_names_its_source_and_every_situation_in_a_sentence():
    for family in FAMILIES.values():
        assert family.source[0].isupper()
        assert not family.source.endswith(".")
        assert family.rule.endswith(".")
        for branch in family.branches:
            assert branch.about.endswith(".")
            assert branch.about[0].isupper()


def test_a_filled_in_file_is_read_back_with_its_comments_and_unjudged_rows_are_counted(tmp_path):
    ann = saved(
        tmp_path / "ann.csv",
        [
            row(verdict=" Agree ", comment="-1 is right"),
            row("task1_2"),
            row("task8_1", verdict="UNSURE", reviewer="Dr A"),
        ],
    )
    found, unjudged = read_reviews([ann], KNOWN)
    assert found == [
        Review("task1_1", "ct_followup", "ann", "agree", "-1 is right"),
        Review("task8_1", "naloxone_coverage", "Dr A", "unsure"),
    ]
    assert unjudged == 1


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_what_spreadsheet_programs_of_other_countries_save_is_read(tmp_path, delimiter):
    path = saved(tmp_path / "a.csv", [row(verdict="disagree", comment="zu spät, 1;2")], delimiter=delimiter)
    assert read_reviews([path], KNOWN)[0][0].comment == "zu spät, 1;2"


def test_columns_may_be_moved_or_deleted_and_blank_rows_keep_their_numbers(tmp_path):
    columns = ("reviewer", "verdict", "fingerprint", "task_id", "comment")
    blank = dict.fromkeys(columns, "")
    path = saved(tmp_path / "a.csv", [row(verdict="agree"), blank, row("task1_2", verdict="yes")], columns=columns)
    with pytest.raises(ArgumentError, match=r"a\.csv, row 4: 'yes'"):
        read_reviews([path], KNOWN)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"verdict": "yes"}, "verdict: a.csv, row 2: 'yes' for task1_1 is no verdict; use agree, unsure or disagree"),
        ({"comment": "why?"}, "verdict: a.csv, row 2: task1_1 has a comment and no verdict; write agree, unsure or"),
        ({"task_id": "task1_11"}, "task_id: a.csv, row 2: 'task1_11' is not allowed"),
        ({"task_id": "task1_11"}, "did you mean 'task1_1'?"),
        ({"fingerprint": "t9"}, "fingerprint: a.csv, row 2: task1_1 was exported as 't9' and is 'tabc' now"),
        ({"fingerprint": "t9"}, "export it anew"),
    ],
)
def test_a_bad_row_is_named_with_file_row_value_and_fix(tmp_path, cells, said):
    path = saved(tmp_path / "a.csv", [row(**cells)])
    with pytest.raises(ArgumentError) as error:
        read_reviews([path], KNOWN)
    assert said in str(error.value)


def test_two_verdicts_of_one_reviewer_on_one_task_are_refused(tmp_path):
    one = saved(tmp_path / "a.csv", [row(verdict="agree", reviewer="Dr A")])
    two = saved(tmp_path / "b.csv", [row(verdict="disagree", reviewer="Dr A")])
    with pytest.raises(ArgumentError, match=r"b\.csv, row 2: 'Dr A' has judged task1_1 already, in a\.csv, row 2"):
        read_reviews([one, two], KNOWN)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "row 1 lacks task_id, verdict, comment, reviewer, fingerprint"),
        (b"task_id,verdict,comment,reviewer\n", "row 1 lacks fingerprint"),
        ("task_id,verdict,comment,reviewer,fingerprint\ntask1_1,agree,spät,,tabc\n".encode("cp1252"), "CSV UTF-8"),
        (b"task_id,verdict,comment,reviewer,fingerprint\ntask1_1,agree\n", "row 2 has 2 cells under 5 headers"),
        (b'task_id,verdict,comment,reviewer,fingerprint\n"task1_1', "is not CSV"),
        (b"PK\x03\x04\xff", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_review_is_refused_with_what_to_do(tmp_path, content, said):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ArgumentError, match=r"^files: a\.csv") as error:
        read_reviews([path], KNOWN)
    assert said in str(error.value)


def test_missing_and_unwritable_files_are_named(tmp_path):
    with pytest.raises(ArgumentError, match=r"files: .*missing\.csv.* cannot be read \(No such file"):
        read_reviews([tmp_path / "missing.csv"], KNOWN)
    (tmp_path / "file").write_text("")
    with pytest.raises(ArgumentError, match=r"out: .* cannot be written"):
        write_reviews([row()], tmp_path / "file" / "out.csv")


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40).map(str.strip)


@given(verdict=st.sampled_from(VERDICTS), comment=TEXTS, reviewer=TEXTS.filter(bool), instruction=TEXTS)
def test_whatever_stands_in_the_cells_comes_back(tmp_path_factory, verdict, comment, reviewer, instruction):
    path = tmp_path_factory.mktemp("sheet") / "a.csv"
    write_reviews([row(verdict=verdict, comment=comment, reviewer=reviewer, instruction=instruction)], path)
    assert read_reviews([path], KNOWN) == ([Review("task1_1", "ct_followup", reviewer, verdict, comment)], 0)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells_of(path)[0].values())


async def test_a_fingerprint_changes_with_the_task_and_with_what_is_right_and_is_no_number():
    world = default_world()
    first, second = world.tasks["new_tasks"][:2]
    right = (await world.expectations(first))["strict"]
    marks = {
        fingerprint(first, right),
        fingerprint(second, right),
        fingerprint(first, right.model_copy(update={"silence": True})),
    }
    assert len(marks) == 3
    assert all(mark.startswith("t") and len(mark) == 17 for mark in marks)
