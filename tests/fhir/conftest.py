"""One small snapshot for all engine tests, and a server of it for each module that asks over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from medagentbenchv2.fhir.rows import Records
from medagentbenchv2.fhir.server import FhirServer
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.fhir.wire import Server
from tests.fhir.hospital_on_paper import small_records
from tests.fhir.serving import serving


@pytest.fixture(scope="session")
def records() -> Records:
    return small_records()


@pytest.fixture(scope="session")
def snapshot(records: Records) -> Snapshot:
    return Snapshot.build(records)


@pytest.fixture
def session(snapshot: Snapshot) -> Session:
    return Session(snapshot)


@pytest.fixture(scope="module")
def app(snapshot: Snapshot) -> FhirServer:
    return FhirServer(snapshot)


@pytest.fixture(scope="module")
def root(app: FhirServer) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.fixture
async def server(app: FhirServer, root: str) -> AsyncIterator[Server]:
    app.sessions.end("default")
    made = Server(f"{root}/fhir/")
    yield made
    await made.close()
