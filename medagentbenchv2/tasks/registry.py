"""The families: one line each. Names live here and in the family's own file, nowhere else."""

from __future__ import annotations

from typing import Any

from medagentbenchv2.errors import ArgumentError, not_among
from medagentbenchv2.tasks.families.a1c_followup import A1cFollowup
from medagentbenchv2.tasks.families.average_glucose import AverageGlucose
from medagentbenchv2.tasks.families.catheter_removal import CatheterRemoval
from medagentbenchv2.tasks.families.covid_booster import CovidBooster
from medagentbenchv2.tasks.families.ct_followup import CtFollowup
from medagentbenchv2.tasks.families.dvt_prophylaxis import DvtProphylaxis
from medagentbenchv2.tasks.families.heart_rate_average import HeartRateAverage
from medagentbenchv2.tasks.families.influenza_vaccine import InfluenzaVaccine
from medagentbenchv2.tasks.families.latest_glucose import LatestGlucose
from medagentbenchv2.tasks.families.magnesium_level import MagnesiumLevel
from medagentbenchv2.tasks.families.magnesium_replacement import MagnesiumReplacement
from medagentbenchv2.tasks.families.naloxone_coverage import NaloxoneCoverage
from medagentbenchv2.tasks.families.orthopedic_referral import OrthopedicReferral
from medagentbenchv2.tasks.families.patient_age import PatientAge
from medagentbenchv2.tasks.families.patient_lookup import PatientLookup
from medagentbenchv2.tasks.families.potassium_replacement import PotassiumReplacement
from medagentbenchv2.tasks.families.qtc_management import QtcManagement
from medagentbenchv2.tasks.families.record_blood_pressure import RecordBloodPressure
from medagentbenchv2.tasks.families.renal_mass_followup import RenalMassFollowup
from medagentbenchv2.tasks.families.thyroid_protocol import ThyroidProtocol
from medagentbenchv2.tasks.family import Family

_V2: tuple[Family[Any], ...] = (
    CtFollowup(),
    DvtProphylaxis(),
    HeartRateAverage(),
    CatheterRemoval(),
    RenalMassFollowup(),
    ThyroidProtocol(),
    QtcManagement(),
    NaloxoneCoverage(),
    InfluenzaVaccine(),
    CovidBooster(),
)
_V1: tuple[Family[Any], ...] = (
    PatientLookup(),
    PatientAge(),
    RecordBloodPressure(),
    MagnesiumLevel(),
    MagnesiumReplacement(),
    AverageGlucose(),
    LatestGlucose(),
    OrthopedicReferral(),
    PotassiumReplacement(),
    A1cFollowup(),
)

_OWN: tuple[Family[Any], ...] = ()
"""Families of neither edition: asked in generated worlds, so that world 0 and the named variants stay what they are."""

FAMILIES: dict[str, Family[Any]] = {}
"""Slug -> family, V2 families first, then v1, then our own, each edition by number."""


def register(family: Family[Any]) -> None:
    """Add a family, also from outside the package. Raises ArgumentError when its slug or its number is taken."""
    for other in FAMILIES.values():
        if family.slug == other.slug:
            raise ArgumentError(f"family: the slug {family.slug!r} is taken by {type(other).__name__}; choose another")
        if (family.edition, family.number) == (other.edition, other.number):
            taken = f"the number {family.number} of edition {family.edition!r}"
            raise ArgumentError(f"family: {taken} is taken by {type(other).__name__}; choose another")
    FAMILIES[family.slug] = family


def family_of(slug: str) -> Family[Any]:
    """The family of a slug. Raises ArgumentError, naming the nearest slug, when there is none."""
    if slug not in FAMILIES:
        raise not_among("family", slug, FAMILIES)
    return FAMILIES[slug]


for _family in (*_V2, *_V1, *_OWN):
    register(_family)
