# ruff: noqa: E501 (one row a line)
"""Why patients are admitted: diagnoses, who is at risk, whether intensive care or surgery follows, and the physiology.

Shares are clinical judgement, not a citation.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """A reason for a stay."""

    groups: tuple[str, ...]
    """Groups of acute problems; their diagnoses are recorded and their drugs are ordered."""
    shares: tuple[int, int, int, int, int]
    """Relative frequency among outpatient, renal, oncology, surgical and critical patients."""
    care: str
    """emergency (discharged from there), ward, icu (through intensive care where the patient is prone) or surgery."""
    effects: tuple[tuple[str, int], ...]
    """What it does to the factors at its peak, in thousandths of a standard deviation."""
    needs: str = ""
    """Problem group that the patient must have."""
    since: int = 0
    """Minute since 1970 before which nobody had it."""


_SPRING_2020 = 26_386_560
"""Minute of 2020-03-02T00:00Z."""


def _cause(groups: str, shares: str, care: str, needs: str = "", since: int = 0, **effects: int) -> Cause:
    out, renal, oncology, surgical, critical = (int(share) for share in shares.split())
    return Cause(
        tuple(groups.split()), (out, renal, oncology, surgical, critical), care, tuple(effects.items()), needs, since
    )


# acute groups, relative frequency in outpatient, renal, oncology, surgical and critical patients, care
CAUSES: tuple[Cause, ...] = (
    _cause("sepsis", "10 14 14 6 8", "ward", INFLAM=3200, SHOCK=1200, RENAL=1200, STRESS=900, NUTRITION=-900, ACID=500),
    _cause("sepsis septic_shock aki respiratory", "0 0 0 0 26", "icu", INFLAM=4500, SHOCK=3600, RENAL=4800, LUNG=2200, ACID=2400, NECROSIS=1500, KALEMIA=1500,
           STRESS=1800, NUTRITION=-2400, COAG=3200, LIVER=3500, ANEMIA=2400, MARROW=800, HEART=900, PRESSURE=-500, MAGNESIUM=-300),
    _cause("pneumonia", "14 12 12 4 10", "ward", INFLAM=3000, LUNG=1900, STRESS=700, NUTRITION=-600, SHOCK=500),
    _cause("pneumonia respiratory", "0 0 0 0 20", "icu", INFLAM=3700, LUNG=3800, ACID=900, SHOCK=1800, STRESS=1300, NUTRITION=-1700, ANEMIA=1200),
    _cause("covid", "6 5 5 0 6", "ward", since=_SPRING_2020, INFLAM=1900, LUNG=2300, STRESS=700, COAG=300),
    _cause("copd_flare", "0 6 4 0 14", "ward", "copd", LUNG=2600, INFLAM=1000, STRESS=1500),
    _cause("decompensation", "0 14 0 0 20", "ward", "failure", HEART=2300, LUNG=1600, RENAL=900, WATER=-1400, SHOCK=400),
    _cause("decompensation cardiogenic_shock aki", "0 0 0 0 12", "icu", "failure", HEART=3700, NECROSIS=6000, SHOCK=3000, RENAL=4500, KALEMIA=1500, LUNG=2200, ACID=1500, LIVER=6500, PRESSURE=-700),
    _cause("infarction", "5 8 2 2 10", "ward", "coronary", HEART=3500, NECROSIS=6300, STRESS=800, INFLAM=700),
    _cause("stroke_acute", "3 5 3 2 6", "ward", PRESSURE=1400, STRESS=800, INFLAM=500),
    _cause("aki dehydration", "4 26 6 2 8", "ward", RENAL=5000, KALEMIA=3300, ACID=1100, NUTRITION=-300),
    _cause("ketoacidosis", "0 9 0 0 5", "icu", "insulin", STRESS=8500, ACID=6200, WATER=-1600, RENAL=1800, SHOCK=1200, KALEMIA=900, INFLAM=900),
    _cause("bleeding", "4 6 5 3 8", "ward", ANEMIA=4700, SHOCK=1700, RENAL=500),
    _cause("pancreatitis", "4 2 2 4 4", "ward", INFLAM=2600, LIVER=3000, CALCIUM=-1400, STRESS=1300),
    _cause("obstruction", "2 2 6 8 3", "ward", INFLAM=1300, KALEMIA=-1700, RENAL=700, ACID=-1200),
    _cause("cellulitis", "8 10 4 4 4", "ward", INFLAM=2200, STRESS=500),
    _cause("neutropenic_fever", "0 0 26 0 0", "ward", "chemotherapy", INFLAM=1500, MARROW=14500, ANEMIA=2800, NUTRITION=-600),
    _cause("cholecystitis postoperative", "5 3 3 16 2", "surgery", INFLAM=2600, LIVER=3600, ANEMIA=700),
    _cause("appendicitis postoperative", "4 1 1 10 0", "surgery", INFLAM=2700, ANEMIA=500),
    _cause("joint postoperative", "4 2 1 26 1", "surgery", "pain", ANEMIA=2100, INFLAM=1800, STRESS=500),
    _cause("fracture postoperative", "3 3 2 16 3", "surgery", ANEMIA=2700, INFLAM=1700, STRESS=500),
    _cause("abdominal postoperative", "2 2 10 22 2", "surgery", ANEMIA=1900, INFLAM=2300, NUTRITION=-900, KALEMIA=-600, STRESS=600),
    _cause("cardiac_surgery postoperative", "0 3 0 6 6", "surgery", "coronary", ANEMIA=3200, INFLAM=2200, HEART=2400, NECROSIS=7000, MARROW=900, STRESS=1200, COAG=600, LUNG=1000),
    _cause("chest_pain", "24 20 8 12 14", "emergency", HEART=400, PRESSURE=500),
    _cause("abdominal_pain", "22 12 18 20 8", "emergency", INFLAM=500),
    _cause("headache", "14 4 6 6 2", "emergency", PRESSURE=600),
    _cause("syncope", "8 8 6 4 6", "emergency", SHOCK=600),
    _cause("dyspnea", "6 12 12 4 20", "emergency", LUNG=1300, HEART=600),
    _cause("cold", "14 6 6 8 4", "emergency", INFLAM=700),
    _cause("sprain", "14 5 4 12 2", "emergency"),
    _cause("electrolytes dehydration", "6 12 16 4 6", "emergency", KALEMIA=-3300, MAGNESIUM=-2800, WATER=-3500, RENAL=500),
    _cause("delirium sepsis", "2 6 5 3 12", "ward", INFLAM=2300, WATER=1800, RENAL=900, SHOCK=600),
)  # fmt: skip
