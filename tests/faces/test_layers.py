"""Faces are thin: short, and without a word of medicine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from medagentbenchv2.tasks.registry import FAMILIES

FACES = Path(__file__).parents[2] / "medagentbenchv2" / "faces"
MODULES = sorted(FACES.rglob("*.py"))
CLINICAL = re.compile(
    r"\b(medications?|laborator\w+|glucose|potassium|magnesium|naloxone|opioids?|catheters?|thyroid|vaccin\w+|"
    r"diagnos\w+|clinical\w*|doses?|dosage|loinc|mrns?|blood|hba1c|creatinine)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FACES)))
def test_a_face_is_short_and_knows_no_medicine(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 200
    rest = text.replace("No clinical knowledge lives here", "")
    assert not CLINICAL.search(rest)
    assert not [slug for slug in FAMILIES if slug in rest]
