"""The fields of an order that a rule can name: each knows what it expects, what it found, and its failure category.

All are data (frozen pydantic models), so that an expectation can be saved with a trace and judged again later.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from typing_extensions import override

from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.grading.places import Place, as_list, named_in_text, plain, quantities, texts
from medagentbenchv2.moment import is_moment, parse_moment

Category = Literal[
    "missing_order", "extra_order", "wrong_patient", "wrong_resource", "wrong_code", "wrong_status", "wrong_dose",
    "wrong_route", "wrong_time", "wrong_priority", "missing_note", "not_discontinued",
]  # fmt: skip
STOPPED = ("stopped", "cancelled", "completed", "entered-in-error")
"""The statuses that discontinue an order."""


class Rule(BaseModel):
    """One thing that an order must show."""

    model_config = ConfigDict(frozen=True)
    category: Category

    def holds(self, resource: Resource) -> bool:
        """True when the order shows it."""
        raise AssertionError(f"{type(self).__name__} must define holds")

    def found(self, resource: Resource) -> Any:
        """What stands there instead, as JSON-able data."""
        raise AssertionError(f"{type(self).__name__} must define found")

    @property
    def expected(self) -> str:
        """What the rule asks for, in words."""
        raise AssertionError(f"{type(self).__name__} must define expected")


class Kind(Rule):
    """The resource type."""

    type: Literal["kind"] = "kind"
    category: Category = "wrong_resource"
    kinds: tuple[str, ...]

    @override
    def holds(self, resource: Resource) -> bool:
        return resource.get("resourceType") in self.kinds

    @override
    def found(self, resource: Resource) -> Any:
        return resource.get("resourceType")

    @property
    @override
    def expected(self) -> str:
        return " or ".join(self.kinds)


class Word(Rule):
    """A code-valued element such as status, intent or priority, case-insensitively."""

    type: Literal["word"] = "word"
    category: Category = "wrong_status"
    element: Literal["status", "intent", "priority"]
    words: tuple[str, ...]

    @override
    def holds(self, resource: Resource) -> bool:
        return str(resource.get(self.element, "")).lower() in self.words

    @override
    def found(self, resource: Resource) -> Any:
        return resource.get(self.element)

    @property
    @override
    def expected(self) -> str:
        return f"{self.element} {' or '.join(self.words)}"


class Subject(Rule):
    """The patient that the order is for: `Patient/<MRN>`, relative or absolute."""

    type: Literal["subject"] = "subject"
    category: Category = "wrong_patient"
    mrn: str
    exact: bool = False
    """True where nothing but {reference} may stand in subject, relative (published v1)."""

    @override
    def holds(self, resource: Resource) -> bool:
        subject = resource.get("subject")
        if self.exact:
            return bool(subject == {"reference": f"Patient/{self.mrn}"})
        reference = str((subject or {}).get("reference", ""))
        return reference == f"Patient/{self.mrn}" or (
            "://" in reference and reference.partition("?")[0].endswith(f"/Patient/{self.mrn}")
        )

    @override
    def found(self, resource: Resource) -> Any:
        return resource.get("subject")

    @property
    @override
    def expected(self) -> str:
        return f"Patient/{self.mrn}"


class Coded(Rule):
    """A code, in any coding of `element`."""

    type: Literal["coded"] = "coded"
    category: Category = "wrong_code"
    element: Literal["code", "medicationCodeableConcept", "category"] = "code"
    codes: tuple[str, ...]
    systems: tuple[str, ...] = ()
    """Empty where any system will do."""
    only: bool = False
    """True where the element must hold exactly one concept with exactly one coding."""
    first: bool = False
    """True where only the first coding counts."""

    @override
    def holds(self, resource: Resource) -> bool:
        concepts = as_list(resource.get(self.element))
        held = [coding for concept in concepts for coding in as_list(concept.get("coding"))]
        if self.only and (len(concepts) != 1 or len(held) != 1):
            return False
        return any(
            coding.get("code") in self.codes and (not self.systems or coding.get("system") in self.systems)
            for coding in (held[:1] if self.first else held)
        )

    @override
    def found(self, resource: Resource) -> Any:
        return resource.get(self.element)

    @property
    @override
    def expected(self) -> str:
        systems = f" of {' or '.join(self.systems)}" if self.systems else ""
        return f"{self.element} {' or '.join(self.codes)}{systems}"


class Exactly(Rule):
    """An element that is this JSON value and nothing more (how the published v1 graders read some of them)."""

    type: Literal["exactly"] = "exactly"
    element: str
    value: JsonValue

    @override
    def holds(self, resource: Resource) -> bool:
        return bool(resource.get(self.element) == self.value)

    @override
    def found(self, resource: Resource) -> Any:
        return resource.get(self.element)

    @property
    @override
    def expected(self) -> str:
        return f"{self.element} exactly {self.value}"


class Says(Rule):
    """A regular expression (case-insensitive) that some text of the named places holds."""

    type: Literal["says"] = "says"
    places: tuple[Place, ...]
    pattern: str
    label: str
    """What the text must say, in words."""
    whole: bool = False
    """True where the text must be nothing else."""
    free: bool = False
    """True where hyphens and white space do not count (free text)."""

    @override
    def holds(self, resource: Resource) -> bool:
        regex = re.compile(self.pattern, re.IGNORECASE)
        match = regex.fullmatch if self.whole else regex.search
        return any(
            match(plain(text) if self.free else text) for place in self.places for text in texts(resource, place)
        )

    @override
    def found(self, resource: Resource) -> Any:
        return [text for place in self.places for text in texts(resource, place)][:8]

    @property
    @override
    def expected(self) -> str:
        return f"{self.label} in {' or '.join(self.places)}"


class Amount(Rule):
    """A dose or a rate as a Quantity."""

    type: Literal["amount"] = "amount"
    category: Category = "wrong_dose"
    element: Literal["doseQuantity", "rateQuantity"] = "doseQuantity"
    value: float
    units: tuple[str, ...]
    tolerance: float = 1e-6

    @override
    def holds(self, resource: Resource) -> bool:
        return any(self._fits(quantity) for quantity in quantities(resource, self.element))

    def _fits(self, quantity: dict[str, Any]) -> bool:
        value = quantity.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        unit = str(quantity.get("unit") or quantity.get("code") or "").strip().lower()
        return abs(value - self.value) <= self.tolerance + 1e-9 and unit in {u.lower() for u in self.units}

    @override
    def found(self, resource: Resource) -> Any:
        return quantities(resource, self.element)

    @property
    @override
    def expected(self) -> str:
        return f"{self.element} {self.value:g} {self.units[0]}"


class Timed(Rule):
    """A time between two instants, both included; a date-only value is compared by day where that is allowed."""

    type: Literal["timed"] = "timed"
    category: Category = "wrong_time"
    element: Literal["authoredOn", "occurrenceDateTime", "effectiveDateTime"]
    earliest: datetime
    latest: datetime
    by_day: bool = False
    """True where a date-only value counts and only calendar days are compared."""
    optional: bool = False
    """True where the element may be absent."""

    @override
    def holds(self, resource: Resource) -> bool:
        text = resource.get(self.element)
        if text is None:
            return self.optional
        if not is_moment(text):
            return False
        at = parse_moment(text)
        if self.by_day:
            return self.earliest.date() <= at.day <= self.latest.date()
        return at.has_time and self.earliest <= at.instant <= self.latest

    @override
    def found(self, resource: Resource) -> Any:
        return resource.get(self.element)

    @property
    @override
    def expected(self) -> str:
        if self.by_day and self.earliest.date() == self.latest.date():
            return f"{self.element} on {self.earliest.date()}"
        return f"{self.element} from {self.earliest.isoformat()} to {self.latest.isoformat()}"


class Target(BaseModel):
    """An active order that could be discontinued."""

    model_config = ConfigDict(frozen=True)
    id: str
    text: str


class Stops(Rule):
    """Discontinues one active order: named by priorPrescription, else by equal text, else by the same keyword."""

    type: Literal["stops"] = "stops"
    category: Category = "not_discontinued"
    target: Target
    others: tuple[Target, ...] = ()
    """The patient's other active orders of the class, which the stop could mean instead."""
    keyword: str
    """The class's word in the target's text."""

    @override
    def holds(self, resource: Resource) -> bool:
        prior = (resource.get("priorPrescription") or {}).get("reference")
        if prior:
            return str(prior).endswith(f"MedicationRequest/{self.target.id}")
        text = named_in_text(resource)
        same = [t.id for t in (self.target, *self.others) if " ".join(t.text.lower().split()) == text]
        if same:
            return self.target.id in same
        return re.search(rf"(?<![a-z0-9]){re.escape(self.keyword)}(?![a-z0-9])", text) is not None

    @override
    def found(self, resource: Resource) -> Any:
        return {"text": named_in_text(resource), "priorPrescription": resource.get("priorPrescription")}

    @property
    @override
    def expected(self) -> str:
        return f"a stop of MedicationRequest/{self.target.id} ({self.target.text})"


class AnyOf(Rule):
    """One of several rules is enough, such as a dose in the text or in doseQuantity."""

    type: Literal["any_of"] = "any_of"
    rules: tuple[OrderField, ...]

    @override
    def holds(self, resource: Resource) -> bool:
        return any(rule.holds(resource) for rule in self.rules)

    @override
    def found(self, resource: Resource) -> Any:
        return [rule.found(resource) for rule in self.rules]

    @property
    @override
    def expected(self) -> str:
        return " or ".join(rule.expected for rule in self.rules)


OrderField = Annotated[
    Kind | Word | Subject | Coded | Exactly | Says | Amount | Timed | Stops | AnyOf, Field(discriminator="type")
]
AnyOf.model_rebuild()

__all__ = [
    "STOPPED", "Amount", "AnyOf", "Category", "Coded", "Exactly", "Kind", "OrderField", "Rule", "Says", "Stops",
    "Subject", "Target", "Timed", "Word",
]  # fmt: skip
