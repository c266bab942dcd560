"""Reading and writing tasks files: JSON Lines or a JSON list, ours or the published ones as they are.

A row: {"id", "instruction", "context"?, "family"?, "slots"?, "now"?, "branch"?}. Without `family` the row is recognised
by its sentence pattern and codes; then slots come from the text (or `eval_MRN`), and the clock from the text. With
`family` and `slots` the instruction may be left out: the task is then asked in our words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.hospital.people import LAST_WORLD
from medagentbenchv2.tasks.family import Family
from medagentbenchv2.tasks.registry import FAMILIES, family_of
from medagentbenchv2.tasks.task import Task

_CLOCK = re.compile(r"[Ii]t['\u2019]?s (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+\d\d:\d\d) now")
DEFAULT_CLOCKS = {
    "v1": datetime(2023, 11, 13, 10, 15, tzinfo=UTC),
    "v2": datetime(2023, 11, 7, 22, 47, tzinfo=UTC),
    "own": datetime(2023, 11, 7, 22, 47, tzinfo=UTC),
}
"""The clock of a task whose row and text state none, or a malformed one."""


def read_tasks(path: Path) -> list[Task]:
    """All tasks of a file. Raises ArgumentError that names the row and the field for anything unusable."""
    tasks = parse_tasks(_rows(path), path.name)
    if not tasks:
        raise ArgumentError(f"tasks_path: {path.name} holds no task; write one JSON object a line, or a list of them")
    return tasks


def parse_tasks(rows: Iterable[Any], name: str) -> list[Task]:
    """Tasks from the rows of a file of that name. Raises ArgumentError as `read_tasks` does."""
    tasks = [_task(row, number, f"tasks_path: {name}, row {number}") for number, row in enumerate(rows, 1)]
    doubled = _first_double(task.id for task in tasks)
    if doubled is not None:
        raise ArgumentError(f"tasks_path: {name} holds the id {doubled!r} twice; ids must be unique")
    return tasks


def write_tasks(tasks: Iterable[Task], path: Path) -> None:
    """Write tasks as JSON Lines, in the form that `read_tasks` reads back unchanged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(orjson.dumps(task.to_json(), option=orjson.OPT_APPEND_NEWLINE) for task in tasks))


def _rows(path: Path) -> list[Any]:
    if not path.is_file():
        raise ArgumentError(f"tasks_path: {str(path)!r} is not a file; give a JSON or JSON Lines file of tasks")
    text = path.read_bytes()
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError:
        return [_line(line, path, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if isinstance(whole, list):
        return whole
    if isinstance(whole, dict):
        return [whole]
    raise ArgumentError(f"tasks_path: {path.name} holds {type(whole).__name__}, not a list of task objects")


def _line(line: bytes, path: Path, number: int) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ArgumentError(f"tasks_path: {path.name}, line {number} is not JSON: {error}") from None


def _task(row: Any, number: int, where: str) -> Task:
    if not isinstance(row, dict):
        raise ArgumentError(f"{where}: a task is an object with id and instruction, not {type(row).__name__}")
    identity = _text(row, "id", where)
    worded = "instruction" in row or "family" not in row
    instruction = _text(row, "instruction", where) if worded else ""
    context = _text(row, "context", where, default="")
    family, named = _family(row, f"{instruction}\n{context}", where)
    slots = _slots(row, family, named, where)
    stated = _CLOCK.search(f"{instruction}\n{context}")
    now = _clock(row, stated, family, where)
    if not worded:
        instruction, context = family.prompt(slots, now, number)
    ours = any((instruction, context) == family.prompt(slots, now, w) for w in range(len(family.asks)))
    return Task(
        id=identity,
        family=family,
        slots=slots,
        now=now,
        instruction=instruction,
        context=context,
        ours=ours,
        clock_stated=ours or stated is not None,
        branch=None if row.get("branch") is None else _text(row, "branch", where),
        world=_world(row, where),
    )


def _text(row: dict[str, Any], field: str, where: str, default: str | None = None) -> str:
    value = row.get(field, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise ArgumentError(f"{where}, field {field!r}: expected a text, found {value!r}")
    return value


def _family(row: dict[str, Any], text: str, where: str) -> tuple[Family[Any], dict[str, str]]:
    """The row's family, and the slots that its sentence pattern names."""
    if row.get("family") is not None:
        slug = _text(row, "family", where)
        try:
            return family_of(slug), {}
        except ArgumentError as error:
            raise ArgumentError(f"{where}, field {error}") from None
    matches = [(family, m) for family in FAMILIES.values() if (m := family.theirs.search(text))]
    if len(matches) != 1:
        found = ", ".join(family.slug for family, _ in matches) or "none"
        raise ArgumentError(
            f"{where}: the instruction must match exactly one family's published wording (matched: {found}); "
            "add the fields family and slots"
        )
    family, match = matches[0]
    return family, {name: value for name, value in match.groupdict().items() if value is not None}


def _slots(row: dict[str, Any], family: Family[Any], named: dict[str, str], where: str) -> Any:
    given = row.get("slots", named)
    if not isinstance(given, dict):
        raise ArgumentError(f"{where}, field 'slots': expected an object, found {given!r}")
    if "mrn" in family.slots.model_fields and "mrn" not in given and isinstance(row.get("eval_MRN"), str):
        given = {**given, "mrn": row["eval_MRN"]}
    try:
        return family.parse_slots(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ArgumentError(f"{where}, field 'slots.{place}': {first['msg']}, found {first['input']!r}") from None


def _clock(row: dict[str, Any], stated: re.Match[str] | None, family: Family[Any], where: str) -> datetime:
    text = row.get("now") or (stated.group(1) if stated else None)
    if text is None:
        return DEFAULT_CLOCKS[family.edition]
    try:
        now = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ArgumentError(f"{where}, field 'now': {text!r} is not an ISO 8601 instant with an offset") from None
    if now.tzinfo is None:
        raise ArgumentError(f"{where}, field 'now': {text!r} has no offset; write it like 2023-11-07T22:47:00+00:00")
    return now


def _world(row: dict[str, Any], where: str) -> int:
    world = row.get("world", 0)
    if isinstance(world, bool) or not isinstance(world, int) or not 0 <= world <= LAST_WORLD:
        raise ArgumentError(f"{where}, field 'world': {world!r} is not a world from 0 to {LAST_WORLD}; leave it out")
    return world


def _first_double(ids: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for identity in ids:
        if identity in seen:
            return identity
        seen.add(identity)
    return None
