from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from medagentbenchv2.fhir.rows import Records
from medagentbenchv2.hospital.ward import Ward

from .fingerprint import END


@pytest.fixture(scope="session")
def world0() -> Records:
    """The default hospital, without anything planted."""
    return Ward.open(end=END).records()


@pytest.fixture
def ward() -> Ward:
    """A small hospital to plant in."""
    return Ward.open(end=END, number=3, patients=12, visitors=20, scale=0.05)


class Table:
    """Rows of some records, by template key and kind."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.kind = np.array([template.kind for template in records.templates])[records.rows.template]

    def count(self, kind: str) -> int:
        return int((self.kind == kind).sum())

    def where(self, chosen: Callable[[str, str], bool]) -> np.ndarray:
        """Mask of the rows whose (kind, key) is chosen."""
        matching = np.array([chosen(template.kind, template.key) for template in self.records.templates])
        return matching[self.records.rows.template]

    def analyte(self, code: str) -> np.ndarray:
        """Mask of an analyte's rows."""
        return self.where(lambda kind, key: kind == "Observation" and key.partition(" (")[0] == code)

    def pairs(self, first: str, second: str) -> tuple[np.ndarray, np.ndarray]:
        """Quanta of two analytes wherever they were measured on one patient in one minute."""
        rows = self.records.rows
        moment = rows.patient.astype(np.int64) * (1 << 32) + rows.minute
        one, other = self.analyte(first), self.analyte(second)
        _, left, right = np.intersect1d(moment[one], moment[other], return_indices=True)
        return rows.value[one][left].astype(float), rows.value[other][right].astype(float)


@pytest.fixture(scope="session")
def table0(world0: Records) -> Table:
    return Table(world0)
