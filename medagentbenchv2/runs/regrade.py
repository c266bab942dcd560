"""Saved rollouts judged again by the current judge: no model, and no EHR where the run's was remote.

What is right is read anew from the embedded EHR when the run used it and its tasks are still the same; otherwise the
expectation that was saved with the trace counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.ehr import Write
from medagentbenchv2.grading.expectation import Expectation, Profile
from medagentbenchv2.grading.judge import judge
from medagentbenchv2.grading.verdict import Verdict
from medagentbenchv2.results.traces import Trace, read_traces
from medagentbenchv2.setup import Setup


@dataclass(frozen=True)
class Regraded:
    """One rollout, judged then and now."""

    task_id: str
    attempt: int
    family: str
    before: float
    after: float
    verdict: Verdict
    why: tuple[str, ...]
    """Checks that came out differently, one line each."""

    @property
    def changed(self) -> bool:
        """True when the reward is another one."""
        return self.before != self.after


async def regrade(folder: Path) -> list[Regraded]:
    """Judge every scored rollout of a run folder again, in the order of its traces.

    Raises ArgumentError when the folder is no run of ours or a trace cannot be read.
    """
    config_path, traces_path = folder / "config.json", folder / "traces.jsonl.zst"
    for path in (config_path, traces_path):
        if not path.is_file():
            raise ArgumentError(f"path: {folder} holds no {path.name}; give a folder that `medagentbenchv2 eval` wrote")
    setup = _setup(orjson.loads(config_path.read_bytes()))
    return [await _again(trace, setup) for trace in read_traces(traces_path) if trace.verdict]


def _setup(config: dict[str, Any]) -> Setup | None:
    """The run's setup where its EHR is the embedded one and its tasks are still the same."""
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
    return setup


async def _again(trace: Trace, setup: Setup | None) -> Regraded:
    verdict = trace.verdict
    profile: Profile = "published" if verdict.get("profile") == "published" else "strict"
    expectation = await _expectation(trace, setup, profile)
    writes = [Write(w["method"], w["kind"], w["id"], w["resource"]) for w in trace.writes]
    now = judge(expectation, writes, verdict.get("answer"), verdict["status"], profile)
    before = float(verdict["reward"])
    why = tuple(_differences(verdict.get("checks", []), now)) if now.reward != before else ()
    return Regraded(trace.task_id, trace.attempt, trace.family or "", before, now.reward, now, why)


async def _expectation(trace: Trace, setup: Setup | None, profile: Profile) -> Expectation:
    if setup is not None:
        known = {task.id: task for task in setup.tasks}.get(trace.task_id)
        if known is not None and known.slots.model_dump(mode="json") == trace.extra.get("slots"):
            return (await setup.world_of(known).expectations(known))[profile]
    try:
        return Expectation.model_validate(trace.expectation[profile])
    except (ValidationError, KeyError, TypeError) as error:
        raise ArgumentError(f"{trace.where}: the saved expectation cannot be read ({error})") from None


def _differences(before: list[dict[str, Any]], now: Verdict) -> Iterator[str]:
    then = {check["name"]: bool(check["passed"]) for check in before}
    for check in now.checks:
        if then.get(check.name) is not check.passed:
            said = "passes" if check.passed else f"fails ({check.category})"
            yield f"{check.name} {said}: expected {check.expected}, found {check.found}"
    gone = [name for name, passed in then.items() if not passed and name not in {check.name for check in now.checks}]
    yield from (f"{name} is no longer a defect" for name in gone)
