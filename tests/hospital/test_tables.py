# ruff: noqa: E501 (one row a line)
"""The literal tables refer to each other by name; a typing error would silence a drug or a diagnosis."""

from __future__ import annotations

import re

from medagentbenchv2.hospital.analytes import ANALYTES, BY_CODE, FACTORS
from medagentbenchv2.hospital.causes import CAUSES
from medagentbenchv2.hospital.derived import DERIVED
from medagentbenchv2.hospital.formulary import FORMULARY, drug_for
from medagentbenchv2.hospital.interactions import ALTERNATIVES, AVOID
from medagentbenchv2.hospital.orders import ORDERABLES
from medagentbenchv2.hospital.panels import CADENCES, PANELS, PLACE
from medagentbenchv2.hospital.problems import ACUTE, CHRONIC, PROBLEMS

OCCASIONS = {"stay", "icu", "surgery", "emergency", "chemotherapy_day", "dialysis"}
GROUPS = {problem.group for problem in PROBLEMS}
BRANDS = re.compile(r"\b(LOVENOX|ELIQUIS|XARELTO|COUMADIN|PRADAXA|ARIXTRA|FRAGMIN|ZOFRAN|COMPAZINE|HALDOL|SEROQUEL|ZYPREXA|"
                    r"RISPERDAL|GEODON|PERCOCET|NORCO|DILAUDID|DURAGESIC|OXYCONTIN|MS CONTIN|NARCAN)\b")  # fmt: skip
GENERICS = re.compile(r"heparin|enoxaparin|apixaban|rivaroxaban|warfarin|dabigatran|fondaparinux|dalteparin|ondansetron|"
                      r"oxycodone|hydrocodone|hydromorphone|morphine|fentanyl|naloxone|olanzapine|quetiapine", re.I)  # fmt: skip


def test_every_panel_measures_known_analytes_under_a_known_order() -> None:
    codes = {order.code for order in ORDERABLES}
    for panel in PANELS:
        assert set(panel.codes) <= BY_CODE.keys(), panel
        assert not panel.order or panel.order in codes, panel


def test_every_cadence_takes_a_known_panel_from_a_known_group() -> None:
    for cadence in CADENCES:
        assert cadence.panel in PLACE, cadence
        assert not cadence.only or cadence.only in GROUPS, cadence
        assert cadence.past + cadence.share <= 1000, cadence


def test_every_drug_is_for_something_that_exists() -> None:
    for drug in FORMULARY:
        for use, share in drug.uses:
            assert use in GROUPS | OCCASIONS, (drug.text, use)
            assert 0 < share <= 1000


def test_every_cause_brings_known_acute_problems_and_effects() -> None:
    acute = {problem.group for problem in ACUTE}
    for cause in CAUSES:
        assert set(cause.groups) <= acute, cause
        assert not cause.needs or cause.needs in GROUPS, cause
        assert {name for name, _ in cause.effects} <= set(FACTORS), cause


def test_problems_have_unique_codes_and_known_effects() -> None:
    assert len({problem.code for problem in PROBLEMS}) == len(PROBLEMS)
    for problem in CHRONIC:
        assert {name for name, _ in problem.effects} <= set(FACTORS), problem
        assert re.fullmatch(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?", problem.code), problem


def test_an_order_code_has_one_name() -> None:
    names: dict[str, str] = {}
    for order in ORDERABLES:
        assert names.setdefault(order.code, order.display) == order.display


def test_interactions_name_drugs_of_the_formulary() -> None:
    texts = tuple(drug.text for drug in FORMULARY)
    for word in [word for words in ALTERNATIVES for word in words] + [word for word, _ in AVOID]:
        assert any(text.startswith(word) for text in texts), word


def test_no_drug_of_the_background_is_known_by_its_brand_alone() -> None:
    for drug in FORMULARY:
        assert not BRANDS.search(drug.text) or GENERICS.search(drug.text), drug.text
        assert not (BRANDS.search(drug.text) and drug.uses), drug.text


def test_centres_lie_within_limits_and_reference_ranges() -> None:
    for analyte in ANALYTES:
        for sex in (0, 1):
            low, high = analyte.normal[sex]
            assert analyte.limits[0] <= analyte.centre[sex] <= analyte.limits[1], analyte.code
            if analyte.code not in ("BMI", "EGFR", "LDL"):
                assert low is None or low <= analyte.centre[sex], analyte.code
                assert high is None or analyte.centre[sex] <= high, analyte.code


def test_derived_readings_find_their_siblings_in_every_panel() -> None:
    needs = {"EGFR": ["CR"], "CL": ["NA", "CO2", "AGAP"], "RBC": ["HCT", "MCV"], "LDL": ["CHOL", "HDL", "TRIG"], "MAP": ["SBP", "DBP"],
             "QTINTERVAL": ["QTCINTERVAL", "HEARTRATE"], "BMI": ["WEIGHT", "HEIGHT"]}  # fmt: skip
    for panel in PANELS:
        for code in set(panel.codes) & needs.keys():
            assert set(needs[code]) <= set(panel.codes), panel.name
    assert set(DERIVED) <= BY_CODE.keys()


def test_a_text_outside_the_formulary_gets_its_dose_and_route_from_its_words() -> None:
    drug = drug_for("LOVENOX 30 MG/0.3 ML SUBCUTANEOUS SYRINGE")
    assert (drug.dose, drug.unit, drug.route) == (30, "mg", "Subcutaneous")
    assert drug_for("HEPARIN (PORCINE) 10,000 UNIT/ML INJ SOLN").dose == 10_000
    assert drug_for("MYSTERY ELIXIR").route == "Oral"
    assert drug_for("HEPARIN (PORCINE) 5,000 UNIT/ML INJ SOLN").timing == "Every 8 hours"


def test_every_unit_is_stated() -> None:
    assert [analyte.code for analyte in ANALYTES if not analyte.unit] == []
