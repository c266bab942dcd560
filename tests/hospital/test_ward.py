from __future__ import annotations

import time
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.rows import MISSING, STATUSES, Template
from medagentbenchv2.hospital.ward import Person, Ward, minutes

from .fingerprint import END

HEPARIN = "HEPARIN (PORCINE) 5,000 UNIT/ML INJ SOLN"


def records_of(ward: Ward, person: Person) -> list[tuple[Template, int, int, str, int]]:
    """(template, minute, value, status, delay) of a person's records, in order."""
    records = ward.records()
    rows = records.rows
    return [
        (
            records.templates[rows.template[at]], int(rows.minute[at]), int(rows.value[at]),
            STATUSES[rows.status[at]], int(rows.delay[at]),
        )
        for at in np.flatnonzero(rows.patient == person.index)
    ]  # fmt: skip


def orders(ward: Ward, person: Person) -> list[str]:
    return [row[0].key for row in records_of(ward, person) if row[0].kind == "MedicationRequest"]


def test_a_planted_reading_is_exact_and_the_only_one_after_clearing(ward: Ward) -> None:
    person = ward.people[0]
    ward.clear(person, "MG")
    ward.observe(person, "MG", END - timedelta(hours=2), 1.4)
    rows = [row for row in records_of(ward, person) if row[0].key == "MG"]
    assert [(row[1], row[2], row[3]) for row in rows] == [(minutes(END) - 120, 14, "final")]
    assert (rows[0][0].unit, rows[0][0].decimals) == ("mg/dL", 1)


def test_clearing_touches_neither_other_people_nor_other_codes(ward: Ward) -> None:
    one, other = ward.people[:2]
    before, others = records_of(ward, one), records_of(ward, other)
    ward.clear(one, "K")
    assert records_of(ward, one) == [row for row in before if row[0].key != "K"]
    assert len(records_of(ward, one)) < len(before)
    assert records_of(ward, other) == others


def test_clearing_also_drops_what_was_planted_before_it_and_keeps_what_comes_after(ward: Ward) -> None:
    person = ward.people[1]
    ward.observe(person, "HGB", END - timedelta(days=1), 9.9)
    ward.clear(person, "HGB")
    ward.observe(person, "HGB", END - timedelta(days=2), 8.8)
    assert [row[2] for row in records_of(ward, person) if row[0].key.startswith("HGB")] == [88]


def test_a_code_is_cleared_in_every_resource_type(ward: Ward) -> None:
    person = ward.people[2]
    ward.procedure(person, "NUR1373", END - timedelta(days=3))
    ward.service(person, "NUR1373", END - timedelta(days=2), note="Remove it.")
    ward.clear(person, "NUR1373")
    assert not [row for row in records_of(ward, person) if "NUR1373" in row[0].key]


def test_sex_decides_the_reference_range(ward: Ward) -> None:
    woman = next(person for person in ward.people if person.gender == "female")
    man = next(person for person in ward.people if person.gender == "male")
    for person in (woman, man):
        ward.clear(person, "HGB")
        ward.observe(person, "HGB", END, 13.0)
    ranges = [
        next((row[0].low, row[0].high) for row in records_of(ward, person) if row[0].key.startswith("HGB"))
        for person in (woman, man)
    ]
    assert ranges == [(120, 155), (135, 175)]


def test_a_reading_in_another_unit_is_the_same_analyte(ward: Ward) -> None:
    person = ward.people[0]
    ward.clear(person, "GLU")
    ward.observe(person, "GLU", END, 7.4, unit="mmol/L")
    (row,) = [row for row in records_of(ward, person) if row[0].key.startswith("GLU")]
    assert (row[0].unit, row[0].decimals, row[2]) == ("mmol/L", 1, 74)
    assert (row[0].low, row[0].high) == (39, 56) or (row[0].low, row[0].high) == (39, 55)
    ward.clear(person, "GLU")
    assert not [row for row in records_of(ward, person) if row[0].key.startswith("GLU")]


@pytest.mark.parametrize(("code", "value"), [("MG", 1.45), ("QTCINTERVAL", 500.5), ("A1C", 6.49)])
def test_a_value_that_the_analyte_cannot_hold_is_refused(ward: Ward, code: str, value: float) -> None:
    with pytest.raises(ArgumentError, match=str(value)):
        ward.observe(ward.people[0], code, END, value)


def test_wrong_codes_units_statuses_and_naive_times_are_refused_by_name(ward: Ward) -> None:
    person = ward.people[0]
    with pytest.raises(ArgumentError, match=r"code: 'MGG'.*did you mean 'MG'"):
        ward.observe(person, "MGG", END, 2.0)
    with pytest.raises(ArgumentError, match="unit: 'g/L'"):
        ward.observe(person, "MG", END, 2.0, unit="g/L")
    with pytest.raises(ArgumentError, match="status: 'done'"):
        ward.procedure(person, "IMGCT0491", END, status="done")
    with pytest.raises(ArgumentError, match="time zone"):
        ward.procedure(person, "IMGCT0491", datetime(2023, 1, 1))  # noqa: DTZ001
    with pytest.raises(ArgumentError, match="time zone"):
        Ward.open(end=datetime(2023, 1, 1))  # noqa: DTZ001


