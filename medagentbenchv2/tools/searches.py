"""The six searches: their arguments, and the FHIR request that each means."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, Strict, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from medagentbenchv2.fhir.ehr import Params
from medagentbenchv2.tools.arguments import Arguments

PAGE = 200
"""Rows of a page where the agent names no count."""

_IDS = re.compile(r"[A-Za-z0-9.-]{1,64}(,[A-Za-z0-9.-]{1,64})*")


def _bare_patient(patient: str) -> str:
    """The MRN of `S1234567`, `Patient/S1234567` or an absolute URL that ends so; several joined by commas are OR."""
    ids = ",".join(part.strip().rpartition("Patient/")[2] for part in patient.split(","))
    if not _IDS.fullmatch(ids):
        raise PydanticCustomError("patient", "accepted is an MRN such as S1234567, or Patient/S1234567")
    return ids


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Identifier = Annotated[
    Text,
    AfterValidator(lambda identifier: identifier.removeprefix("Patient/") or identifier),
]
Mrn = Annotated[Text, AfterValidator(_bare_patient)]
Texts = Annotated[
    list[Text],
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Patient = Annotated[
    Mrn,
    Field(description="The patient: the MRN, such as S1234567 (Patient/S1234567 means the same)."),
]
Dates = Annotated[
    Texts | None,
    Field(
        description="Only rows dated so: YYYY-MM-DD or an instant with offset, after one of the prefixes ge gt le lt eq"
        ' ("ge2023-11-01"; no prefix: within that day). Two bounds: a list, ["ge2023-11-01", "lt2023-11-08"].'
    ),
]
Count = Annotated[int, Strict(), Field(ge=1, le=5000)]
Page = Annotated[int, Strict(), Field(ge=1, le=100_000)]


class Search(Arguments):
    """Arguments of a search."""

    kind: ClassVar[str]
    """Resource type."""
    description: ClassVar[str]
    """What the model is told of the tool."""
    order: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Sort parameters that the request carries."""
    wrapped: ClassVar[bool] = False
    """The published form has `search_params` and `explanation`."""

    def filters(self) -> Params:
        """The parameters that choose rows."""
        raise TypeError(f"{type(self).__name__} names no filters")

    def target(self) -> str:
        """The resource type that is searched."""
        return self.kind

    def sorting(self) -> Params:
        """The parameters that sort the rows."""
        return self.order


class Paged(Search):
    """A search of one patient's rows, a page at a time."""

    patient: Patient
    count: Annotated[Count | None, Field(description="Rows to a page; 200 where not given.")] = None
    page: Annotated[Page | None, Field(description="Which page, from 1; the result says when there is a next one.")] = (
        None
    )


class PatientSearch(Search):
    """fhir_patient_search."""

    kind = "Patient"
    description = (
        "Find patients by demographics. All given arguments must match; names match from their beginning, ignoring "
        "case. Patient.id is the MRN that every other tool takes."
    )

    birthdate: Annotated[Text | None, Field(description="Date of birth, YYYY-MM-DD.")] = None
    family: Annotated[Text | None, Field(description="Family name.")] = None
    given: Annotated[Text | None, Field(description="Given name; one of several is enough.")] = None
    identifier: Annotated[Identifier | None, Field(description="The MRN, such as S1234567.")] = None
    name: Annotated[
        Text | None,
        Field(
            description="One part of the name, given or family. A full name in one piece matches nobody: use given "
            "and family for that."
        ),
    ] = None
    gender: Annotated[Text | None, Field(description="female, male, other or unknown.")] = None

    def filters(self) -> Params:
        """The arguments that were given, under their own names."""
        return [(name, value) for name, value in self if value is not None]


class ObservationSearch(Paged):
    """fhir_observation_search."""

    kind = "Observation"
    wrapped = True
    description = "Read a patient's observations of one code, labs above all, newest first."
    order = (("_sort", "-date"),)

    code: Annotated[
        Text,
        Field(
            description="The laboratory's own short code, upper case: K, MG, GLU, A1C, CREATININE, TSH, FT4, HEARTRATE,"
            " QTCINTERVAL; not a LOINC number. A comma means OR: TSH,FT4."
        ),
    ]
    date: Dates = None

    def filters(self) -> Params:
        """Patient, code and dates."""
        return [("patient", self.patient), ("code", self.code), *_dates("date", self.date)]


