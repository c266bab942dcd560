"""How the EHR's figures and one patient's record look in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.markup import escape
from rich.table import Table

from medagentbenchv2.fhir.timeline import Entry, Timeline, Trend

SHOWN = 12
"""Newest readings in a trend's line."""
_BARS = "▁▂▃▄▅▆▇█"


def info_table(facts: dict[str, Any]) -> Table:
    """What an EHR holds."""
    table = Table("", "", title=escape(facts["name"]), show_header=False)
    for kind, count in facts["resources"].items():
        table.add_row(kind, f"{count:,}")
    table.add_section()
    table.add_row("All", f"{sum(facts['resources'].values()):,}")
    table.add_row("Clock", facts["clock"] or "none")
    table.add_row("Size", f"{facts['bytes'] / 1e6:.1f} MB")
    table.add_row("SHA-256", facts["checksum"])
    return table


def timeline_tables(record: Timeline) -> Iterator[Table | str]:
    """A patient's record, part by part."""
    who = record.person
    age = "" if who.age is None else f", {who.age} years"
    yield f"[bold]{escape(who.name)}[/]  MRN {escape(who.mrn)}  {who.gender}, born {who.birth_date}{age}"
    yield escape("  ".join(part for part in (who.address, who.phone) if part))
    yield f"as of {record.now}" if record.now else "the whole record"
    yield _entries("Problems", record.problems, "Status")
    yield _entries("Medications", record.medications, "Status", "Dose")
    yield _entries("Procedures", record.procedures, "Status")
    if record.orders:
        yield _entries("Orders", record.orders, "Status")
    yield _trends("Laboratory", record.laboratory)
    yield _trends("Vital signs", record.vitals)


def _entries(title: str, entries: tuple[Entry, ...], status: str, detail: str = "Detail") -> Table:
    table = Table("Last", title, "Code", status, detail, "First", "Times", title=f"{title} ({len(entries)})")
    for one in entries:
        row = (_time(one.last), one.what, one.code, one.status, one.detail, _time(one.first)[:10], str(one.times))
        table.add_row(*map(escape, row))
    return table


def _trends(title: str, trends: tuple[Trend, ...]) -> Table:
    table = Table("Latest", title, "Value", "Flag", "Trend", "Range", "Readings", title=f"{title} ({len(trends)})")
    for one in trends:
        time, value, flag = one.readings[0]
        numbers = one.numbers
        span = f"{_number(min(numbers))}-{_number(max(numbers))}" if numbers else ""
        shown = f"{value if isinstance(value, str) else _number(value)} {one.unit}".strip()
        row = (_time(time), one.what, shown, flag, sparkline(numbers[-SHOWN:]), span, str(len(one.readings)))
        table.add_row(*map(escape, row))
    return table


def sparkline(numbers: list[float]) -> str:
    """Bars from the smallest to the largest, oldest first; a flat line for equal numbers."""
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    step = (high - low) / (len(_BARS) - 1)
    return "".join(_BARS[round((number - low) / step)] if step else _BARS[3] for number in numbers)


def _number(value: float) -> str:
    return f"{value:g}"


def _time(text: str) -> str:
    return text[:16].replace("T", " ")
