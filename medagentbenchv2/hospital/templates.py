"""What all records of one kind share: the bodies of Observation, Procedure, Condition and order templates."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from medagentbenchv2.errors import ArgumentError, not_among
from medagentbenchv2.fhir.rows import Template
from medagentbenchv2.hospital.analytes import ANALYTES, BY_CODE, OTHER_UNITS, Analyte
from medagentbenchv2.hospital.formulary import FORMULARY, Drug, drug_for
from medagentbenchv2.hospital.orders import ORDERABLES
from medagentbenchv2.hospital.problems import PROBLEMS

CPT = "http://www.ama-assn.org/go/cpt"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
_CONDITION_CATEGORIES = "http://terminology.hl7.org/CodeSystem/condition-category"


class Catalogue:
    """The templates of one hospital; grows when a family plants something that the background does not know."""

    def __init__(self) -> None:
        self.templates: list[Template] = list(_background())
        self.by_code: dict[str, list[int]] = {}
        self._place: dict[tuple[str, str], int] = {}
        for place, template in enumerate(self.templates):
            self._enter(place, template)

    def place(self, kind: str, key: str) -> int:
        """Index of a template that is known to exist."""
        return self._place[kind, key]

    def observation(self, code: str, gender: str, unit: str | None = None) -> int:
        """Index of the template of an analyte's readings, in its own unit or in another that a laboratory may use.

        Raises ArgumentError for an unknown analyte or unit.
        """
        if code == "BP":
            return self._place["Observation", "BP"]
        if code not in BY_CODE:
            raise not_among("code", code, [*BY_CODE, "BP"])
        analyte = ANALYTES[BY_CODE[code]]
        if unit is None or unit == analyte.unit:
            return self._place["Observation", observation_key(analyte, gender)]
        if (code, unit) not in OTHER_UNITS:
            raise not_among("unit", unit, [analyte.unit, *(other for name, other in OTHER_UNITS if name == code)])
        return self._add(_in_other_unit(analyte, gender, unit))

    def said(self, code: str, text: str) -> int:
        """Index of the template of an analyte's result that is a text, such as one below what can be measured.

        Raises ArgumentError for an unknown analyte.
        """
        if code not in BY_CODE:
            raise not_among("code", code, BY_CODE)
        body = _observed(code, ANALYTES[BY_CODE[code]].vital) | {"valueString": text}
        return self._add(Template(kind="Observation", key=f"{code} ({text})", body=body, issued=True))

    def procedure(self, code: str) -> int:
        """Index of the template of a Procedure with this order code."""
        return (
            self._add(_procedure(code, code))
            if ("Procedure", code) not in self._place
            else self.place("Procedure", code)
        )

    def condition(self, code: str) -> int:
        """Index of the template of a Condition with this ICD-10-CM code."""
        return (
            self._add(_condition(code, code))
            if ("Condition", code) not in self._place
            else self.place("Condition", code)
        )

    def medication(self, text: str) -> int:
        """Index of the template of a medication order with this text; dose, route and timing from the formulary."""
        known = self._place.get(("MedicationRequest", text))
        return self._add(_medication(drug_for(text))) if known is None else known

    def service(self, code: str, note: str | None) -> int:
        """Index of the template of a ServiceRequest with this code and note."""
        return self._add(_service(code, note))

    def _add(self, template: Template) -> int:
        place = self._place.get((template.kind, template.key))
        if place is None:
            place = len(self.templates)
            self.templates.append(template)
            self._enter(place, template)
        return place

    def _enter(self, place: int, template: Template) -> None:
        self._place[template.kind, template.key] = place
        self.by_code.setdefault(template.key.partition(" (")[0] if _has_code(template) else template.key, []).append(
            place
        )


def _has_code(template: Template) -> bool:
    return template.kind != "MedicationRequest"


def observation_key(analyte: Analyte, gender: str) -> str:
    """Template key of an analyte: its code, with the sex where the reference ranges differ."""
    return f"{analyte.code} ({gender})" if analyte.by_sex else analyte.code


def quantum(template: Template, value: float) -> int:
    """A reading as the whole number that is stored.

    Raises ArgumentError when the template has too few decimals for it.
    """
    exact = Decimal(repr(value)).scaleb(template.decimals)
    if exact != exact.to_integral_value():
        raise ArgumentError(
            f"value: {template.key} is reported with {template.decimals} decimals, which cannot hold {value}"
        )
    return int(exact)


@lru_cache(maxsize=1)
def _background() -> tuple[Template, ...]:
    return (
        *_observations(),
        *(_procedure(code, display) for code, display in {order.code: order.display for order in ORDERABLES}.items()),
        *(_condition(problem.code, problem.display) for problem in PROBLEMS),
        *(_medication(drug) for drug in FORMULARY),
    )


def _observations() -> Iterable[Template]:
    yield Template(
        kind="Observation", key="BP", body=_observed("BP", vital=True), value="pair", unit="mmHg", issued=True
    )
    for analyte in ANALYTES:
        if analyte.code in ("SBP", "DBP"):
            continue
        for sex, gender in enumerate(("female", "male") if analyte.by_sex else ("any",)):
            low, high = analyte.normal[sex]
            yield Template(
                kind="Observation", key=observation_key(analyte, gender), body=_observed(analyte.code, analyte.vital),
                value="quantity", decimals=analyte.decimals, unit=analyte.unit, low=low, high=high, issued=True,
            )  # fmt: skip


def _in_other_unit(analyte: Analyte, gender: str, unit: str) -> Template:
    decimals, factor = OTHER_UNITS[analyte.code, unit]

    def convert(bound: int | None) -> int | None:
        if bound is None:
            return None
        return int((Decimal(bound).scaleb(decimals - analyte.decimals) / factor).to_integral_value())

    low, high = analyte.normal[gender == "male"]
    key = f"{analyte.code} ({unit}, {gender})" if analyte.by_sex else f"{analyte.code} ({unit})"
    return Template(
        kind="Observation", key=key, body=_observed(analyte.code, analyte.vital), value="quantity", decimals=decimals,
        unit=unit, low=convert(low), high=convert(high), issued=True,
    )  # fmt: skip


def _observed(code: str, vital: bool) -> dict[str, Any]:
    name, display = ("vital-signs", "Vital Signs") if vital else ("laboratory", "Laboratory")
    return {
        "category": [{"coding": [{"system": _CATEGORIES, "code": name, "display": display}]}],
        "code": {"coding": [{"system": LOINC, "code": code, "display": code}], "text": code},
    }


def _procedure(code: str, display: str) -> Template:
    body = {"code": {"coding": [{"system": CPT, "code": code, "display": display}], "text": display}}
    return Template(kind="Procedure", key=code, body=body)


def _condition(code: str, display: str) -> Template:
    categories = (("problem-list-item", "Problem List Item"), ("encounter-diagnosis", "Encounter Diagnosis"))
    body = {
        "category": [
            {"coding": [{"system": _CONDITION_CATEGORIES, "code": name, "display": words}]}
            for name, words in categories
        ],
        "code": {"coding": [{"system": ICD_10_CM, "code": code, "display": display}], "text": display},
    }
    return Template(kind="Condition", key=code, body=body)


def _medication(drug: Drug) -> Template:
    dosage: dict[str, Any] = {"timing": {"code": {"text": drug.timing}}, "route": {"text": drug.route}}
    if drug.as_needed:
        dosage["asNeededBoolean"] = True
    dosage["doseAndRate"] = [{"doseQuantity": {"value": drug.dose, "unit": drug.unit}}]
    body = {
        "intent": "order",
        "medicationCodeableConcept": {"text": drug.text},
        "dosageInstruction": [dosage],
    }
    return Template(kind="MedicationRequest", key=drug.text, body=body)


def _service(code: str, note: str | None) -> Template:
    display = next((order.display for order in ORDERABLES if order.code == code), code)
    body: dict[str, Any] = {
        "intent": "order",
        "code": {"coding": [{"system": CPT, "code": code, "display": display}], "text": display},
    }
    if note is not None:
        body["note"] = [{"text": note}]
    return Template(kind="ServiceRequest", key=code if note is None else f"{code} ({note})", body=body)
