"""`finish`: the answer, kept as it was typed."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

import orjson
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from medagentbenchv2.tools.arguments import Arguments, shown

MAX_VALUES = 1000

Answer = list[str | float | int | None]


def _typed(value: Any) -> Any:
    if isinstance(value, str) and _is_list(value):
        raise PydanticCustomError("answer", "this is text that holds a list; accepted is the list itself")
    if not isinstance(value, list):
        example = (
            f" such as [{shown(value)}]" if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
        )
        raise PydanticCustomError("answer", "accepted is a list{example}", {"example": example})
    if len(value) > MAX_VALUES:
        raise PydanticCustomError("answer", "accepted are at most {most} values", {"most": MAX_VALUES})
    for place, item in enumerate(value):
        if not _is_value(item):
            raise PydanticCustomError(
                "answer",
                "value[{place}] is {item}; accepted are text, numbers and null",
                {"place": place, "item": "not a finite number" if isinstance(item, float) else shown(item)},
            )
    return value


def _is_value(item: Any) -> bool:
    if isinstance(item, bool):
        return False
    return item is None or isinstance(item, str | int) or (isinstance(item, float) and math.isfinite(item))


def _is_list(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), list)
    except orjson.JSONDecodeError:
        return False


class Finish(Arguments):
    """finish."""

    description: ClassVar[str] = (
        "End the task. Call this exactly once, when everything is done; nothing can be done afterwards. Types count: a "
        'reading of 2.3 is 2.3, not "2.3".'
    )

    value: Annotated[
        list[Any],
        BeforeValidator(_typed),
        WithJsonSchema({"type": "array", "items": {"anyOf": [{"type": t} for t in ("string", "number", "null")]}}),
        Field(
            description="The answer, always a list, in the order and the types that the task asks for: numbers without "
            "quotation marks, dates as ISO 8601 text, -1 where the task says so for nothing found."
        ),
    ]
