"""From draws to readings: each analyte gets a value that fits the patient, the moment and its siblings in the draw."""

from __future__ import annotations

import numpy as np

from medagentbenchv2.fhir.rows import Rows
from medagentbenchv2.hospital.analytes import ANALYTES, BY_CODE, Analyte
from medagentbenchv2.hospital.bits import Bits, Ints
from medagentbenchv2.hospital.derived import DERIVED, Siblings
from medagentbenchv2.hospital.draws import Draws
from medagentbenchv2.hospital.fixed import times_power
from medagentbenchv2.hospital.panels import PANELS, Panel
from medagentbenchv2.hospital.physiology import Physiology
from medagentbenchv2.hospital.rows import columns, join
from medagentbenchv2.hospital.templates import Catalogue, observation_key

_WHOLE = frozenset({"HEIGHT", "WEIGHT", "CEA"})
"""Analytes in which people differ by far more than they change."""


def read(draws: Draws, body: Physiology, catalogue: Catalogue, bits: Bits, end: int) -> Rows:
    """All observations of all draws, panel by panel."""
    count = body.census.count
    own = bits.normal(len(ANALYTES) * count).reshape(len(ANALYTES), count)
    bounds = np.searchsorted(draws.panel, np.arange(len(PANELS) + 1))
    parts = []
    for place, panel in enumerate(PANELS):
        low, high = int(bounds[place]), int(bounds[place + 1])
        if high > low:
            here = Draws(*(column[low:high] for column in (draws.panel, draws.patient, draws.minute, draws.stay)))
            parts.append(_panel(panel, here, body, catalogue, own, bits, end))
    return join(parts) if parts else columns(*(np.zeros(0, dtype=np.int64),) * 3)


def _panel(panel: Panel, draws: Draws, body: Physiology, catalogue: Catalogue, own: Ints, bits: Bits, end: int) -> Rows:
    census, patient, minute = body.census, draws.patient, draws.minute
    count = len(patient)
    factors: dict[int, Ints] = {}
    values: dict[str, Ints] = {}
    male = census.male[patient]
    age = (minute // 1440 - census.birth[patient]) * 100 // 36525
    for code in (code for code in panel.codes if code not in DERIVED):
        analyte = ANALYTES[BY_CODE[code]]
        z = own[BY_CODE[code]][patient] * (1000 if code in _WHOLE else 500) // 1000
        for factor, load in analyte.loads:
            if factor not in factors:
                factors[factor] = body.at(factor, patient, minute, draws.stay)
            z = z + factors[factor] * load // 1000
        value = _value(analyte, z + bits.normal(count) * analyte.noise // 1000, male)
        values[code] = np.clip(value, *analyte.limits)
    for code in (code for code in DERIVED if code in panel.codes):
        value = DERIVED[code](Siblings(values, male, age, bits.normal(count)))
        values[code] = np.clip(value, *ANALYTES[BY_CODE[code]].limits)
    values = {code: values[code] for code in panel.codes}
    delay = np.minimum(bits.between(*panel.delay, count), np.maximum(end - minute, 0))
    return _rows(values, catalogue, patient, minute, male, delay)


def _value(analyte: Analyte, z: Ints, male: Ints) -> Ints:
    """A reading in quanta from its deviation in thousandths of the analyte's spread."""
    centre = np.array(analyte.centre, dtype=np.int64)[male]
    low, high = analyte.limits
    if analyte.shape == "log":
        value = times_power(centre * 64, np.clip(z * analyte.spread * 1024 // 1_000_000, -13_000, 13_000)) + 32 >> 6
    else:
        value = centre + (z * analyte.spread + 500_000) // 1_000_000
    if high - low < 60:
        return value
    # Far from the centre the body defends itself: near a limit (for log analytes only near the upper one and within a
    # quarter of the lower one) deviations count a quarter.
    bottom, top = centre - (centre - low) * 7 // 10, centre + (high - centre) * 7 // 10
    if analyte.shape == "log":
        bottom = np.minimum(centre, low + (low + 3) // 4)
    value = np.where(value > top, top + (value - top) // 4, value)
    return np.where(value < bottom, bottom - (bottom - value) // 4, value)


def _rows(values: dict[str, Ints], catalogue: Catalogue, patient: Ints, minute: Ints, male: Ints, delay: Ints) -> Rows:
    if "SBP" in values:
        values = {"BP": values["SBP"] * 1000 + values["DBP"]} | {
            k: v for k, v in values.items() if k not in ("SBP", "DBP")
        }
    template = []
    for code in values:
        if code == "BP":
            sexes = [catalogue.place("Observation", "BP")] * 2
        else:
            analyte = ANALYTES[BY_CODE[code]]
            sexes = [catalogue.place("Observation", observation_key(analyte, sex)) for sex in ("female", "male")]
        template.append(np.array(sexes, dtype=np.int64)[male])
    times = len(values)
    return columns(
        np.concatenate(template), np.tile(patient, times), np.tile(minute, times),
        value=np.concatenate(list(values.values())), delay=np.tile(delay, times),
    )  # fmt: skip
