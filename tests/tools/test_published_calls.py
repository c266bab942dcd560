"""What agents really filed in published transcripts is accepted whole; a bare MRN becomes a reference."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from medagentbenchv2.tools.dispatch import dispatch
from tests.tools.recording_ehr import RecordingEhr
from tests.tools.test_normalise import said

RUNS = Path(__file__).parents[2].parent / "shared/data/v1_parity/runs"
TOOLS = {
    "Observation": "fhir_vitals_create",
    "MedicationRequest": "fhir_medication_request_create",
    "ServiceRequest": "fhir_service_request_create",
}


def filed() -> list[dict[str, Any]]:
    turns = (
        turn["content"]
        for path in sorted(RUNS.rglob("runs.jsonl"))
        for line in path.read_text().splitlines()
        for turn in json.loads(line)["output"]["history"]
        if turn["role"] == "agent"
    )
    bodies = (re.search(r"\{.*\}", turn, re.DOTALL) for turn in turns if turn.strip().startswith("POST"))
    return [json.loads(body[0]) for body in bodies if body]


async def test_published_creates_are_accepted_whole() -> None:
    if not RUNS.exists():
        pytest.skip(f"{RUNS.name}: the published transcripts are not at hand")
    bodies = filed()
    assert len(bodies) > 100
    for body in bodies:
        ehr = RecordingEhr()
        outcome = await dispatch(ehr, TOOLS[body["resourceType"]], body)
        assert not outcome.invalid, outcome.text
        reference = body["subject"]["reference"]
        typed = body | {"subject": {"reference": f"Patient/{reference.removeprefix('Patient/')}"}}
        assert said(ehr.asked[0][2]) == said(typed)
