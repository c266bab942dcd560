"""The distilled R4 definitions hang together and say what the specification says."""

from __future__ import annotations

import pytest

from medagentbenchv2.fhir import r4
from medagentbenchv2.fhir.shapes import OPEN_LISTS, shape


def reachable() -> set[str]:
    """Every type that some resource leads to."""
    seen, waiting = set(), list(r4.resource_types())
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        elements = r4.elements(name).values()
        waiting += [e.type for e in elements if not r4.is_primitive(e.type) and e.type != "Resource"]
    return seen


def test_every_type_that_is_named_is_defined_and_every_code_list_has_codes() -> None:
    types = reachable()
    assert len(types) > 600
    lists = {element.codes for name in types for element in r4.elements(name).values() if element.codes}
    assert len(lists) > 200
    assert lists >= OPEN_LISTS
    assert all(r4.codes(name) for name in lists)


def test_all_resource_types_of_r4_are_there_and_abstract_ones_are_not() -> None:
    assert len(r4.resource_types()) == 146
    assert r4.is_resource("MedicationRequest")
    assert not any(map(r4.is_resource, ("Resource", "DomainResource", "MetadataResource", "medicationrequest", "")))


@pytest.mark.parametrize(
    ("type_name", "name", "kind", "many", "required", "codes"),
    [
        ("Observation", "status", "code", False, True, "ObservationStatus"),
        ("Observation", "code", "CodeableConcept", False, True, None),
        ("Observation", "category", "CodeableConcept", True, False, None),
        ("Observation", "valueQuantity", "Quantity", False, False, None),
        ("Observation.component", "referenceRange", "Observation.referenceRange", True, False, None),
        ("MedicationRequest", "medicationReference", "Reference", False, True, None),
        ("MedicationRequest", "note", "Annotation", True, False, None),
        ("Patient", "id", "id", False, False, None),
        ("Quantity", "comparator", "code", False, False, "QuantityComparator"),
        ("Questionnaire.item", "item", "Questionnaire.item", True, False, None),
    ],
)
def test_elements_are_as_the_specification_has_them(
    type_name: str, name: str, kind: str, many: bool, required: bool, codes: str | None
) -> None:
    element = r4.elements(type_name)[name]
    assert (element.type, element.many, element.required, element.codes) == (kind, many, required, codes)


def test_codes_are_as_the_specification_has_them() -> None:
    assert r4.codes("AdministrativeGender") == {"male", "female", "other", "unknown"}
    assert "revoked" in r4.codes("ServiceRequestStatus")
    assert "cancelled" not in r4.codes("ServiceRequestStatus")


def test_names_sort_as_the_specification_orders_them_and_siblings_follow_their_element() -> None:
    ranks = shape("Patient").ranks
    names = ["resourceType", "id", "meta", "text", "contained", "extension", "identifier", "name", "gender", "_gender"]
    assert sorted(["birthDate", *names], key=ranks.__getitem__) == [*names, "birthDate"]
