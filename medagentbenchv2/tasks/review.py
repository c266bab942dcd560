"""Tasks for clinicians to judge, as a spreadsheet: written with empty columns for the verdict, and read back.

The file is CSV in UTF-8 with a byte order mark, which spreadsheet programs open as it is. A cell that a program would
take for a formula starts with an apostrophe (OWASP, CSV injection). A reviewer fills in `verdict`, and may fill in
`comment` and `reviewer`; the fingerprint tells whether the task is still the one that was judged.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from medagentbenchv2.errors import ArgumentError, not_among
from medagentbenchv2.fhir.ehr import Ehr
from medagentbenchv2.grading.expectation import Expectation
from medagentbenchv2.tasks.excerpt import excerpt
from medagentbenchv2.tasks.explain import because
from medagentbenchv2.tasks.in_words import answer_in_words, clock_in_words, orders_in_words
from medagentbenchv2.tasks.task import Task

VERDICTS = ("disagree", "unsure", "agree")
"""What a reviewer may say, from worst to best."""
COLUMNS = (
    "task_id", "family", "instruction", "context", "clock", "rule", "source", "chart", "expected_answer",
    "expected_orders", "why", "verdict", "comment", "reviewer", "fingerprint",
)  # fmt: skip
FILLED = ("verdict", "comment", "reviewer")
"""The columns that are left to the reviewer."""
NEEDED = ("task_id", *FILLED, "fingerprint")
"""The columns that must be there when a file is read back; the others may be deleted, and all be moved."""
ESCAPED = ("'", "=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet program may take for the start of a formula, and the apostrophe that says it is none."""
DELIMITERS = (",", ";", "\t")
"""What programs separate cells with when they save CSV; it differs by country."""


@dataclass(frozen=True)
class Review:
    """One reviewer's word on one task."""

    task_id: str
    family: str
    reviewer: str
    verdict: str
    """One of VERDICTS."""
    comment: str = ""


def fingerprint(task: Task, expectation: Expectation) -> str:
    """16 hexadecimal digits over what a reviewer judges: the task, its rule and what is right.

    After a letter, or programs would read some as a number such as 12e34.
    """
    parts = [task.to_json(), task.family.rule, expectation.model_dump(mode="json")]
    return f"t{hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]}"


async def review_row(task: Task, expectation: Expectation, ehr: Ehr) -> dict[str, str]:
    """A task with what is right and why, by column. Raises InfrastructureError when the EHR cannot be read."""
    return {
        "task_id": task.id,
        "family": task.family.slug,
        "instruction": task.instruction,
        "context": task.context,
        "clock": clock_in_words(task.now),
        "rule": task.family.rule,
        "source": task.family.source,
        "chart": await excerpt(task, ehr),
        "expected_answer": answer_in_words(expectation.answer),
        "expected_orders": orders_in_words(expectation),
        "why": because(task, expectation),
        **dict.fromkeys(FILLED, ""),
        "fingerprint": fingerprint(task, expectation),
    }


def write_reviews(rows: Iterable[Mapping[str, str]], path: Path) -> None:
    """Write rows for reviewers, in the order of COLUMNS. Raises ArgumentError when the file cannot be written."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(row[name]) for name in COLUMNS] for row in rows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue().encode("utf-8-sig"))
    except OSError as error:
        raise ArgumentError(f"out: {str(path)!r} cannot be written ({error.strerror}); give another file") from None


def read_reviews(paths: Sequence[Path], known: Mapping[str, tuple[str, str]]) -> tuple[list[Review], int]:
    """The verdicts of filled-in files, and how many rows have none. `known`: task id -> (family, fingerprint).

    A reviewer who is not named is called by the file. Raises ArgumentError that names file, row, value and fix for the
    first thing that is wrong; rows are numbered as spreadsheet programs do, the headers being row 1.
    """
    found: dict[tuple[str, str], tuple[str, Review]] = {}
    empty = 0
    for path in paths:
        for number, row in _rows(path):
            where = f"{path.name}, row {number}"
            review = _review(row, path, where, known)
            if review is None:
                empty += 1
                continue
            key = (review.reviewer, review.task_id)
            if key in found:
                raise ArgumentError(
                    f"reviewer: {where}: {review.reviewer!r} has judged {review.task_id} already, in {found[key][0]}; "
                    "delete one of the two verdicts, or name the reviewers apart"
                )
            found[key] = (where, review)
    return [review for _, review in found.values()], empty


def _review(row: dict[str, str], path: Path, where: str, known: Mapping[str, tuple[str, str]]) -> Review | None:
    """A row's verdict; None where it has none."""
    task_id = row["task_id"]
    if task_id not in known:
        raise not_among(f"task_id: {where}", task_id, known)
    family, now = known[task_id]
    if row["fingerprint"] != now:
        raise ArgumentError(
            f"fingerprint: {where}: {task_id} was exported as {row['fingerprint']!r} and is {now!r} now: it changed "
            "since, or belongs to another variant; give --variant or --tasks-path as in the export, or export it anew"
        )
    verdict = row["verdict"].lower()
    if not verdict:
        if row["comment"]:
            raise ArgumentError(f"verdict: {where}: {task_id} has a comment and no verdict; {_allowed('write')}")
        return None
    if verdict not in VERDICTS:
        raise ArgumentError(f"verdict: {where}: {row['verdict']!r} for {task_id} is no verdict; {_allowed('use')}")
    return Review(task_id, family, row["reviewer"] or path.stem, verdict, row["comment"])


def _allowed(verb: str) -> str:
    return f"{verb} {', '.join(reversed(VERDICTS[1:]))} or {VERDICTS[0]}"


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a file that are not blank, with their numbers, by column."""
    header, *lines = _cells(path) or [[]]
    names = [name.strip().lower() for name in header]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        lacking = ", ".join(missing)
        raise ArgumentError(f"files: {path.name}, row 1 lacks {lacking}; keep the headers that tasks export wrote")
    for number, line in enumerate(lines, 2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) != len(names):
            said = f"{len(line)} cells under {len(names)} headers"
            raise ArgumentError(f"files: {path.name}, row {number} has {said}; save the sheet as CSV UTF-8 again")
        yield number, dict(zip(names, map(_plain, line), strict=True))


def _cells(path: Path) -> list[list[str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ArgumentError(f"files: {str(path)!r} cannot be read ({error.strerror}); give a filled-in file") from None
    except UnicodeDecodeError:
        raise ArgumentError(f"files: {path.name} is not UTF-8; save it as 'CSV UTF-8 (comma delimited)'") from None
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ArgumentError(f"files: {path.name} is not CSV ({error}); save it as 'CSV UTF-8'") from None


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(ESCAPED) else cell


def _plain(cell: str) -> str:
    return (cell[1:] if cell.startswith("'") and cell[1:].startswith(ESCAPED) else cell).strip()
