"""Saved rollouts judged again by the current judge: no model, and no EHR where the run's was remote.

What is right is read anew from the embedded EHR when the run used that very EHR and its task is still the same;
otherwise the expectation that was saved with the trace counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.ehr import Write
from medagentbenchv2.grading.expectation import Expectation, Profile
from medagentbenchv2.grading.judge import judge
from medagentbenchv2.grading.verdict import Verdict
from medagentbenchv2.results.readers.lines import read_lines, read_object
from medagentbenchv2.results.traces import Trace, read_traces
from medagentbenchv2.setup import Setup

Basis = Literal["chart", "saved"]
FIX = "give a folder that `medagentbenchv2 eval` wrote"


@dataclass(frozen=True)
class Regraded:
    """One rollout, judged then and now."""

    folder: Path
    task_id: str
    attempt: int
    family: str
    before: float
    after: float
    verdict: Verdict
    basis: Basis
    """Where the expectation is from: read anew from the chart, or saved with the trace."""
    why: tuple[str, ...]
    """Checks that came out differently, one line each."""

    @property
    def changed(self) -> bool:
        """True when the reward is another one."""
        return self.before != self.after


def run_folders(paths: Iterable[Path]) -> list[Path]:
    """The run folders at or below the paths, each once, by name. Raises ArgumentError for a path that holds none."""
    found: dict[Path, Path] = {}
    for path in paths:
        below = sorted(
            file.parent for file in path.rglob("traces.jsonl.zst") if (file.parent / "config.json").is_file()
        )
        if not below:
            raise ArgumentError(f"path: {path} holds no run with its traces; {FIX}")
        found |= {folder.resolve(): folder for folder in below}
    return list(found.values())


async def regrade(folder: Path) -> list[Regraded]:
    """Judge every scored rollout of a run folder again, in the order of its traces.

    Raises ArgumentError when the folder is no run of ours or a trace cannot be read.
    """
    config_path, traces_path = folder / "config.json", folder / "traces.jsonl.zst"
    for path in (config_path, traces_path):
        if not path.is_file():
            raise ArgumentError(f"path: {folder} holds no {path.name}; {FIX}")
    again = _Again(folder, _setup(read_object(config_path)))
    # A trace whose row was lost to a kill is played again by --resume, and stands here twice until then: the later one.
    traces = {(trace.task_id, trace.attempt): trace for trace in read_traces(traces_path) if trace.verdict}
    return [await again.judge(trace) for trace in traces.values()]


def untraced(folder: Path, found: Iterable[Regraded]) -> int:
    """How many scored rows of a run have no trace to judge: a kill or a lost file leaves some."""
    path = folder / "runs.jsonl"
    judged = {(one.task_id, one.attempt) for one in found}
    rows = [value for _, value in read_lines(path, [])] if path.is_file() else []
    return sum(
        (row.get("task_id"), row.get("attempt", 1)) not in judged and row.get("status") != "error" for row in rows
    )


def _setup(config: dict[str, Any]) -> Setup | None:
    """The run's setup where its EHR is the embedded one of this version."""
    given = dict(config.get("setup") or {})
    if not given or given.get("fhir_api_base") is not None:
        return None
    given["task_types"] = tuple(given["task_types"]) if given.get("task_types") else None
    try:
        setup = Setup(**given)
        setup.check()
    except (ArgumentError, TypeError):
        # A run of another version, or whose tasks file is gone: its saved expectations count.
        return None
    parts = config.get("fingerprint_parts") or {}
    return setup if parts.get("ehr") == setup.task_parts["ehr"] else None


class _Again:
    """The judge over the saved rollouts of one folder."""

    def __init__(self, folder: Path, setup: Setup | None) -> None:
        self.folder, self.setup = folder, setup
        self._tasks = {task.id: task for task in setup.tasks} if setup else {}

    async def judge(self, trace: Trace) -> Regraded:
        """One rollout, judged again. Raises ArgumentError naming the row when the trace cannot be read."""
        saved = trace.verdict
        profile: Profile = "published" if saved.get("profile") == "published" else "strict"
        expectation, basis = await self._expectation(trace, profile)
        try:
            writes = [Write(w["method"], w["kind"], w["id"], w["resource"]) for w in trace.writes]
            now = judge(expectation, writes, saved.get("answer"), saved["status"], profile)
            before = float(saved["reward"])
        except (ValidationError, KeyError, TypeError, ValueError) as error:
            raise ArgumentError(f"{self.folder}: {trace.where}: the saved rollout cannot be read ({error!r})") from None
        why = tuple(_differences(saved.get("checks", []), now))
        family = trace.family or ""
        return Regraded(self.folder, trace.task_id, trace.attempt, family, before, now.reward, now, basis, why)

    async def _expectation(self, trace: Trace, profile: Profile) -> tuple[Expectation, Basis]:
        known = self._tasks.get(trace.task_id)
        if self.setup and known and known.slots.model_dump(mode="json") == trace.extra.get("slots"):
            return (await self.setup.world_of(known).expectations(known))[profile], "chart"
        try:
            return Expectation.model_validate(trace.expectation[profile]), "saved"
        except (ValidationError, KeyError, TypeError) as error:
            where = f"{self.folder}: {trace.where}"
            raise ArgumentError(f"{where}: the saved expectation cannot be read ({error})") from None


def _differences(before: list[dict[str, Any]], now: Verdict) -> Iterator[str]:
    """Checks of one name may be several (a superfluous order each): those that came out alike cancel."""
    then = Counter((str(check["name"]), bool(check["passed"])) for check in before)
    names = {name for name, _ in then}
    for check in now.checks:
        key = (check.name, check.passed)
        if then[key]:
            then[key] -= 1
        elif check.name in names or not check.passed:
            said = "passes" if check.passed else f"fails ({check.category})"
            yield f"{check.name} {said}: expected {check.expected}, found {check.found}"
    left = {check.name for check in now.checks}
    yield from (f"{name} is no longer a defect" for name, passed in then if not passed and name not in left)
