# ruff: noqa: E501 (one row a line)
"""What a clinician and a statistician would check in the default hospital."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from medagentbenchv2.fhir.rows import MISSING, STATUSES, Records
from medagentbenchv2.hospital.analytes import ANALYTES, BY_CODE
from medagentbenchv2.hospital.ward import Ward, minutes

from .fingerprint import END

if TYPE_CHECKING:
    from .conftest import Table

# Published totals of MedAgentBench's EHR, and what the background holds beyond them for families to clear, in per cent.
TOTALS = {"Observation": 563_426, "Procedure": 124_969, "Condition": 74_821, "MedicationRequest": 21_991}
HEADROOM = {"Observation": 2.6, "Procedure": 0, "Condition": 0, "MedicationRequest": 1.7}


@pytest.mark.parametrize("kind", TOTALS)
def test_totals_are_the_published_ones_with_room_for_planting(table0: Table, kind: str) -> None:
    assert abs(100 * table0.count(kind) / TOTALS[kind] - 100 - HEADROOM[kind]) < 0.5


def test_nothing_else_is_in_the_background(table0: Table) -> None:
    assert set(np.unique(table0.kind)) == set(TOTALS)


def test_charts_are_heavy_tailed(world0: Records, table0: Table) -> None:
    sizes = np.bincount(world0.rows.patient[table0.kind == "Observation"], minlength=100)
    assert 1500 <= np.median(sizes) <= 1900
    assert sizes.max() > 5000
    assert sizes.min() > 200


def test_a_smaller_scale_gives_smaller_charts_in_proportion() -> None:
    records = Ward.open(end=END, number=9, patients=24, scale=0.1).records()
    kinds = np.array([template.kind for template in records.templates])[records.rows.template]
    assert abs(int((kinds == "Observation").sum()) / (5634.26 * 2.4) - 1.026) < 0.08


def test_five_years_end_at_the_clock(world0: Records) -> None:
    rows = world0.rows
    assert (rows.minute != MISSING).all()
    assert (rows.minute.astype(np.int64) + rows.delay).max() <= minutes(END)
    assert rows.delay.min() >= 0
    measured = rows.minute[rows.value != MISSING]
    assert measured.min() >= minutes(END) - 5 * 366 * 1440
    assert measured.min() < minutes(END) - 4.9 * 365 * 1440


def test_no_analyte_is_measured_twice_in_a_minute(world0: Records, table0: Table) -> None:
    rows = world0.rows
    here = table0.kind == "Observation"
    keys = np.stack([rows.patient[here], rows.template[here], rows.minute[here]])
    assert np.unique(keys, axis=1).shape[1] == here.sum()


def test_rows_of_trouble_belong_to_the_families_alone(world0: Records, table0: Table) -> None:
    allowed = {
        "Observation": {"final"}, "Procedure": {"completed"}, "Condition": {"active", "resolved"},
        "MedicationRequest": {"active", "completed", "stopped"},
    }  # fmt: skip
    for kind, statuses in allowed.items():
        assert {STATUSES[place] for place in np.unique(world0.rows.status[table0.kind == kind])} == statuses


def test_every_reading_is_within_physiological_limits(world0: Records, table0: Table) -> None:
    for code in BY_CODE.keys() - {"SBP", "DBP"}:
        values = world0.rows.value[table0.analyte(code)]
        low, high = ANALYTES[BY_CODE[code]].limits
        assert len(values) > 20, code
        assert values.min() >= low, code
        assert values.max() <= high, code


def test_hardly_any_reading_sticks_to_a_limit(world0: Records, table0: Table) -> None:
    for analyte in ANALYTES:
        if analyte.limits[1] - analyte.limits[0] < 60 or analyte.code in ("SBP", "DBP"):
            continue
        values = world0.rows.value[table0.analyte(analyte.code)]
        stuck = float(((values <= analyte.limits[0]) | (values >= analyte.limits[1])).mean())
        assert stuck < 0.005, analyte.code


def test_blood_pressure_has_a_plausible_pulse_pressure(world0: Records, table0: Table) -> None:
    values = world0.rows.value[table0.analyte("BP")]
    systolic, diastolic = values // 1000, values % 1000
    assert (systolic - diastolic >= 10).all()
    assert systolic.min() >= 70
    assert systolic.max() <= 225
    assert 118 <= np.median(systolic) <= 134
    assert 65 <= np.median(diastolic) <= 82


# Share of readings outside the reference range, in per cent, low then high: a tertiary hospital's mix of sick and well.
SHARES = {
    "NA": ((1, 15), (0.3, 8)), "K": ((1, 10), (1, 10)), "CL": ((1, 12), (1, 15)), "CR": ((0, 5), (15, 45)), "GLU": ((0.3, 4), (50, 85)),
    "CA": ((3, 25), (0, 5)), "MG": ((1, 12), (5, 25)), "WBC": ((0.5, 8), (10, 35)), "HGB": ((30, 65), (0, 3)), "PLT": ((3, 20), (0.5, 8)),
    "LACTATE": ((0, 1), (25, 65)), "INR": ((0, 2), (20, 60)), "A1C": ((0, 0), (50, 90)), "TSH": ((0, 5), (1, 20)), "SPO2": ((10, 45), (0, 0)),
    "TEMP": ((0, 5), (10, 40)), "PULSE": ((0, 5), (15, 45)),
}  # fmt: skip


@pytest.mark.parametrize("code", SHARES)
def test_as_many_readings_are_abnormal_as_in_a_real_hospital(world0: Records, table0: Table, code: str) -> None:
    here = table0.analyte(code)
    low = np.array([np.iinfo(np.int32).min if t.low is None else t.low for t in world0.templates])[
        world0.rows.template[here]
    ]
    high = np.array([np.iinfo(np.int32).max if t.high is None else t.high for t in world0.templates])[
        world0.rows.template[here]
    ]
    values = world0.rows.value[here]
    (least_low, most_low), (least_high, most_high) = SHARES[code]
    assert least_low <= 100 * (values < low).mean() <= most_low
    assert least_high <= 100 * (values > high).mean() <= most_high


@pytest.mark.parametrize(("first", "second", "sign", "least"), [
    ("CR", "BUN", 1, 0.6), ("CR", "EGFR", -1, 0.6), ("CR", "K", 1, 0.15), ("HGB", "HCT", 1, 0.95), ("HGB", "RBC", 1, 0.7), ("NA", "CL", 1, 0.5),
    ("CO2", "AGAP", -1, 0.3), ("WBC", "NEUTABS", 1, 0.8), ("AST", "ALT", 1, 0.5), ("PHA", "HCO3A", 1, 0.2), ("TSH", "FT4", -1, 0.2),
    ("HEARTRATE", "QTINTERVAL", -1, 0.6), ("PULSE", "TEMP", 1, 0.15), ("ALB", "CA", 1, 0.3), ("WEIGHT", "BMI", 1, 0.6), ("RESP", "SPO2", -1, 0.3),
])  # fmt: skip
def test_analytes_move_together_as_physiology_says(
    table0: Table, first: str, second: str, sign: int, least: float
) -> None:
    one, other = table0.pairs(first, second)
    assert sign * np.corrcoef(one, other)[0, 1] > least


def test_calculated_readings_follow_from_their_siblings(table0: Table) -> None:
    sodium, gap = table0.pairs("NA", "AGAP")
    chloride, bicarbonate = table0.pairs("CL", "CO2")
    assert (sodium - chloride - bicarbonate == gap).mean() > 0.999
    qt, rate = table0.pairs("QTINTERVAL", "HEARTRATE")
    corrected, _ = table0.pairs("QTCINTERVAL", "HEARTRATE")
    assert np.abs(qt / np.sqrt(60 / rate) - corrected).max() < 4


def test_a_patient_resembles_himself_more_than_others(world0: Records, table0: Table) -> None:
    rows, here = world0.rows, table0.analyte("CR")
    same = rows.patient[here][1:] == rows.patient[here][:-1]
    values = np.log(rows.value[here].astype(float))
    assert np.corrcoef(values[:-1][same], values[1:][same])[0, 1] > 0.8


def test_temperature_and_pulse_are_higher_in_the_afternoon_than_before_dawn(world0: Records, table0: Table) -> None:
    here = table0.analyte("TEMP")
    hour = world0.rows.minute[here] % 1440 // 60
    values = world0.rows.value[here]
    assert values[(hour >= 15) & (hour < 20)].mean() > values[(hour >= 2) & (hour < 6)].mean() + 1


def test_morning_is_when_blood_is_drawn_on_wards(world0: Records, table0: Table) -> None:
    hour = world0.rows.minute[table0.analyte("PHOS")] % 1440 // 60
    assert ((hour >= 4) & (hour <= 6)).mean() > 0.5


def test_a_panel_shares_its_minute(table0: Table) -> None:
    sodium, potassium = table0.pairs("NA", "K")
    assert len(sodium) == table0.analyte("NA").sum() == len(potassium)


def test_diagnoses_fit_sex_and_age(world0: Records, table0: Table) -> None:
    women = np.array([patient["gender"] == "female" for patient in world0.patients])[world0.rows.patient]
    conditions = table0.kind == "Condition"
    prostate = table0.where(lambda kind, key: kind == "Condition" and key in ("C61", "N40.1"))
    breast = table0.where(lambda kind, key: kind == "Condition" and key in ("C50.911", "N95.1"))
    assert prostate.any()
    assert not (prostate & women).any()
    assert not (breast & ~women).any()
    pregnancy = table0.where(lambda kind, key: kind == "Condition" and key.startswith("O"))
    assert not pregnancy.any()
    born = np.array(
        [np.datetime64(patient["birthDate"]).astype("datetime64[m]").astype(np.int64) for patient in world0.patients]
    )
    assert (world0.rows.minute[conditions] > born[world0.rows.patient[conditions]]).all()


@pytest.mark.parametrize(
    ("after", "before"), [("D70.1", "Z51.11"), ("Z99.2", "N18.6"), ("D63.1", "N18.4"), ("E11.42", "E11.22")]
)
def test_what_follows_from_a_disease_does_not_begin_before_it(
    world0: Records, table0: Table, after: str, before: str
) -> None:
    rows = world0.rows
    first, second = (
        table0.where(lambda kind, key, code=code: kind == "Condition" and key == code) for code in (before, after)
    )
    shared = np.intersect1d(rows.patient[first], rows.patient[second])
    assert len(shared)
    for patient in shared:
        mine = rows.patient == patient
        assert rows.minute[first & mine].min() <= rows.minute[second & mine].min()


def test_drugs_fit_sex(world0: Records, table0: Table) -> None:
    women = np.array([patient["gender"] == "female" for patient in world0.patients])[world0.rows.patient]
    prostate = table0.where(lambda _, key: key.startswith(("TAMSULOSIN", "FINASTERIDE", "LEUPROLIDE", "BICALUTAMIDE")))
    assert prostate.any()
    assert not (prostate & women).any()
    breast = table0.where(lambda _, key: key.startswith(("ANASTROZOLE", "ESTRADIOL")))
    assert not (breast & ~women).any()


def test_nobody_had_covid_before_it_existed(world0: Records, table0: Table) -> None:
    covid = table0.where(lambda _, key: key in ("U07.1", "COVIDVACCINE") or key.startswith("REMDESIVIR"))
    assert world0.rows.minute[covid].min() > np.datetime64("2020-03-01T00:00", "m").astype(np.int64)


def test_diabetics_have_the_higher_a1c(world0: Records, table0: Table) -> None:
    diabetic = np.unique(
        world0.rows.patient[table0.where(lambda kind, key: kind == "Condition" and key in ("E11.9", "E11.22"))]
    )
    here = table0.analyte("A1C")
    ill = np.isin(world0.rows.patient[here], diabetic)
    values = world0.rows.value[here]
    assert np.median(values[ill]) > 65 > 60 > np.median(values[~ill])


@pytest.mark.parametrize(("diagnosis", "code", "low", "high"), [
    ("E11.10", "GLU", 250, 500), ("E11.10", "CO2", 8, 19), ("E11.10", "AGAP", 15, 30), ("D61.810", "WBC", 2, 20), ("D61.810", "PLT", 5, 80),
    ("R65.21", "LACTATE", 25, 90), ("R65.21", "MAP", 60, 90), ("I21.4", "TROPHS", 200, 20000), ("K92.2", "HGB", 70, 120), ("J18.9", "WBC", 90, 200),
    ("J18.9", "SPO2", 88, 96), ("N17.9", "CR", 130, 400), ("R57.0", "AST", 60, 800),
])  # fmt: skip
def test_the_first_day_and_a_half_of_a_stay_looks_like_its_diagnosis(
    world0: Records, table0: Table, diagnosis: str, code: str, low: int, high: int
) -> None:
    rows = world0.rows
    stays = table0.where(lambda kind, key: kind == "Condition" and key == diagnosis)
    readings = table0.analyte(code)
    found: list[int] = []
    for patient, start in set(zip(rows.patient[stays].tolist(), rows.minute[stays].tolist(), strict=True)):
        here = readings & (rows.patient == patient) & (rows.minute >= start) & (rows.minute < start + 36 * 60)
        found.extend(rows.value[here].tolist())
    assert low <= np.median(found) <= high


def test_some_patients_are_in_hospital_when_the_charts_end(world0: Records, table0: Table) -> None:
    vitals = table0.analyte("TEMP") & (world0.rows.minute > minutes(END) - 1440)
    assert 3 <= len(np.unique(world0.rows.patient[vitals])) <= 25


def test_no_judged_drug_is_ordered_under_a_brand_name_alone(world0: Records, table0: Table) -> None:
    brands = re.compile(
        r"LOVENOX|ELIQUIS|XARELTO|COUMADIN|ZOFRAN|PERCOCET|NORCO|DILAUDID|NARCAN|HALDOL|SEROQUEL|ZYPREXA"
    )
    assert not table0.where(lambda kind, key: kind == "MedicationRequest" and bool(brands.search(key))).any()


def test_the_order_codes_that_tasks_read_are_all_in_use(table0: Table) -> None:
    for code in ("IMGCT0491", "IMGIL0001", "NUR1373", "90686", "COVIDVACCINE"):
        assert table0.where(lambda kind, key, code=code: kind == "Procedure" and key == code).any(), code


@pytest.mark.parametrize(
    "arguments",
    [
        {"patients": 0},
        {"patients": 1, "scale": 0.01},
        {"patients": 2, "years": 1, "scale": 0.3},
        {"patients": 3, "scale": 4.0},
        {"number": 4999, "patients": 2, "scale": 0.02},
    ],
)
def test_extreme_hospitals_open(arguments: dict[str, float]) -> None:
    records = Ward.open(end=END, visitors=3, **arguments).records()  # type: ignore[arg-type]
    assert len(records.patients) == arguments.get("patients", 100) + 3
    assert (records.rows.patient < len(records.patients)).all()
