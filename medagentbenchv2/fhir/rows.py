"""The columnar form in which a hospital hands its records to the engine: templates and rows.

A template is everything that two records of one kind share; a row is what differs: patient, time, value, status.
JSON is rendered from both on demand, so that 800,000 records need no 800,000 dicts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

MISSING = np.iinfo(np.int32).min
"""The minute of a row that has no clinical date, and the value of a row that has none."""

STATUSES: tuple[str, ...] = (
    "final", "active", "completed", "stopped", "cancelled", "entered-in-error", "amended", "resolved", "on-hold",
    "draft", "preliminary", "not-done", "in-progress", "refuted", "inactive", "corrected", "unknown",
    "revoked",
)  # fmt: skip
"""The status column holds an index into this tuple.

For a Condition it is the clinicalStatus (active, resolved, inactive), with verificationStatus confirmed; refuted and
entered-in-error are verificationStatus values without a clinicalStatus.
"""


@dataclass(frozen=True)
class Template:
    """What all records of one kind share."""

    kind: str
    """Resource type: Observation, Procedure, Condition, MedicationRequest or ServiceRequest."""
    key: str
    """Short unique name within the kind, such as `K`, `IMGCT0491` or the medication text."""
    body: dict[str, Any]
    """The FHIR JSON without resourceType, id, meta, status, subject, date and value elements."""
    value: Literal["none", "quantity", "pair"] = "none"
    """quantity: valueQuantity = value / 10**decimals; pair: valueString "{value // 1000}/{value % 1000} {unit}"."""
    decimals: int = 0
    """Decimal places of the value."""
    unit: str = ""
    """UCUM unit, for quantity used as unit and code."""
    low: int | None = None
    """Reference range in quanta of the value; outside it the record carries interpretation LOW or HIGH."""
    high: int | None = None
    """See low."""
    issued: bool = False
    """True when Observation.issued (= time + delay) is rendered."""


@dataclass
class Rows:
    """Parallel columns, one entry a record, in insertion order (the order a server would have loaded them)."""

    template: NDArray[np.int32]
    """Index into the list of templates."""
    patient: NDArray[np.int32]
    """Index into the list of patients."""
    minute: NDArray[np.int32]
    """Clinical time, minutes since 1970-01-01T00:00Z, rendered with offset +00:00; MISSING for none."""
    value: NDArray[np.int32]
    """Quantised value or MISSING."""
    status: NDArray[np.uint8]
    """Index into STATUSES."""
    delay: NDArray[np.int32]
    """Minutes from the clinical time to issued (Observation) or from onset to recordedDate (Condition); else 0."""


@dataclass
class Records:
    """A whole hospital, ready to become a snapshot."""

    patients: list[dict[str, Any]]
    """Patient resources, complete but for meta; id = MRN."""
    templates: list[Template]
    """All templates that rows refer to."""
    rows: Rows
    """All records."""
    base_id: int = 10_000
    """Logical id of the first row in insertion order; ids count up from here."""
    labels: dict[str, str] = field(default_factory=dict)
    """Free facts about the hospital, such as its name, seed and version; part of the checksum."""
