# ruff: noqa: E501 (one row a line)
"""What is measured: every analyte with its unit, usual adult range, physiological limits and what moves it.

Figures: usual adult reference ranges; limits are what a laboratory reports in a living patient. A factor is one strand
of a patient's physiology (see `physiology.py`); an analyte's loads say how far one standard deviation of the factor
moves it, in thousandths of the analyte's own spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

FACTORS: tuple[str, ...] = (
    "RENAL", "ANEMIA", "INFLAM", "SUGAR", "STRESS", "WATER", "ACID", "LIVER", "SHOCK", "LUNG", "HEART", "NUTRITION",
    "COAG", "THYROID", "LIPID", "MARROW", "KALEMIA", "MAGNESIUM", "CALCIUM", "PRESSURE", "BODY", "CLOCK", "RHYTHM",
    "NECROSIS",
)  # fmt: skip
"""Strands of physiology; positive means more of what the name says (RENAL: failure, ACID: acidosis, LUNG: hypoxia)."""


@dataclass(frozen=True)
class Analyte:
    """One measured quantity."""

    code: str
    """Shorthand under which it is stored and ordered."""
    unit: str
    """UCUM unit."""
    decimals: int
    """Decimal places of a reading; one unit in the last place is a quantum."""
    shape: Literal["linear", "log"]
    """linear: spread is in thousandths of a quantum; log: in thousandths of a doubling."""
    centre: tuple[int, int]
    """Usual value of women and of men, in quanta."""
    spread: int
    """One standard deviation, see shape."""
    noise: int
    """Measurement-to-measurement noise in thousandths of the spread."""
    limits: tuple[int, int]
    """Readings never leave these, in quanta."""
    normal: tuple[tuple[int | None, int | None], tuple[int | None, int | None]]
    """Reference range (low, high) of women and of men, in quanta; None where there is none."""
    loads: tuple[tuple[int, int], ...]
    """(factor's place in FACTORS, thousandths)."""
    vital: bool
    """True for category vital-signs, else laboratory."""

    @property
    def by_sex(self) -> bool:
        """True when women and men have different reference ranges."""
        return self.normal[0] != self.normal[1]


def _analyte(
    code: str, unit: str, centre: str, spread: str, limits: str, normal: str = "", /, *, noise: int = 400, log: bool = False,
    vital: bool = False, **loads: int,
) -> Analyte:  # fmt: skip
    centres = centre.split("|")
    decimals = -int(Decimal(centres[0]).as_tuple().exponent)
    ranges = [_range(text, decimals) for text in normal.split("|")]
    low, high = _range(limits, decimals)
    assert low is not None, code
    assert high is not None, code
    return Analyte(
        code=code,
        unit=unit,
        decimals=decimals,
        shape="log" if log else "linear",
        centre=(_quanta(centres[0], decimals), _quanta(centres[-1], decimals)),
        spread=_quanta(spread, 3 if log else decimals + 3),
        noise=noise,
        limits=(low, high),
        normal=(ranges[0], ranges[-1]),
        loads=tuple((FACTORS.index(name), load) for name, load in loads.items()),
        vital=vital,
    )


def _quanta(text: str, decimals: int) -> int:
    return int(Decimal(text).scaleb(decimals))


def _range(text: str, decimals: int) -> tuple[int | None, int | None]:
    low, _, high = (part.strip() for part in text.partition("to"))
    return (_quanta(low, decimals) if low else None, _quanta(high, decimals) if high else None)


# code, unit, centre (women|men), spread, limits, reference range (women|men)
ANALYTES: tuple[Analyte, ...] = (
    # Basic metabolic panel
    _analyte("NA", "mmol/L", "139", "2.0", "118 to 162", "135 to 145", WATER=1000),
    _analyte("K", "mmol/L", "4.1", "0.3", "2.4 to 6.9", "3.5 to 5.0", noise=550, RENAL=200, KALEMIA=900, ACID=250),
    _analyte("CL", "mmol/L", "103", "2.0", "80 to 130", "98 to 107"),
    _analyte("CO2", "mmol/L", "25", "1.6", "8 to 42", "22 to 29", ACID=-1000, LUNG=250, RENAL=-200),
    _analyte("BUN", "mg/dL", "13|15", "0.25", "3 to 140", "7 to 20", log=True, RENAL=800, SHOCK=250, NUTRITION=-100, noise=350),
    _analyte("CR", "mg/dL", "0.78|0.97", "0.2", "0.30 to 12.50", "0.60 to 1.10|0.70 to 1.30", log=True, RENAL=1000, noise=150),
    _analyte("GLU", "mg/dL", "95", "0.16", "38 to 640", "70 to 99", log=True, SUGAR=1000, STRESS=1000, noise=1100),
    _analyte("CA", "mg/dL", "9.3", "0.3", "6.4 to 14.2", "8.6 to 10.3", CALCIUM=900, NUTRITION=450, RENAL=-80),
    _analyte("AGAP", "mmol/L", "11", "1.6", "3 to 36", "4 to 16", ACID=750, RENAL=110, SHOCK=200),
    _analyte("EGFR", "mL/min/{1.73_m2}", "90", "15", "3 to 140", "60 to "),
    # Hepatic panel
    _analyte("ALB", "g/dL", "4.2", "0.25", "1.4 to 5.3", "3.5 to 5.0", NUTRITION=900, INFLAM=-350, LIVER=-150, noise=250),
    _analyte("TP", "g/dL", "7.0", "0.35", "3.8 to 9.6", "6.0 to 8.3"),
    _analyte("TBIL", "mg/dL", "0.5|0.6", "0.42", "0.1 to 28.0", "0.1 to 1.2", log=True, LIVER=900, noise=300),
    _analyte("ALKP", "U/L", "76", "0.25", "22 to 1200", "44 to 147", log=True, LIVER=800, INFLAM=150),
    _analyte("AST", "U/L", "21|24", "0.3", "8 to 4800", "8 to 40", log=True, LIVER=1000, SHOCK=250),
    _analyte("ALT", "U/L", "19|25", "0.33", "5 to 4200", "7 to 45|7 to 55", log=True, LIVER=1000, SHOCK=200),
    _analyte("MG", "mg/dL", "2.0", "0.17", "0.7 to 4.2", "1.7 to 2.2", MAGNESIUM=1000, RENAL=180, KALEMIA=150),
    _analyte("PHOS", "mg/dL", "3.5", "0.45", "0.8 to 11.0", "2.5 to 4.5", RENAL=420, NUTRITION=350, noise=600),
    # Blood count
    _analyte("WBC", "10*3/uL", "6.8", "0.3", "0.1 to 62.0", "4.0 to 11.0", log=True, INFLAM=850, MARROW=-800, noise=350),
    _analyte("HGB", "g/dL", "13.5|15.0", "0.8", "5.2 to 19.4", "12.0 to 15.5|13.5 to 17.5", ANEMIA=-1000, noise=250),
    _analyte("HCT", "%", "40.5|45.0", "2.4", "15.5 to 58.0", "36.0 to 46.0|41.0 to 53.0"),
    _analyte("RBC", "10*6/uL", "4.50|5.00", "0.30", "1.70 to 6.80", "3.80 to 5.10|4.30 to 5.90"),
    _analyte("MCV", "fL", "90.0", "5.5", "66.0 to 118.0", "80.0 to 100.0", noise=120, MARROW=450, LIVER=300),
    _analyte("MCH", "pg", "30.0", "1.5", "19.0 to 41.0", "27.0 to 33.0"),
    _analyte("MCHC", "g/dL", "33.3", "0.7", "28.0 to 37.5", "32.0 to 36.0"),
    _analyte("RDW", "%", "13.2", "0.09", "11.0 to 29.0", "11.5 to 14.5", log=True, ANEMIA=600, MARROW=500, noise=200),
    _analyte("PLT", "10*3/uL", "255|235", "0.28", "6 to 1100", "150 to 400", log=True, MARROW=-1000, INFLAM=250, LIVER=-350, noise=200),
    _analyte("MPV", "fL", "10.2", "0.7", "7.0 to 14.0", "9.0 to 13.0"),
    _analyte("NEUTPCT", "%", "59.0", "8.0", "2.0 to 97.0", "40.0 to 74.0", INFLAM=800, MARROW=-500),
    _analyte("LYMPCT", "%", "28.0", "6.0", "1.0 to 90.0", "19.0 to 48.0"),
    _analyte("MONOPCT", "%", "8.0", "2.0", "0.5 to 35.0", "3.0 to 13.0"),
    _analyte("EOSPCT", "%", "2.5", "1.4", "0.0 to 20.0", "0.0 to 7.0", INFLAM=-400),
    _analyte("BASOPCT", "%", "0.6", "0.2", "0.0 to 3.0", "0.0 to 2.0"),
    _analyte("NEUTABS", "10*3/uL", "4.00", "1.50", "0.00 to 58.00", "1.80 to 7.70"),
    _analyte("LYMABS", "10*3/uL", "1.90", "0.60", "0.00 to 30.00", "1.00 to 4.80"),
    # Coagulation
    _analyte("PT", "s", "12.8", "0.06", "9.8 to 95.0", "10.8 to 14.0", log=True),
    _analyte("INR", "{INR}", "1.0", "0.13", "0.8 to 8.5", "0.8 to 1.1", log=True, COAG=1000, LIVER=300, noise=250),
    _analyte("PTT", "s", "30.0", "0.1", "20.0 to 140.0", "24.0 to 35.0", log=True, COAG=600, LIVER=200),
    # Blood gas and perfusion
    _analyte("PHA", "[pH]", "7.40", "0.03", "6.95 to 7.65", "7.35 to 7.45", ACID=-1000),
    _analyte("PCO2A", "mm[Hg]", "40", "4", "18 to 98", "35 to 45", LUNG=500, ACID=-350),
    _analyte("PO2A", "mm[Hg]", "92", "0.22", "42 to 420", "80 to 100", log=True, LUNG=-350, noise=700),
    _analyte("HCO3A", "mmol/L", "24.0", "1.8", "5.0 to 48.0", "22.0 to 26.0"),
    _analyte("LACTATE", "mmol/L", "1.2", "0.48", "0.4 to 18.0", "0.5 to 2.0", log=True, SHOCK=800, ACID=300, LIVER=150, noise=500),
    # Heart, inflammation, endocrine, lipids and others
    _analyte("TROPHS", "ng/L", "8|11", "0.8", "3 to 22000", "to 14|to 22", log=True, HEART=700, RENAL=120, SHOCK=300, NECROSIS=1000, noise=300),
    _analyte("NTPROBNP", "pg/mL", "110", "0.8", "10 to 35000", "to 300", log=True, HEART=800, RENAL=180, noise=250),
    _analyte("CRP", "mg/dL", "0.4", "0.75", "0.1 to 42.0", "to 0.9", log=True, INFLAM=1000, noise=500),
    _analyte("ESR", "mm/h", "14|9", "0.5", "1 to 130", "to 30|to 20", log=True, INFLAM=700, ANEMIA=250),
    _analyte("PCT", "ng/mL", "0.07", "0.9", "0.02 to 90.00", "to 0.25", log=True, INFLAM=700, SHOCK=500),
    _analyte("A1C", "%", "5.4", "0.11", "4.2 to 14.8", "to 5.6", log=True, SUGAR=1000, ANEMIA=-60, noise=180),
    _analyte("TSH", "u[IU]/mL", "1.70", "0.55", "0.02 to 60.00", "0.40 to 4.00", log=True, THYROID=1000, noise=350),
    _analyte("FT4", "ng/dL", "1.20", "0.15", "0.30 to 3.90", "0.80 to 1.80", THYROID=-650),
    _analyte("CHOL", "mg/dL", "188", "32", "72 to 390", "to 199", LIPID=900, noise=250),
    _analyte("TRIG", "mg/dL", "112", "0.5", "30 to 900", "to 149", log=True, LIPID=350, BODY=300, SUGAR=120),
    _analyte("HDL", "mg/dL", "56|47", "0.27", "18 to 110", "50 to |40 to ", log=True, BODY=-350, noise=250),
    _analyte("LDL", "mg/dL", "108", "28", "18 to 290", "to 99"),
    _analyte("LDH", "U/L", "180", "0.28", "95 to 4200", "120 to 246", log=True, LIVER=450, INFLAM=300, MARROW=250),
    _analyte("URICACID", "mg/dL", "4.7|5.9", "0.28", "1.2 to 14.5", "2.6 to 6.0|3.5 to 7.2", log=True, RENAL=250, BODY=300),
    _analyte("FERRITIN", "ng/mL", "70|140", "0.9", "5 to 4800", "15 to 150|30 to 400", log=True, INFLAM=650, ANEMIA=-300),
    _analyte("IRON", "ug/dL", "85|98", "0.35", "10 to 260", "50 to 170|65 to 175", log=True, INFLAM=-450, ANEMIA=-350),
    _analyte("B12", "pg/mL", "480", "0.5", "110 to 2000", "200 to 900", log=True, NUTRITION=250),
    _analyte("VITD", "ng/mL", "30", "0.45", "6 to 105", "30 to 100", log=True, NUTRITION=400),
    _analyte("PTH", "pg/mL", "42", "0.5", "8 to 1400", "15 to 65", log=True, RENAL=450, CALCIUM=-400),
    _analyte("UACR", "mg/g", "9", "1.0", "2 to 6500", "to 29", log=True, RENAL=240, SUGAR=330, PRESSURE=250),
    _analyte("CEA", "ng/mL", "2.2", "2.2", "0.5 to 480.0", "to 3.0", log=True, noise=90),
    # Electrocardiogram
    _analyte("HEARTRATE", "/min", "74|71", "0.2", "36 to 182", "60 to 100", log=True, RHYTHM=700, SHOCK=380, INFLAM=210, ANEMIA=130, LUNG=130),
    _analyte("PRINTERVAL", "ms", "160", "0.17", "98 to 320", "120 to 200", log=True, HEART=200, noise=200),
    _analyte("QRSDINTERVAL", "ms", "90|97", "0.13", "68 to 190", "to 120", log=True, HEART=350, noise=200),
    _analyte("QTCINTERVAL", "ms", "428|418", "22", "350 to 590", "to 460|to 450", HEART=450, KALEMIA=-300, MAGNESIUM=-200, noise=550),
    _analyte("QTINTERVAL", "ms", "390", "30", "220 to 640"),
    _analyte("PAXIS", "deg", "48", "18", "-30 to 105", "0 to 75", noise=700),
    _analyte("RAXIS", "deg", "28", "30", "-88 to 135", "-30 to 90", noise=350, HEART=-350, LUNG=200),
    _analyte("TAXIS", "deg", "44", "24", "-80 to 200", "10 to 75", noise=500, HEART=600),
    # Flowsheet
    _analyte("SBP", "mm[Hg]", "120|124", "9", "72 to 222", vital=True, PRESSURE=1000, SHOCK=-700, CLOCK=350, BODY=250, noise=700),
    _analyte("DBP", "mm[Hg]", "73|76", "6", "38 to 124", vital=True),
    _analyte("MAP", "mm[Hg]", "90", "10", "40 to 160", vital=True),
    _analyte("PULSE", "/min", "76|73", "0.17", "38 to 178", "60 to 100", vital=True, log=True, RHYTHM=700, SHOCK=420, INFLAM=240, ANEMIA=140, LUNG=140, CLOCK=350),
    _analyte("RESP", "/min", "16", "0.14", "8 to 44", "12 to 20", vital=True, log=True, LUNG=600, ACID=350, INFLAM=200, noise=600),
    _analyte("TEMP", "Cel", "36.7", "0.27", "34.6 to 41.0", "36.1 to 37.2", vital=True, INFLAM=900, CLOCK=450, SHOCK=150, noise=550),
    _analyte("SPO2", "%", "97", "1.0", "78 to 100", "95 to 100", vital=True, LUNG=-900, noise=600),
    _analyte("WEIGHT", "kg", "72.0|84.0", "0.2", "38.0 to 190.0", vital=True, log=True, BODY=1000, noise=40),
    _analyte("HEIGHT", "cm", "162.0|176.0", "6.5", "142.0 to 200.0", vital=True, noise=0),
    _analyte("BMI", "kg/m2", "27.0", "4.0", "14.0 to 62.0", "18.5 to 24.9", vital=True),
    _analyte("PAIN", "{score}", "2", "2", "0 to 10", vital=True, INFLAM=250, noise=1100),
    _analyte("GCS", "{score}", "15", "1", "3 to 15", vital=True, SHOCK=-500, LUNG=-800),
    _analyte("RASS", "{score}", "-1", "1", "-5 to 4", vital=True, SHOCK=-200, noise=800),
    _analyte("URINEOUTPUT", "mL", "105", "0.75", "0 to 600", vital=True, log=True, RENAL=-250, SHOCK=-350, noise=900),
    _analyte("FIO2", "%", "35", "0.25", "21 to 100", vital=True, log=True, LUNG=700, noise=250),
    _analyte("PEEP", "cm[H2O]", "6", "0.25", "5 to 18", vital=True, log=True, LUNG=600, noise=100),
    _analyte("TIDALVOLUME", "mL", "400|470", "0.08", "260 to 640", vital=True, log=True, noise=350),
)  # fmt: skip

BY_CODE: dict[str, int] = {analyte.code: place for place, analyte in enumerate(ANALYTES)}
"""Where each code stands in ANALYTES."""

OTHER_UNITS: dict[tuple[str, str], tuple[int, Decimal]] = {
    ("GLU", "mmol/L"): (1, Decimal("18.0")),
    ("MG", "mmol/L"): (2, Decimal("2.43")),
    ("CR", "umol/L"): (0, Decimal("0.0113")),
}
"""Other units in which a laboratory may report: decimal places, and how many of the usual unit one of it is."""
