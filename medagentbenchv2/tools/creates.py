"""The three creates: their arguments, and the FHIR resource that each files."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from medagentbenchv2.tools.arguments import Arguments
from medagentbenchv2.tools.elements import (
    SHOWN_TEXT,
    AuthoredOn,
    Concept,
    Dosage,
    Medication,
    Notes,
    Reference,
    Subject,
    Text,
    shown_object,
)
from medagentbenchv2.tools.normalise import normalise

VITAL_SIGNS = {
    "system": "http://hl7.org/fhir/observation-category",
    "code": "vital-signs",
    "display": "Vital Signs",
}
"""The coding that `category: "vital-signs"` is short for."""

_Status = Annotated[
    Text,
    Field(
        description="active for a new order; stopped to discontinue one. Also on-hold, cancelled, completed, "
        "entered-in-error, draft."
    ),
]
_Intent = Annotated[Text, Field(description="order.")]


def _is(kind: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": [kind]})


class Create(Arguments):
    """Arguments of a create."""

    kind: ClassVar[str]
    """Resource type."""
    description: ClassVar[str]
    """What the model is told of the tool."""


class VitalsCreate(Create):
    """fhir_vitals_create."""

    kind = "Observation"
    description = (
        "File one vital sign in a patient's flowsheet. Call this once for each reading; nothing filed can be taken "
        "back, nor changed."
    )

    resourceType: Annotated[Literal["Observation"], _is("Observation"), Field(description="Always Observation.")]
    category: Annotated[
        list[Concept],
        Field(
            description="One entry with one coding: system http://hl7.org/fhir/observation-category, code vital-signs, "
            "display Vital Signs."
        ),
    ]
    code: Annotated[
        Concept,
        shown_object(text="The flowsheet code, such as BP."),
        Field(description="What was measured."),
    ]
    effectiveDateTime: Annotated[
        Text, Field(description="When it was measured, in ISO 8601 with offset, such as 2023-11-13T10:15:00+00:00.")
    ]
    status: Annotated[Text, Field(description="final.")]
    valueString: Annotated[Text, Field(description='The reading as text, with its unit: "118/77 mmHg".')]
    subject: Subject


class MedicationRequestCreate(Create):
    """fhir_medication_request_create."""

    kind = "MedicationRequest"
    description = (
        "File one medication order. There is no tool that changes an order: to discontinue one, file the same "
        "medication again with status stopped, and name the order in priorPrescription when several orders read "
        "alike. Orders are free text; a frequency has no field and goes into medicationCodeableConcept.text."
    )

    resourceType: Annotated[
        Literal["MedicationRequest"], _is("MedicationRequest"), Field(description="Always MedicationRequest.")
    ]
    medicationCodeableConcept: Annotated[
        Medication, Field(description="The medication: in words, with a code where one was given, or both.")
    ]
    authoredOn: AuthoredOn
    dosageInstruction: Annotated[
        list[Dosage] | None, Field(description="Route, dose and rate; one entry. Not needed to stop an order.")
    ] = None
    status: _Status
    intent: _Intent
    subject: Subject
    priorPrescription: Annotated[
        Reference | None,
        shown_object(reference="MedicationRequest/ and the order's id, such as MedicationRequest/10023."),
        Field(description="The existing order that this one stops or replaces."),
    ] = None


class ServiceRequestCreate(Create):
    """fhir_service_request_create."""

    kind = "ServiceRequest"
    description = (
        "File one order for something to be done: a laboratory test, imaging, a referral, a vaccination, nursing care. "
        "File each thing as an order of its own, and only once."
    )

    resourceType: Annotated[
        Literal["ServiceRequest"], _is("ServiceRequest"), Field(description="Always ServiceRequest.")
    ]
    code: Annotated[Concept, Field(description="What is to be done: by code, in words, or both.")]
    authoredOn: AuthoredOn
    status: Annotated[Text, Field(description="active for a new order.")]
    intent: _Intent
    priority: Annotated[Text | None, Field(description="routine, urgent, asap or stat.")] = None
    subject: Subject
    note: Notes = None
    reasonCode: Annotated[list[Concept] | None, SHOWN_TEXT, Field(description="Why: the indication, in words.")] = None
    occurrenceDateTime: Annotated[
        Text | None, Field(description="When it is to be done, in ISO 8601; a date alone will do. Leave out for now.")
    ] = None


CREATES: dict[str, type[Create]] = {
    "fhir_vitals_create": VitalsCreate,
    "fhir_medication_request_create": MedicationRequestCreate,
    "fhir_service_request_create": ServiceRequestCreate,
}
"""By registered name."""

_TARGETS = {"subject": "Patient", "priorPrescription": "MedicationRequest"}


def resource(model: type[Create], arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments as an R4 resource, whichever form they came in; not checked yet.

    A reference without a type gets the only type that it can have: subject S1234567 is Patient/S1234567.
    """
    sent = dict(arguments)
    if sent.get("category") in (VITAL_SIGNS["code"], [VITAL_SIGNS["code"]]):
        sent["category"] = [{"coding": [dict(VITAL_SIGNS)]}]
    shaped = normalise(sent | {"resourceType": model.kind})
    for name, kind in _TARGETS.items():
        target = shaped.get(name)
        if isinstance(target, dict) and isinstance(target.get("reference"), str):
            shaped[name] = target | {"reference": _typed(kind, target["reference"])}
    return {name: sent[name] if name == "resourceType" else value for name, value in shaped.items() if name in sent}


def _typed(kind: str, reference: str) -> str:
    plain = reference.strip()
    return f"{kind}/{plain}" if plain and "/" not in plain and not plain.startswith(("urn:", "#")) else plain