def test_orders_are_cleared_by_words_in_any_case(ward: Ward) -> None:
    person = ward.people[3]
    ward.order(person, HEPARIN, END)
    ward.order(person, "ENOXAPARIN 30 MG/0.3 ML SUBCUTANEOUS SYRINGE", END)
    kept = [text for text in orders(ward, person) if "HEPARIN" not in text and "ENOXAPARIN" not in text]
    ward.clear_orders(person, "heparin", "Enoxaparin")
    assert orders(ward, person) == kept
    ward.order(person, "HEPARIN (PORCINE) 1,234 UNIT/ML INJ SOLN", END)
    ward.clear_orders(person, "heparin", "Enoxaparin")
    assert orders(ward, person) == kept


def test_an_order_has_the_formularys_dose_route_and_timing(ward: Ward) -> None:
    person = ward.people[4]
    ward.clear_orders(person, "heparin")
    ward.order(person, HEPARIN, END, status="stopped")
    (row,) = [row for row in records_of(ward, person) if row[0].key == HEPARIN]
    (dosage,) = row[0].body["dosageInstruction"]
    assert row[3] == "stopped"
    assert dosage["timing"]["code"]["text"] == "Every 8 hours"
    assert dosage["route"]["text"] == "Subcutaneous"
    assert dosage["doseAndRate"] == [{"doseQuantity": {"value": 5000, "unit": "Units"}}]


def test_records_without_a_date_come_first_and_have_none(ward: Ward) -> None:
    person = ward.people[5]
    ward.order(person, "NALOXONE 4 MG/ACTUATION NASAL SPRAY", None)
    assert next(row[1] for row in records_of(ward, person) if row[0].kind == "MedicationRequest") == MISSING


def test_a_diagnosis_keeps_onset_and_recording_apart(ward: Ward) -> None:
    person = ward.people[6]
    ward.diagnose(person, "C64.2", END - timedelta(days=30), recorded=END - timedelta(days=10))
    (row,) = [row for row in records_of(ward, person) if row[0].key == "C64.2"]
    assert row[1] == minutes(END) - 30 * 1440
    assert row[4] == 20 * 1440
    assert row[3] == "active"
    assert row[0].body["code"]["coding"][0]["display"].startswith("Malignant neoplasm of left kidney")


def test_a_look_alike_shares_the_family_name_and_nearly_the_birth_date(ward: Ward) -> None:
    person = ward.people[7]
    twins = [ward.look_alike(person, days=days) for days in (1, -2, 1)]
    assert {twin.family for twin in twins} == {person.family}
    assert len({person.given, *(twin.given for twin in twins)}) == 4
    assert [(twin.birth_date - person.birth_date).days for twin in twins] == [1, -2, 1]
    assert all(not twin.charted and ward.people[twin.index] == twin for twin in twins)
    assert [twin.gender for twin in twins] == [person.gender] * 3
    assert ward.records().patients[twins[0].index]["name"][0]["family"] == person.family


def test_look_alikes_run_out_with_a_sentence_that_says_so() -> None:
    ward = Ward.open(end=END, patients=2, visitors=1, scale=0.01)
    ward.look_alike(ward.people[0])
    with pytest.raises(ArgumentError, match="visitors"):
        ward.look_alike(ward.people[0])


def test_a_new_birth_date_or_name_is_in_the_patient_resource(ward: Ward) -> None:
    person = ward.set_birth_date(ward.people[8], date(1970, 11, 13))
    person = ward.rename(person, given="Zoe")
    patient = ward.records().patients[8]
    assert (patient["birthDate"], patient["name"][0]["given"]) == ("1970-11-13", ["Zoe"])
    assert person == ward.people[8]


def test_rows_are_in_the_order_of_a_load_by_type_patient_and_time(ward: Ward) -> None:
    for person in ward.people[:12]:
        ward.observe(person, "K", END - timedelta(days=200), 4.0)
        ward.procedure(person, "IMGCT0491", END - timedelta(days=300))
        ward.service(person, "NUR1373", END - timedelta(days=1))
    records = ward.records()
    rank = ["Observation", "Procedure", "Condition", "MedicationRequest", "ServiceRequest"]
    kinds = np.array([rank.index(template.kind) for template in records.templates])[records.rows.template]
    keys = list(zip(kinds.tolist(), records.rows.patient.tolist(), records.rows.minute.tolist(), strict=True))
    assert keys == sorted(keys)


def test_planting_order_decides_among_records_of_one_minute(ward: Ward) -> None:
    person = ward.people[9]
    ward.clear_orders(person, "heparin", "apixaban")
    for text in (HEPARIN, "APIXABAN 5 MG TABLET"):
        ward.order(person, text, END)
    assert orders(ward, person)[-2:] == [HEPARIN, "APIXABAN 5 MG TABLET"]


def test_records_may_be_taken_twice_and_planting_goes_on(ward: Ward) -> None:
    first = ward.records()
    assert np.array_equal(first.rows.value, ward.records().rows.value)
    ward.observe(ward.people[0], "K", END, 4.0)
    assert len(ward.records().rows.value) == len(first.rows.value) + 1


def test_thousands_of_plantings_take_a_blink() -> None:
    ward = Ward.open(end=END, number=1, scale=0.05)
    began = time.perf_counter()
    for turn in range(4000):
        person = ward.people[turn % 100]
        ward.clear(person, "MG")
        ward.clear_orders(person, "heparin", "apixaban")
        ward.observe(person, "MG", END - timedelta(minutes=turn), 1.9)
        ward.order(person, HEPARIN, END - timedelta(minutes=turn))
    ward.records()
    assert time.perf_counter() - began < 2