class VitalsSearch(Paged):
    """fhir_vitals_search."""

    kind = "Observation"
    description = (
        "Read a patient's observations of a category, vital signs above all, newest first. Readings that a device or "
        "an ECG filed as laboratory results (HEARTRATE, QTCINTERVAL) are found by fhir_observation_search."
    )
    order = (("_sort", "-date"),)

    category: Annotated[Text, Field(description="vital-signs.")]
    code: Annotated[Text | None, Field(description="Only this flowsheet code; a comma means OR.")] = None
    date: Dates = None

    def filters(self) -> Params:
        """Patient, category, code and dates."""
        code = [("code", self.code)] if self.code else []
        return [("patient", self.patient), ("category", self.category), *code, *_dates("date", self.date)]


class ProcedureSearch(Paged):
    """fhir_procedure_search."""

    kind = "Procedure"
    wrapped = True
    description = (
        "Read what was done to a patient, newest first: imaging, vaccinations, catheter care and other carried-out "
        "orders. An empty result means that none is on record. With requested true it reads the orders themselves."
    )
    order = (("_sort", "-date"),)

    code: Annotated[
        Text | None,
        Field(
            description="Order or CPT code, such as IMGCT0491 or 90686. A comma means OR: IMGCT0491,IMGIL0001 finds "
            "both kinds."
        ),
    ] = None
    date: Dates = None
    requested: Annotated[
        bool | None,
        Strict(),
        Field(
            description="true: what was ordered (ServiceRequests, with status and authoredOn, such as an order to "
            "remove a catheter) instead of what was done. Then date means the date of the order."
        ),
    ] = None

    def target(self) -> str:
        """What was done, or the orders for it: no other tool reads these."""
        return "ServiceRequest" if self.requested else self.kind

    def sorting(self) -> Params:
        """Newest first, by the date that the resource type has."""
        return (("_sort", "-authored"),) if self.requested else self.order

    def filters(self) -> Params:
        """Patient, code and dates."""
        code = [("code", self.code)] if self.code else []
        return [("patient", self.patient), *code, *_dates("authored" if self.requested else "date", self.date)]


class ConditionSearch(Paged):
    """fhir_condition_search."""

    kind = "Condition"
    wrapped = True
    description = "Read a patient's problem list. The same diagnosis recurs, once for each encounter that recorded it."

    code: Annotated[Text | None, Field(description="ICD-10-CM code with its dot, such as C64.2; a comma means OR.")] = (
        None
    )

    def filters(self) -> Params:
        """Patient and code."""
        return [("patient", self.patient), *([("code", self.code)] if self.code else [])]


class MedicationRequestSearch(Paged):
    """fhir_medication_request_search."""

    kind = "MedicationRequest"
    description = (
        "Read a patient's medication orders, newest first by authoredOn. Orders are free text: the drug stands in "
        "medicationCodeableConcept.text, without a code, so read the texts to find a drug or a class of drugs. "
        "status active marks the orders in force."
    )
    order = (("_sort", "-authoredon"),)

    category: Annotated[
        Text | None,
        Field(
            description="inpatient, outpatient, community or discharge; not every EHR records it, so leave it out to "
            "see all orders."
        ),
    ] = None
    date: Annotated[
        Texts | None,
        Field(
            description="The time of administration, rarely recorded, so that this filter loses most orders: use "
            "authoredon for the date of the order."
        ),
    ] = None
    status: Annotated[
        Text | None,
        Field(
            description="active, completed, stopped, cancelled, on-hold, draft or entered-in-error; a comma means OR."
        ),
    ] = None
    authoredon: Annotated[
        Texts | None,
        Field(
            description="When the order was written: YYYY-MM-DD or an instant with offset, after one of the prefixes "
            'ge gt le lt eq. Two bounds: a list, ["ge2023-11-01", "lt2023-11-08"].'
        ),
    ] = None
    text: Annotated[
        Text | None,
        Field(
            description="Only orders whose text begins with this, ignoring case: heparin. An order whose text starts "
            "with a brand or another word is not found; leave this out and read all orders to be sure."
        ),
    ] = None

    def filters(self) -> Params:
        """Patient, then what was given; the free text is `code:text`."""
        named = [("category", self.category), ("status", self.status), ("code:text", self.text)]
        return [
            ("patient", self.patient),
            *((name, value) for name, value in named if value),
            *_dates("date", self.date),
            *_dates("authoredon", self.authoredon),
        ]


SEARCHES: dict[str, type[Search]] = {
    "fhir_patient_search": PatientSearch,
    "fhir_observation_search": ObservationSearch,
    "fhir_vitals_search": VitalsSearch,
    "fhir_procedure_search": ProcedureSearch,
    "fhir_condition_search": ConditionSearch,
    "fhir_medication_request_search": MedicationRequestSearch,
}
"""By registered name."""


def _dates(name: str, values: list[str] | None) -> list[tuple[str, str]]:
    return [(name, value) for value in values or ()]
