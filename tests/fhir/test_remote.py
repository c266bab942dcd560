"""A rollout's view of a remote server: what the embedded EHR would show, its own writes merged in, nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from medagentbenchv2.fhir.ehr import Ehr, Response
from medagentbenchv2.fhir.remote import FIRST_ID, RemoteSession
from medagentbenchv2.fhir.server import FhirServer
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.fhir.wire import Server
from tests.fhir.hospital_on_paper import NOW

ANN = "S1234561"
FREEZE = datetime(2025, 1, 1, tzinfo=UTC)


def data(response: Response) -> Any:
    return orjson.loads(response.body)


def ids(response: Response) -> list[str]:
    assert response.ok, response.body
    return [entry["resource"]["id"] for entry in data(response).get("entry", ())]


def order(**changes: Any) -> dict[str, Any]:
    body = {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order",
        "subject": {"reference": f"Patient/{ANN}"}, "authoredOn": "2023-11-13T10:15:00+00:00",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
    }  # fmt: skip
    return {**body, **changes}


SEARCHES = [
    ("Patient", [("name", "a")]),
    ("Patient", [("_id", ANN)]),
    ("Patient", [("gender", "female"), ("_sort", "-birthdate")]),
    ("Observation", [("patient", ANN)]),
    ("Observation", [("patient", ANN), ("code", "K"), ("_sort", "-date"), ("_count", "5")]),
    ("Observation", [("patient", ANN), ("date", "ge2023-11-01"), ("_total", "none")]),
    ("Observation", [("patient", ANN), ("_summary", "count")]),
    ("Observation", [("patient", ANN), ("_elements", "code,valueQuantity"), ("_count", "3")]),
    ("Observation", [("subject", f"Patient/{ANN}"), ("category", "vital-signs")]),
    ("Observation", [("patient", ANN), ("code", "K"), ("_include", "Observation:patient"), ("_count", "2")]),
    ("Observation", [("patient.identifier", ANN), ("code", "MG")]),
    ("Patient", [("_id", ANN), ("_revinclude", "Procedure:patient")]),
    ("Procedure", [("patient", ANN), ("_pretty", "true")]),
    ("MedicationRequest", [("patient", ANN), ("status", "active")]),
    ("Condition", [("patient", ANN), ("clinical-status", "active")]),
    ("Observation", [("patient", "S0000000")]),
    ("Observation", [("bogus", "1")]),
    ("Observation", [("date", "nonsense")]),
    ("Foo", []),
]


@pytest.mark.parametrize(("kind", "params"), SEARCHES)
@pytest.mark.parametrize("now", [None, NOW])
async def test_it_answers_as_the_embedded_ehr_does(
    kind: str, params: list[tuple[str, str]], now: datetime | None, snapshot: Snapshot, server: Server
) -> None:
    remote = RemoteSession(server, now, frozen_at=FREEZE)
    embedded = Session(snapshot, now, base_url=remote.base_url)
    over_http, in_process = await remote.search(kind, params), await embedded.search(kind, params)
    assert over_http.status == in_process.status
    assert data(over_http) == data(in_process)


async def test_pages_are_those_of_the_embedded_ehr(snapshot: Snapshot, server: Server) -> None:
    remote = RemoteSession(server, NOW, frozen_at=FREEZE)
    embedded = Session(snapshot, NOW, base_url=remote.base_url)
    params = [("patient", ANN), ("_count", "7"), ("_sort", "date")]
    pages = await remote.search("Observation", params), await embedded.search("Observation", params)
    for _ in range(3):
        assert data(pages[0]) == data(pages[1])
        following = [link["url"] for link in data(pages[0])["link"] if link["relation"] == "next"]
        pages = await remote.request("GET", following[0]), await embedded.request("GET", following[0])


async def test_isolated_writes_are_merged_into_what_is_read(app: FhirServer, server: Server) -> None:
    ehr: Ehr = RemoteSession(server, NOW, frozen_at=FREEZE)
    created = await ehr.create("ServiceRequest", order())
    assert created.status == 201
    id = data(created)["id"]
    assert id == str(FIRST_ID)
    assert created.headers["Location"] == f"{server.base_url}/ServiceRequest/{id}/_history/1"
    assert data(created)["meta"]["lastUpdated"] == "2025-01-02T00:00:00.001+00:00"
    assert id in ids(await ehr.search("ServiceRequest", [("patient", ANN), ("_count", "500")]))
    assert ids(await ehr.search("ServiceRequest", [("code", "4548-4")])) == [id]
    assert ids(await ehr.request("GET", f"ServiceRequest?code=4548-4&subject=Patient/{ANN}")) == [id]
    assert ids(await ehr.search("ServiceRequest", [("patient.identifier", ANN), ("code", "4548-4")])) == [id]
    assert ids(await ehr.search("ServiceRequest", [("patient.identifier", "S0"), ("code", "4548-4")])) == []
    assert (await ehr.read("ServiceRequest", id)).body == created.body
    assert (await ehr.request("GET", f"ServiceRequest/{id}/_history/1")).body == created.body
    assert [write.id for write in ehr.writes] == [id]
    assert list(app.sessions.default.writes) == []
    other = RemoteSession(server, NOW, frozen_at=FREEZE)
    assert ids(await other.search("ServiceRequest", [("code", "4548-4")])) == []
    assert (await other.read("ServiceRequest", id)).status == 404


async def test_an_isolated_update_and_a_deletion_hide_what_the_server_has(server: Server) -> None:
    ehr = RemoteSession(server, NOW, frozen_at=FREEZE)
    found = data(await ehr.search("Procedure", [("patient", ANN), ("_count", "2")]))["entry"]
    first, second = (entry["resource"] for entry in found)
    before = data(await ehr.search("Procedure", [("patient", ANN)]))["total"]
    changed = {**first, "status": "not-done"}
    assert (await ehr.request("PUT", f"Procedure/{first['id']}", orjson.dumps(changed))).status == 200
    assert data(await ehr.read("Procedure", first["id"]))["status"] == "not-done"
    assert first["id"] in ids(await ehr.search("Procedure", [("patient", ANN), ("status", "not-done")]))
    assert data(await ehr.search("Procedure", [("patient", ANN)]))["total"] == before
    assert (await ehr.request("DELETE", f"Procedure/{second['id']}")).status == 200
    assert (await ehr.read("Procedure", second["id"])).status == 410
    assert data(await ehr.search("Procedure", [("patient", ANN)]))["total"] == before - 1
    untouched = RemoteSession(server, NOW, frozen_at=FREEZE)
    assert data(await untouched.read("Procedure", first["id"]))["status"] == first["status"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (order(subject={"reference": "Patient/S0000000"}), 400, "HAPI-1094"),
        (order(resourceType="Observation"), 400, "HAPI-1814"),
        (b"{not json", 400, "HAPI-0450"),
        (order(status="bogus"), 400, "HAPI-1821"),
    ],
)
async def test_a_rejected_create_is_not_a_write(body: Any, status: int, said: str, server: Server) -> None:
    ehr = RemoteSession(server, NOW, frozen_at=FREEZE)
    answer = await ehr.create("ServiceRequest", body)
    assert answer.status == status
    assert said in data(answer)["issue"][0]["diagnostics"]
    assert list(ehr.writes) == []


async def test_server_writes_are_really_posted_and_read_back(app: FhirServer, root: str, server: Server) -> None:
    ehr = RemoteSession(server, NOW, frozen_at=FREEZE, isolated=False)
    created = await ehr.create("ServiceRequest", order())
    id = data(created)["id"]
    assert [write.id for write in app.sessions.default.writes] == [id] == [write.id for write in ehr.writes]
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{root}/fhir/ServiceRequest/{id}")).json() == data(created)
    assert data(await ehr.read("ServiceRequest", id)) == data(created)
    assert ids(await ehr.search("ServiceRequest", [("code", "4548-4")])) == [id]
    refused = await ehr.create("ServiceRequest", order(subject={"reference": "Patient/S0000000"}))
    assert refused.status == 400
    assert len(ehr.writes) == 1


async def test_what_others_stored_after_the_freeze_is_invisible(root: str, server: Server) -> None:
    async with httpx.AsyncClient() as client:
        stranger = (await client.post(f"{root}/fhir/ServiceRequest", json=order())).json()
    assert stranger["meta"]["lastUpdated"] > "2025"
    for isolated in (True, False):
        ehr = RemoteSession(server, NOW, frozen_at=FREEZE, isolated=isolated)
        assert ids(await ehr.search("ServiceRequest", [("code", "4548-4")])) == []
        assert (await ehr.read("ServiceRequest", stranger["id"])).status == 404
    unfrozen = RemoteSession(server, NOW)
    assert ids(await unfrozen.search("ServiceRequest", [("code", "4548-4")])) == [stranger["id"]]


async def test_metadata_is_the_servers_and_search_has_several_forms(server: Server, snapshot: Snapshot) -> None:
    ehr = RemoteSession(server, NOW)
    assert data(await ehr.request("GET", "metadata"))["extension"][0]["valueString"] == snapshot.checksum
    assert ids(await ehr.request("POST", "Patient/_search", b"_id=" + ANN.encode())) == [ANN]
    assert ids(await ehr.request("GET", f"Patient/_search?_id={ANN}")) == [ANN]
