"""How the JSON of rows is laid out: the fixed pieces of each kind of row, and where its fields stand between them.

The order of the fields is the same in every resource type (id, update stamp, subject, dates, value), so that rows of
different kinds lie in one rectangle of texts; what a row lacks is an empty text in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FIELDS = ("url", "id", "minute", "second", "patient", "day", "time", "day2", "time2", "value", "second_value")
MARKS = {name: f"\ue000{name}\ue001" for name in FIELDS}
"""Placeholders in private-use characters, which no text of a record holds."""
END = "end"
"""Names the piece behind a row's last field."""

Pieces = dict[str, bytes]
"""The fixed texts of one kind of row: in front of each field that it has, by the field's name, and the END."""


class Layout(NamedTuple):
    """The texts of a row, where every row has as many: pieces that all share, and places for the rest."""

    line: list[bytes]
    """A row's texts; empty at the places below."""
    fields: dict[str, int]
    """Field -> its place."""
    varying: dict[int, dict[int, bytes]]
    """Place of a piece that is not the same in all kinds -> kind -> piece."""
    lacking: dict[int, frozenset[int]]
    """Place of a field -> the kinds that do not have it, where there are any."""


def cut(text: str) -> Pieces:
    """Cut the JSON of a kind of row at its marks, which stand in the order of FIELDS."""
    pieces: Pieces = {}
    for name in FIELDS:
        mark, quoted = MARKS[name], f'"{MARKS[name]}"'
        # a subject is an object and a quantity a number: their quotes go with the mark
        if name == "patient" or (name == "value" and quoted in text):
            mark = quoted
        if mark in text:
            before, _, text = text.partition(mark)
            pieces[name] = before.encode()
    return {**pieces, END: text.encode()}


def layout(kinds: Mapping[int, Pieces], behind: bytes) -> Layout:
    """One layout for rows of several kinds, each with `behind` behind it."""
    found = Layout([], {}, {}, {})
    for name in (*FIELDS, END):
        pieces = {kind: one.get(name, b"") + behind * (name == END) for kind, one in kinds.items()}
        if len(set(pieces.values())) > 1:
            found.varying[len(found.line)] = pieces
            found.line.append(b"")
        elif any(pieces.values()):
            found.line.append(next(iter(pieces.values())))
        lacking = frozenset(kind for kind, one in kinds.items() if name not in one)
        if name != END and len(lacking) < len(kinds):
            if lacking:
                found.lacking[len(found.line)] = lacking
            found.fields[name] = len(found.line)
            found.line.append(b"")
    return found
