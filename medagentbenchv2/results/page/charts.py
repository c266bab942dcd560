"""The patient's timeline for rollouts on the EHR inside the package, which their traces do not repeat."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.timeline import Entry, Timeline, Trend, timeline
from medagentbenchv2.moment import parse_moment
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.traces import Trace
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.world import default_world

EARLIER = 11
"""Readings before the newest that a line names."""
Item = dict[str, Any]


class Charts:
    """Reads each patient's record once per clock."""

    def __init__(self) -> None:
        """Start empty; the EHR is opened when the first record is asked for."""
        self._read: dict[tuple[str, str], list[Item] | None] = {}

    def of(self, run: Run, trace: Trace) -> list[Any] | None:
        """The saved timeline, else the record in the EHR that ships as of the task's clock, newest first.

        None where the trace names no patient or clock, or the run used another EHR.
        """
        if trace.chart:
            return trace.chart
        if not (run.embedded and trace.extra.get("world") == 0):
            return None
        asked = self._asked(run, trace)
        if asked is None:
            return None
        if asked not in self._read:
            self._read[asked] = self._items(*asked)
        return self._read[asked]

    def _asked(self, run: Run, trace: Trace) -> tuple[str, str] | None:
        """The patient's MRN and the task's clock: from the trace, else from the shipped task of that id."""
        now, mrn = trace.extra.get("now"), trace.patient
        if isinstance(now, str) and mrn:
            return mrn, now
        task = self._tasks.get((run.variant, trace.task_id)) if "slots" not in trace.extra else None
        mrn = getattr(task.slots, "mrn", None) if task else None
        return (mrn, task.now.isoformat()) if task and mrn else None

    @cached_property
    def _tasks(self) -> dict[tuple[str, str], Task]:
        return {(variant, task.id): task for variant, tasks in default_world().tasks.items() for task in tasks}

    def _items(self, mrn: str, now: str) -> list[Item] | None:
        try:
            return items_of(timeline(default_world().snapshot, mrn, parse_moment(now).instant))
        except ArgumentError:
            return None


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
