"""Readings that a laboratory calculates, or that physiology ties to their siblings of the same draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from medagentbenchv2.hospital.bits import Ints
from medagentbenchv2.hospital.fixed import LOG2, ROOT_OF_MINUTE, STEPS, times_power


@dataclass(frozen=True)
class Siblings:
    """What a derived reading may look at: the draw's other readings in quanta, the patient, and some chance."""

    values: dict[str, Ints]
    male: Ints
    age: Ints
    chance: Ints
    """Standard normals in thousandths."""

    def __getitem__(self, code: str) -> Ints:
        return self.values[code]


def _egfr(draw: Siblings) -> Ints:
    """CKD-EPI 2021 creatinine equation (Inker et al., N Engl J Med 2021;385:1737)."""
    low = np.array([-241, -302], dtype=np.int64)[draw.male]
    ratio = LOG2[np.minimum(draw["CR"], 2047)] - LOG2[np.array([70, 90])][draw.male]
    steps = np.where(ratio < 0, ratio * low, ratio * -1200) // 1000
    # 0.9938 a year is 2**(-0.0089721); women have 1.012 times as much.
    steps = steps - draw.age * 89721 * STEPS // 10_000_000
    return times_power(np.array([14370, 14200], dtype=np.int64)[draw.male], steps) // 100


def _qt(draw: Siblings) -> Ints:
    """Bazett's formula solved for QT: QTc times the square root of RR in seconds."""
    return draw["QTCINTERVAL"] * ROOT_OF_MINUTE[draw["HEARTRATE"]] // 1000


def _bicarbonate(draw: Siblings) -> Ints:
    """Henderson-Hasselbalch: 0.0307 pCO2 10**(pH - 6.1), in tenths of mmol/L."""
    return times_power(draw["PCO2A"] * 307, (draw["PHA"] - 610) * 332193 * STEPS // 10_000_000) // 1000


DERIVED: dict[str, Callable[[Siblings], Ints]] = {
    "EGFR": _egfr,
    "CL": lambda draw: draw["NA"] - draw["CO2"] - draw["AGAP"],
    "HCT": lambda draw: draw["HGB"] * 3 + draw.chance * 7 // 1000,
    "RBC": lambda draw: draw["HCT"] * 1000 // draw["MCV"],
    "MCH": lambda draw: draw["HGB"] * 1000 // draw["RBC"],
    "MCHC": lambda draw: draw["HGB"] * 1000 // draw["HCT"],
    "LYMPCT": lambda draw: np.maximum(1000 - draw["NEUTPCT"] - draw["MONOPCT"] - draw["EOSPCT"] - draw["BASOPCT"], 10),
    "NEUTABS": lambda draw: draw["WBC"] * draw["NEUTPCT"] // 100,
    "LYMABS": lambda draw: draw["WBC"] * draw["LYMPCT"] // 100,
    "PT": lambda draw: draw["INR"] * 120 // 10 + 2 + draw.chance * 3 // 1000,
    "HCO3A": _bicarbonate,
    "LDL": lambda draw: draw["CHOL"] - draw["HDL"] - draw["TRIG"] // 5,
    "TP": lambda draw: draw["ALB"] + 28 + draw.chance * 3 // 1000,
    "DBP": lambda draw: np.minimum(draw["SBP"] * 6 // 10 + draw.chance * 5 // 1000, draw["SBP"] - 16),
    "MAP": lambda draw: (draw["SBP"] + 2 * draw["DBP"]) // 3,
    "QTINTERVAL": _qt,
    "BMI": lambda draw: draw["WEIGHT"] * 1_000_000 // (draw["HEIGHT"] * draw["HEIGHT"]),
}
"""Code to formula, in quanta, in an order in which each finds the siblings that it needs."""
