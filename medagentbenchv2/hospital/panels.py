# ruff: noqa: E501 (one row a line)
"""What is measured together, how it is ordered, and how often in each setting.

A draw is one panel taken from one patient at one minute; all its readings share that minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Setting = Literal["emergency", "ward", "icu", "clinic", "infusion", "dialysis"]


@dataclass(frozen=True)
class Panel:
    """Analytes measured together."""

    name: str
    codes: tuple[str, ...]
    """In the order in which they are stored; SBP and DBP are stored as one BP."""
    order: str = ""
    """Order code of the Procedure that goes with it; none for flowsheet rows."""
    ordered: int = 1000
    """Thousandths of the draws that have an order of their own."""
    delay: tuple[int, int] = (25, 95)
    """Least and most minutes until the result is issued."""


@dataclass(frozen=True)
class Cadence:
    """How often a setting takes a panel."""

    setting: Setting
    panel: str
    share: int
    """Thousandths of the visits or ticks at which it is really taken."""
    every: int = 0
    """Minutes between ticks of an inpatient setting; 0 for visits."""
    at: int = 0
    """Minute of the day of the first tick."""
    jitter: int = 0
    """Most minutes by which a tick is late."""
    only: str = ""
    """Problem group, or cause of admission, to which it is confined."""
    lot: str = ""
    """Panels that share a lot are alternatives; without one the panel is its own lot."""
    past: int = 0
    """Thousandths of the lot that are already taken by its other panels."""
    later: int = 0
    """Minutes after the visit's beginning."""


_BMP = ("NA", "K", "CL", "CO2", "BUN", "CR", "GLU", "CA", "AGAP", "EGFR")
_LIVER = ("ALB", "TP", "TBIL", "ALKP", "AST", "ALT")
_CBC = ("WBC", "RBC", "HGB", "HCT", "MCV", "MCH", "MCHC", "RDW", "PLT", "MPV")
_DIFFERENTIAL = ("NEUTPCT", "LYMPCT", "MONOPCT", "EOSPCT", "BASOPCT", "NEUTABS", "LYMABS")
_ECG = ("HEARTRATE", "PRINTERVAL", "QRSDINTERVAL", "QTINTERVAL", "QTCINTERVAL", "PAXIS", "RAXIS", "TAXIS")
_FLOWSHEET = (1, 12)

PANELS: tuple[Panel, ...] = (
    Panel("BMP", _BMP, "LAB15"),
    Panel("CMP", _BMP + _LIVER, "LAB17"),
    Panel("HEPATIC", _LIVER, "LAB20"),
    Panel("MG", ("MG",), "LAB103"),
    Panel("PHOS", ("PHOS",), "LAB113"),
    Panel("CBC", _CBC, "LAB294"),
    Panel("CBCDIFF", _CBC + _DIFFERENTIAL, "LAB293"),
    Panel("INR", ("PT", "INR"), "LAB320"),
    Panel("PTT", ("PTT",), "LAB325"),
    Panel("LACTATE", ("LACTATE",), "LAB99", delay=(10, 45)),
    Panel("ABG", ("PHA", "PCO2A", "PO2A", "HCO3A"), "LAB76", delay=(3, 15)),
    Panel("TROPONIN", ("TROPHS",), "LAB747"),
    Panel("BNP", ("NTPROBNP",), "LAB649"),
    Panel("CRP", ("CRP",), "LAB149"),
    Panel("ESR", ("ESR",), "LAB322"),
    Panel("PROCALCITONIN", ("PCT",), "LAB1232"),
    Panel("A1C", ("A1C",), "LAB90", delay=(120, 420)),
    Panel("LIPIDS", ("CHOL", "TRIG", "HDL", "LDL"), "LAB18", delay=(90, 300)),
    Panel("TSH", ("TSH",), "LAB129", delay=(120, 420)),
    Panel("FT4", ("FT4",), "LAB127", delay=(120, 420)),
    Panel("IRON", ("FERRITIN", "IRON"), "LAB67", delay=(120, 420)),
    Panel("B12", ("B12",), "LAB82", delay=(180, 900)),
    Panel("VITD", ("VITD",), "LAB535", delay=(300, 1400)),
    Panel("PTH", ("PTH",), "LAB108", delay=(180, 900)),
    Panel("UACR", ("UACR",), "LAB689", delay=(120, 420)),
    Panel("LDH", ("LDH",), "LAB96"),
    Panel("URICACID", ("URICACID",), "LAB141"),
    Panel("CEA", ("CEA",), "LAB2002", delay=(300, 1400)),
    Panel("FINGERSTICK", ("GLU",), "POCGLU", ordered=250, delay=(1, 4)),
    Panel("ECG", _ECG, "ECG1", delay=(2, 30)),
    Panel("VITALS", ("SBP", "DBP", "PULSE", "RESP", "TEMP", "SPO2"), delay=_FLOWSHEET),
    Panel("MONITOR", ("SBP", "DBP", "MAP", "PULSE", "RESP", "SPO2"), delay=_FLOWSHEET),
    Panel("SESSION", ("SBP", "DBP", "PULSE", "WEIGHT"), delay=_FLOWSHEET),
    Panel("BODY", ("WEIGHT", "HEIGHT", "BMI"), delay=_FLOWSHEET),
    Panel("SCALE", ("WEIGHT",), delay=_FLOWSHEET),
    Panel("PAIN", ("PAIN",), delay=_FLOWSHEET),
    Panel("NEURO", ("GCS", "RASS"), delay=_FLOWSHEET),
    Panel("URINE", ("URINEOUTPUT",), delay=_FLOWSHEET),
    Panel("VENTILATOR", ("FIO2", "PEEP", "TIDALVOLUME"), delay=_FLOWSHEET),
)  # fmt: skip

