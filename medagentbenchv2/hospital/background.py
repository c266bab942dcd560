"""The charts that were there before anybody planted anything."""

from __future__ import annotations

import numpy as np

from medagentbenchv2.fhir.rows import Rows
from medagentbenchv2.hospital.people import Person
from medagentbenchv2.hospital.rows import columns
from medagentbenchv2.hospital.templates import Catalogue


def background(
    people: list[Person], catalogue: Catalogue, seed: int, number: int, end: int, scale: int, years: int
) -> Rows:
    """All records of all charted people."""
    empty = np.zeros(0, dtype=np.int64)
    return columns(empty, empty, empty)
