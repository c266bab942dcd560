"""JSON files of others, read so that a bad value is named by file, line and field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from medagentbenchv2.errors import ArgumentError

M = TypeVar("M", bound=BaseModel)


def read_lines(path: Path, torn: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number (from 1) and object of every line of a JSONL file.

    A last line without its newline that is not JSON was cut off by a kill: it is skipped and a sentence is added to
    `torn`. Raises ArgumentError, naming file and line, for anything else that is not a JSON object.
    """
    data = path.read_bytes()
    lines = data.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            if number == len(lines) and not data.endswith(b"\n"):
                torn.append(f"line {number} was cut off while it was written and is left out")
                return
            raise ArgumentError(f"{path}, line {number}: not JSON ({error})") from error
        if not isinstance(value, dict):
            raise ArgumentError(f"{path}, line {number}: a JSON object is expected, not {type(value).__name__}")
        yield number, value


def read_object(path: Path) -> dict[str, Any]:
    """A JSON file that holds one object; an empty one where there is no file. Raises ArgumentError if it is broken."""
    if not path.is_file():
        return {}
    try:
        value = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise ArgumentError(f"{path}: not JSON ({error})") from error
    if not isinstance(value, dict):
        raise ArgumentError(f"{path}: a JSON object is expected, not {type(value).__name__}")
    return value


def parse(model: type[M], value: dict[str, Any], path: Path, number: int) -> M:
    """A validated object. Raises ArgumentError naming file, line, field, the value and what was expected."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "row"
        message = first["msg"].removeprefix("Value error, ")
        got = "" if first["type"] == "missing" or field == "row" else f" (got {_short(first['input'])})"
        raise ArgumentError(f"{path}, line {number}, field {field}: {message}{got}") from error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
