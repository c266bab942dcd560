"""Rows of chat messages as a file: JSON Lines, or Parquet with one schema for any tool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import orjson

from medagentbenchv2.runs.demonstrations import Style

Format = Literal["jsonl", "parquet"]
GROUP = 500
"""Rows that are in memory at once, a row group of a Parquet file."""


async def write_jsonl(rows: AsyncIterator[dict[str, Any]], path: Path) -> int:
    """Write one row a line; returns how many."""
    written = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        async for row in rows:
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            written += 1
    return written


async def write_parquet(rows: AsyncIterator[dict[str, Any]], path: Path, style: Style) -> int:
    """Write a Parquet file that `datasets` reads; returns how many rows.

    Tool schemas, and in the hf style the arguments of calls, are JSON columns: `datasets` gives them back as objects,
    where Arrow structs would give every call the arguments of all tools.
    """
    import pyarrow.parquet as parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    plain, final = _schema(style, json=False), _schema(style, json=True)
    written = 0
    with parquet.ParquetWriter(path, final) as file:
        group: list[dict[str, Any]] = []
        async for row in rows:
            group.append(_flat(row))
            if len(group) == GROUP:
                written += _append(file, group, plain, final)
        written += _append(file, group, plain, final)
    return written


def _append(file: Any, group: list[dict[str, Any]], plain: Any, final: Any) -> int:
    import pyarrow as pa

    count = len(group)
    if count:
        file.write_table(pa.Table.from_pylist(group, schema=plain).cast(final))
    group.clear()
    return count


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """The row with JSON text where its values have no common shape."""
    messages = [
        message | {"tool_calls": [_call(call) for call in message["tool_calls"]]}
        if message.get("tool_calls")
        else message
        for message in row["messages"]
    ]
    return row | {"messages": messages, "tools": orjson.dumps(row["tools"]).decode()}


def _call(call: dict[str, Any]) -> dict[str, Any]:
    arguments = call["function"]["arguments"]
    text = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
    return call | {"function": call["function"] | {"arguments": text}}


def _schema(style: Style, *, json: bool) -> Any:
    """The Arrow schema; `json` marks JSON columns as such where this pyarrow can (19 and later)."""
    import pyarrow as pa

    text = pa.string()
    marked = pa.json_(text) if json and hasattr(pa, "json_") else text
    named = [("name", text), ("arguments", marked if style == "hf" else text)]
    identity = [("id", text)] if style == "openai" else []
    call = pa.struct([*identity, ("type", text), ("function", pa.struct(named))])
    answered = ("tool_call_id" if style == "openai" else "name", text)
    message = pa.struct([("role", text), ("content", text), ("tool_calls", pa.list_(call)), answered])
    columns = [("messages", pa.list_(message)), ("tools", marked)]
    if style == "hf":
        columns += [("task_id", text), ("family", text), ("branch", text), ("world", pa.int32()), ("seed", pa.int64())]
    return pa.schema(columns)
