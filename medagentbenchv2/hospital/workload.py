"""How long patients are in each setting, worked out backwards from the size of their charts.

A chart holds so many observations, of which the archetype's patients gather this share in that setting, at so many
observations a day or a visit there.
"""

from __future__ import annotations

import numpy as np

from medagentbenchv2.hospital.bits import Ints
from medagentbenchv2.hospital.census import Census
from medagentbenchv2.hospital.panels import CADENCES, PANELS, PLACE, Setting
from medagentbenchv2.hospital.problems import ARCHETYPES

DAY = 1440
"""Minutes."""

# Thousandths of a chart's observations by setting.
_MIX: dict[str, dict[Setting, int]] = {
    "outpatient": {"clinic": 800, "emergency": 80, "ward": 120},
    "renal": {"clinic": 390, "emergency": 70, "ward": 410, "dialysis": 130},
    "oncology": {"clinic": 160, "infusion": 420, "emergency": 60, "ward": 360},
    "surgical": {"clinic": 320, "emergency": 60, "ward": 620},
    "critical": {"clinic": 40, "emergency": 20, "ward": 330, "icu": 610},
}
_SURPLUS = 104
"""Per cent of what is needed: draws beyond the chart's size are dropped at random, as missed measurements are."""
_EMERGENCY_STAY = 300
"""Minutes."""


def units(census: Census, setting: Setting) -> Ints:
    """Thousandths of days (or of visits) that each patient spends in a setting."""
    rate = np.zeros(census.count, dtype=np.int64)
    for cadence in CADENCES:
        if cadence.setting != setting:
            continue
        codes = PANELS[PLACE[cadence.panel]].codes
        size = len(codes) - ("SBP" in codes)
        ticks = (
            1000 if not cadence.every else (_EMERGENCY_STAY if setting == "emergency" else DAY) * 1000 // cadence.every
        )
        weight = census.group(cadence.only) * 1000 if cadence.only else 1000
        if cadence.only and not census.group(cadence.only).any():
            weight = 300
        rate += size * ticks * cadence.share // 1000 * weight // 1000
    share = np.array([_MIX[name].get(setting, 0) for name in ARCHETYPES], dtype=np.int64)[census.archetype]
    if setting == "dialysis":
        share = np.where(census.group("esrd"), share, 0)
    wanted: Ints = census.observations * share * _SURPLUS * 10 // np.maximum(rate, 1)
    return wanted