PLACE: dict[str, int] = {panel.name: place for place, panel in enumerate(PANELS)}
"""Where each panel stands in PANELS."""

_DAY, _MORNING = 1440, 290

CADENCES: tuple[Cadence, ...] = (
    # Visits
    Cadence("clinic", "VITALS", 960), Cadence("clinic", "BODY", 620), Cadence("clinic", "PAIN", 400),
    Cadence("clinic", "CMP", 330), Cadence("clinic", "BMP", 180, lot="CMP", past=330), Cadence("clinic", "CBC", 300), Cadence("clinic", "CBCDIFF", 110, lot="CBC", past=300),
    Cadence("clinic", "LIPIDS", 170), Cadence("clinic", "A1C", 110), Cadence("clinic", "A1C", 310, past=110, only="diabetes"),
    Cadence("clinic", "TSH", 130), Cadence("clinic", "TSH", 220, past=130, only="thyroid"), Cadence("clinic", "FT4", 50),
    Cadence("clinic", "FT4", 200, past=50, only="thyroid"), Cadence("clinic", "UACR", 220, only="diabetes"), Cadence("clinic", "VITD", 50),
    Cadence("clinic", "B12", 35), Cadence("clinic", "IRON", 60), Cadence("clinic", "IRON", 150, past=60, only="renal_anemia"),
    Cadence("clinic", "PTH", 220, only="mineral"), Cadence("clinic", "PHOS", 350, only="mineral"), Cadence("clinic", "URICACID", 250, only="gout"),
    Cadence("clinic", "MG", 70), Cadence("clinic", "ECG", 80), Cadence("clinic", "ECG", 140, past=80, only="coronary"), Cadence("clinic", "BNP", 350, only="failure"),
    Cadence("clinic", "INR", 70, only="fibrillation"), Cadence("clinic", "ESR", 25), Cadence("clinic", "CRP", 40),
    Cadence("infusion", "VITALS", 1000), Cadence("infusion", "SCALE", 950), Cadence("infusion", "CBCDIFF", 950), Cadence("infusion", "CMP", 900),
    Cadence("infusion", "MG", 450), Cadence("infusion", "LDH", 180), Cadence("infusion", "CEA", 250, only="solid"), Cadence("infusion", "TSH", 90), Cadence("infusion", "PAIN", 600),
    Cadence("dialysis", "SESSION", 1000), Cadence("dialysis", "SESSION", 950, lot="AFTER", later=215), Cadence("dialysis", "BMP", 110), Cadence("dialysis", "CBC", 110),
    Cadence("dialysis", "PHOS", 90), Cadence("dialysis", "PTH", 30), Cadence("dialysis", "IRON", 30),
    # Emergency department: ticks count from midnight, so a stay of five hours meets two or three of them
    Cadence("emergency", "VITALS", 950, every=110, jitter=25), Cadence("emergency", "CMP", 800, every=280, jitter=20),
    Cadence("emergency", "CBCDIFF", 850, every=280, jitter=20), Cadence("emergency", "LACTATE", 300, every=280, jitter=20),
    Cadence("emergency", "TROPONIN", 350, every=180, jitter=20), Cadence("emergency", "ECG", 550, every=280, jitter=30),
    Cadence("emergency", "PAIN", 700, every=150, jitter=30), Cadence("emergency", "INR", 250, every=280, jitter=20),
    Cadence("emergency", "MG", 250, every=280, jitter=20), Cadence("emergency", "FINGERSTICK", 600, every=240, jitter=30, only="diabetes"),
    # Ward
    Cadence("ward", "VITALS", 960, every=240, jitter=35), Cadence("ward", "PAIN", 650, every=240, jitter=40), Cadence("ward", "SCALE", 450, every=_DAY, at=360, jitter=60),
    Cadence("ward", "BMP", 760, every=_DAY, at=_MORNING, jitter=100), Cadence("ward", "CMP", 130, lot="BMP", past=760, every=_DAY, at=_MORNING, jitter=100),
    Cadence("ward", "CBC", 600, every=_DAY, at=_MORNING, jitter=100), Cadence("ward", "CBCDIFF", 220, lot="CBC", past=600, every=_DAY, at=_MORNING, jitter=100),
    Cadence("ward", "MG", 620, every=_DAY, at=_MORNING, jitter=100), Cadence("ward", "PHOS", 420, every=_DAY, at=_MORNING, jitter=100),
    Cadence("ward", "FINGERSTICK", 110, every=360, at=80, jitter=60), Cadence("ward", "FINGERSTICK", 770, past=110, every=360, at=80, jitter=60, only="diabetes"),
    Cadence("ward", "INR", 170, every=_DAY, at=_MORNING, jitter=100), Cadence("ward", "PTT", 60, every=_DAY, at=_MORNING, jitter=100), Cadence("ward", "HEPATIC", 120, every=_DAY, at=_MORNING, jitter=100),
    Cadence("ward", "CRP", 120, every=_DAY, at=_MORNING, jitter=100), Cadence("ward", "ECG", 130, every=_DAY, at=520, jitter=300), Cadence("ward", "LACTATE", 60, every=720, at=400, jitter=200),
    Cadence("ward", "PROCALCITONIN", 90, every=_DAY, at=_MORNING, jitter=100), Cadence("ward", "BNP", 160, every=_DAY, at=_MORNING, jitter=100, only="failure"),
    Cadence("ward", "LIPIDS", 25, every=_DAY, at=_MORNING, jitter=100), Cadence("ward", "TSH", 40, every=_DAY, at=_MORNING, jitter=100), Cadence("ward", "A1C", 50, every=_DAY, at=_MORNING, jitter=100),
    Cadence("ward", "TROPONIN", 500, every=360, at=60, jitter=60, only="infarction"),
    # Intensive care
    Cadence("icu", "MONITOR", 980, every=60, jitter=8), Cadence("icu", "VITALS", 500, every=240, at=20, jitter=15), Cadence("icu", "URINE", 930, every=60, at=2, jitter=10),
    Cadence("icu", "NEURO", 900, every=240, at=10, jitter=25), Cadence("icu", "VENTILATOR", 900, every=240, at=15, jitter=20, only="respiratory"), Cadence("icu", "PAIN", 550, every=240, at=10, jitter=30),
    Cadence("icu", "SCALE", 800, every=_DAY, at=330, jitter=60), Cadence("icu", "BMP", 900, every=480, at=_MORNING - 50, jitter=60), Cadence("icu", "CBC", 850, every=720, at=_MORNING - 50, jitter=60),
    Cadence("icu", "CBCDIFF", 150, lot="CBC", past=850, every=720, at=_MORNING - 50, jitter=60), Cadence("icu", "MG", 850, every=720, at=_MORNING - 50, jitter=60), Cadence("icu", "PHOS", 800, every=720, at=_MORNING - 50, jitter=60),
    Cadence("icu", "HEPATIC", 750, every=_DAY, at=_MORNING - 50, jitter=60), Cadence("icu", "INR", 700, every=_DAY, at=_MORNING - 50, jitter=60), Cadence("icu", "PTT", 550, every=_DAY, at=_MORNING - 50, jitter=60),
    Cadence("icu", "ABG", 750, every=360, at=200, jitter=90), Cadence("icu", "LACTATE", 600, every=360, at=200, jitter=90), Cadence("icu", "FINGERSTICK", 850, every=240, at=40, jitter=40),
    Cadence("icu", "ECG", 600, every=_DAY, at=400, jitter=300), Cadence("icu", "TROPONIN", 150, every=_DAY, at=_MORNING, jitter=200), Cadence("icu", "PROCALCITONIN", 350, every=_DAY, at=_MORNING - 50, jitter=60),
    Cadence("icu", "CRP", 300, every=_DAY, at=_MORNING - 50, jitter=60),
)  # fmt: skip
