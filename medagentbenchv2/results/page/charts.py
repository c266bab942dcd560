"""The patient's timeline for rollouts on the EHR inside the package, which their traces do not repeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.timeline import Entry, Timeline, Trend, timeline
from medagentbenchv2.moment import parse_moment
from medagentbenchv2.results.page.worlds import NoRecordError, Worlds, find
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.traces import Trace
from medagentbenchv2.tasks.world import World

EARLIER = 11
"""Readings before the newest that a line names."""
Item = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """A patient's record as of a task's clock."""

    items: list[Any] | None
    """Lines, newest first; None where the record is not at hand."""
    note: str
    """Where all of it can be had, or why there is none."""


class Charts:
    """Reads each patient's record once per clock."""

    def __init__(self) -> None:
        """Start empty; an EHR is opened when the first record in it is asked for."""
        self._worlds = Worlds()
        self._read: dict[tuple[str, str, str], list[Item]] = {}

    def of(self, run: Run, trace: Trace) -> Chart:
        """The saved timeline, else the record in the rollout's own EHR as of the task's clock."""
        if trace.chart:
            return Chart(trace.chart, trace.where)
        try:
            world = self._worlds.of(run, trace)
            mrn, now = _asked(run, trace, world)
            return Chart(self._items(world, mrn, now), _command(world, mrn, now))
        except NoRecordError as reason:
            return Chart(None, str(reason))

    def _items(self, world: World, mrn: str, now: str) -> list[Item]:
        key = (world.snapshot.checksum, mrn, now)
        if key not in self._read:
            try:
                self._read[key] = items_of(timeline(world.snapshot, mrn, parse_moment(now).instant))
            except ArgumentError as error:
                raise NoRecordError(f"The EHR holds no such record: {error}") from None
        return self._read[key]


def _asked(run: Run, trace: Trace, world: World) -> tuple[str, str]:
    """The patient's MRN and the task's clock: from the trace, else from the world's task of that id."""
    mrn, now = trace.patient, trace.extra.get("now")
    if not (mrn and isinstance(now, str)) and "slots" not in trace.extra:
        task = find(world, run.variant, trace.task_id)
        mrn, now = (getattr(task.slots, "mrn", None), task.now.isoformat()) if task else (None, None)
    if not (mrn and isinstance(now, str)):
        raise NoRecordError("The task names no patient by MRN, so there is no one chart to show.")
    return mrn, now


def _command(world: World, mrn: str, now: str) -> str:
    """How to print the whole record."""
    if world.number:
        return f"the Timeline of {mrn} in {world.snapshot.labels.get('name', f'world {world.number}')} at {now}"
    return f"medagentbenchv2 ehr show {mrn} --at {now}"


def items_of(record: Timeline) -> list[Item]:
    """A record as lines (time, kind, text and what more there is), newest first."""
    entries = (
        ("Problem", record.problems),
        ("MedicationRequest", record.medications),
        ("Procedure", record.procedures),
        ("ServiceRequest", record.orders),
    )
    items = [_entry(kind, entry) for kind, group in entries for entry in group]
    trends = (("Laboratory", record.laboratory), ("Vital sign", record.vitals))
    items += [_trend(kind, trend) for kind, group in trends for trend in group]
    return sorted(items, key=lambda item: (item["time"], item["kind"], item["text"]), reverse=True)


def _entry(kind: str, entry: Entry) -> Item:
    item: Item = {"time": entry.last, "kind": kind, "text": entry.what, "code": entry.code, "status": entry.status}
    item["detail"] = entry.detail
    if entry.times > 1:
        item |= {"times": entry.times, "since": entry.first}
    return {key: value for key, value in item.items() if value != "" or key in ("time", "text")}


def _trend(kind: str, trend: Trend) -> Item:
    time, value, flag = trend.readings[0]
    said = " ".join(part for part in (trend.what, f"{value} {trend.unit}".strip(), flag) if part)
    item: Item = {"time": time, "kind": kind, "text": said, "code": trend.code}
    earlier = [f"{value} ({time[:16]})" for time, value, _ in trend.readings[1 : 1 + EARLIER]]
    more = len(trend.readings) - 1 - len(earlier)
    if earlier:
        item["earlier"] = ", ".join(earlier) + (f" and {more} more" if more else "")
    return item
