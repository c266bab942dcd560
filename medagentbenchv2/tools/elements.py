"""R4 datatypes as the creates take them: shown to the model in the published form, checked in the R4 form.

Where the two differ, `WithJsonSchema` holds what is shown; `normalise` turns it into R4 before the check.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from medagentbenchv2.tools.arguments import Arguments


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number", "accepted is a number, without quotation marks")
    return value


Text = Annotated[str, StringConstraints(min_length=1, max_length=50_000)]
Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Hidden = SkipJsonSchema[Text | None]
"""An R4 member that is accepted and not shown."""


def shown_object(**properties: str) -> WithJsonSchema:
    """What is shown in place of the R4 form: an object of texts, each with its description, all required."""
    members = {name: {"type": "string", "description": text} for name, text in properties.items()}
    return WithJsonSchema(
        {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
    )


SHOWN_TEXT = WithJsonSchema({"type": "string"})
"""What is shown in place of a CodeableConcept that is only ever said in words."""


class Coding(Arguments):
    """R4 Coding."""

    system: Annotated[
        Text | None,
        Field(
            description="URI of the code system: http://www.ama-assn.org/go/cpt (CPT), http://loinc.org (LOINC), "
            "http://snomed.info/sct (SNOMED CT), http://hl7.org/fhir/sid/ndc (NDC)."
        ),
    ] = None
    code: Annotated[Text | None, Field(description="The code itself, as text.")] = None
    display: Annotated[Text | None, Field(description="What the code stands for, in words.")] = None
    version: Hidden = None


class Concept(Arguments):
    """R4 CodeableConcept: codes, words, or both."""

    coding: Annotated[list[Coding] | None, Field(description="The codes; one is the rule.")] = None
    text: Annotated[Text | None, Field(description="The same in words, or what has no code.")] = None

    @model_validator(mode="after")
    def _says_something(self) -> Concept:
        if not self.coding and self.text is None:
            raise PydanticCustomError("concept", "accepted is an object with coding, text or both")
        return self


class Medication(Concept):
    """R4 CodeableConcept of a medication."""

    text: Annotated[
        Text | None,
        Field(
            description="The order in words, as the chart writes orders: drug, strength, form, and whatever has no "
            "field of its own, such as the frequency. To discontinue an order, repeat its text."
        ),
    ] = None


class Reference(Arguments):
    """R4 Reference."""

    reference: Text
    type: Hidden = None
    display: Hidden = None


class Note(Arguments):
    """R4 Annotation."""

    text: Text
    time: Hidden = None
    authorString: Hidden = None


class Quantity(Arguments):
    """R4 Quantity."""

    value: Annotated[Number, Field(description="The number.")]
    unit: Annotated[Text | None, Field(description="The unit, such as g, mg, mEq, mL, or h for hours.")] = None
    system: Hidden = None
    code: Hidden = None


class DoseAndRate(Arguments):
    """R4 Dosage.doseAndRate."""

    doseQuantity: Annotated[Quantity | None, Field(description="How much a dose is.")] = None
    rateQuantity: Annotated[
        Quantity | None, Field(description="How fast or over how long: over two hours is value 2, unit h.")
    ] = None


class Dosage(Arguments):
    """R4 Dosage."""

    route: Annotated[
        Concept | None,
        SHOWN_TEXT,
        Field(description="How it is given: IV, PO (oral), SC (subcutaneous), IM, intranasal..."),
    ] = None
    doseAndRate: Annotated[list[DoseAndRate] | None, Field(description="Dose and rate; one entry.")] = None


Subject = Annotated[
    Reference,
    shown_object(reference="Patient/ and the MRN, such as Patient/S1234567."),
    Field(description="The patient whom this is for."),
]
Notes = Annotated[
    Annotated[list[Note], shown_object(text="The comment.")] | None,
    Field(description="A comment in free text, such as the indication or the reason; all of it in one."),
]
AuthoredOn = Annotated[
    Text,
    Field(description="When the order is written: now, in ISO 8601 with offset, such as 2023-11-13T10:15:00+00:00."),
]
