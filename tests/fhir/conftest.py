"""One small snapshot for all engine tests."""

from __future__ import annotations

import pytest

from medagentbenchv2.fhir.rows import Records
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.fhir.hospital_on_paper import small_records


@pytest.fixture(scope="session")
def records() -> Records:
    return small_records()


@pytest.fixture(scope="session")
def snapshot(records: Records) -> Snapshot:
    return Snapshot.build(records)


@pytest.fixture
def session(snapshot: Snapshot) -> Session:
    return Session(snapshot)
