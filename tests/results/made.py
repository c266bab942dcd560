"""Runs made up for tests: rows and traces with every kind of ending, from a seed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import zstandard

from medagentbenchv2.results.rows import Row


@dataclass(frozen=True)
class Kind:
    """A registered family, as far as reports look at one."""

    slug: str
    edition: str
    number: int
    kind: str
    title: str


def _kinds(edition: str, *slugs: str) -> list[Kind]:
    queries = {
        "heart_rate_average",
        "patient_lookup",
        "patient_age",
        "magnesium_level",
        "average_glucose",
        "latest_glucose",
    }
    return [
        Kind(slug, edition, number, "query" if slug in queries else "action", slug.replace("_", " ").capitalize())
        for number, slug in enumerate(slugs, 1)
    ]


V2 = _kinds(
    "v2", "ct_followup", "dvt_prophylaxis", "heart_rate_average", "catheter_removal", "renal_mass_followup",
    "thyroid_protocol", "qtc_management", "naloxone_coverage", "influenza_vaccine", "covid_booster",
)  # fmt: skip
V1 = _kinds(
    "v1", "patient_lookup", "patient_age", "record_blood_pressure", "magnesium_level", "magnesium_replacement",
    "average_glucose", "latest_glucose", "orthopedic_referral", "potassium_replacement", "a1c_followup",
)  # fmt: skip
FAMILIES = {kind.slug: kind for kind in (*V2, *V1)}
ENDINGS = (
    ("completed", "answer", "wrong_value"), ("completed", "orders", "missing_order"),
    ("completed", "orders", "extra_order"),    ("completed", "orders", "wrong_patient"),
    ("completed", "orders", "not_discontinued"), ("no_finish", "protocol", "no_finish"),
    ("limit_reached", "protocol", "turn_limit"), ("agent_invalid_action", "protocol", "invalid_action"),
)  # fmt: skip


def row(task: str, correct: bool = True, **keys: Any) -> Row:
    """One row, completed unless told otherwise."""
    return Row(**{"index": 0, "task_id": task, "status": "completed", "correct": correct, "result": [1], **keys})


def rows(model: int, tasks: int, attempts: int, seed: int, skill: float | None = None) -> list[Row]:
    """Rows of one model on `tasks` tasks of each V2 family; better models have smaller numbers."""
    rng = random.Random(f"{seed}-{model}")
    made = []
    for family in V2:
        for k in range(tasks):
            hard = random.Random(f"{seed}-{family.slug}-{k}").random()
            for attempt in range(1, attempts + 1):
                chance = 0.95 - 0.05 * model - 0.35 * hard if skill is None else skill
                made.append(_row(rng, family, k, attempt, rng.random() < chance, len(made) // attempts))
    return made


def _row(rng: random.Random, family: Kind, k: int, attempt: int, correct: bool, index: int) -> Row:
    status, group, category = ("completed", "answer", None) if correct else rng.choice(ENDINGS)
    failure = None if correct else {"level1": group, "level2": category}
    check = {"name": group, "passed": correct, "group": group, "category": category, "expected": [1], "found": [2]}
    return Row(
        index=index,
        task_id=f"task{family.number}_{k + 1}",
        status=status,
        correct=correct,
        result=[1] if status == "completed" else None,
        num_turns=rng.randint(2, 8),
        time=f"2026-01-01T00:{index % 60:02d}:00+00:00",
        attempt=attempt,
        family=family.slug,
        reward=float(correct),
        checks=[check],
        failure=failure,
        input_tokens=rng.randint(5_000, 30_000),
        cached_tokens=2_000,
        output_tokens=rng.randint(100, 3_000),
        latency_s=round(rng.uniform(1, 9), 2),
        cost=round(rng.uniform(0.001, 0.05), 5),
        fingerprint={"task": "t1", "run": "r1"},
    )


def trace(of: Row, rng: random.Random, turns: int = 5, result_size: int = 4_000) -> dict[str, Any]:
    """A trace that goes with a row; texts that would break out of a page if they were not escaped."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You work in an electronic health record. " * 60},
        {"role": "user", "content": f"Do {of.task_id}. </script><img src=x onerror=alert(1)>"},
    ]
    patient = f"S{int(of.task_id.removeprefix('task').replace('_', '')):07d}"
    for turn in range(turns):
        call = {"name": "fhir_observation_search", "arguments": json.dumps({"patient": patient, "code": f"K{turn}"})}
        messages.append(
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": f"c{turn}", "type": "function", "function": call}],
            }
        )
        messages.append(
            {"role": "tool", "tool_call_id": f"c{turn}", "content": _bundle(patient, turn, rng, result_size)}
        )
    messages.append({"role": "assistant", "content": "<script>document.title='owned'</script> done"})
    order = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "code": {"text": "CT abdomen"},
        "subject": {"reference": f"Patient/{patient}"},
    }
    return {
        "task_id": of.task_id, "attempt": of.attempt, "family": of.family, "model": "m", "messages": messages,
        "tool_calls": turns, "writes": [{"method": "POST", "kind": "ServiceRequest", "id": "n1", "resource": order}],
        "expectation": {"answer": [1], "orders": [{"label": "CT abdomen"}]},
        "verdict": {"reward": of.reward, "answer": of.result, "checks": [c.model_dump() for c in of.checks]},
        "chart": [{"time": "2023-11-01", "kind": "MedicationRequest", "text": "heparin 5000", "status": "active"},
                  {"time": "2023-11-02", "kind": "Observation", "text": "K 3.1 mmol/L"}],
        "slots": {"mrn": patient}, "fingerprint": "r1",
    }  # fmt: skip


def _bundle(patient: str, turn: int, rng: random.Random, size: int) -> str:
    shared = random.Random(f"{patient}-{turn}") if turn < 3 else rng
    entries = []
    while sum(map(len, entries)) < size:
        entries.append(json.dumps({"value": shared.random(), "when": shared.randint(0, 10**9), "subject": patient}))
    return '{"resources": [' + ", ".join(entries) + "]}"


def write_run(
    folder: Path, model: str, made: list[Row], variant: str = "new_patient_tasks", traces: bool = False, **size: int
) -> Path:
    """A run folder of ours."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model": model, "variant": variant, "grading": "strict", "fingerprint": {"task": "t1", "run": "r1"}}
    (folder / "config.json").write_bytes(orjson.dumps(config))
    (folder / "runs.jsonl").write_bytes(b"".join(item.to_line() for item in made))
    if traces:
        rng = random.Random(model)
        compress = zstandard.ZstdCompressor().compress
        frames = [compress(orjson.dumps(trace(item, rng, **size)) + b"\n") for item in made]
        (folder / "traces.jsonl.zst").write_bytes(b"".join(frames))
    return folder
