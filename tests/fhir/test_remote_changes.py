"""Changes over a remote server: kept in the rollout, or really made, with the same answers as the embedded EHR."""

from __future__ import annotations

import copy
from typing import Any

import httpx
import orjson
import pytest

from medagentbenchv2.fhir.ehr import Response
from medagentbenchv2.fhir.matching import Conditions
from medagentbenchv2.fhir.remote import RemoteSession
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.fhir.wire import Server
from tests.fhir.hospital_on_paper import NOW
from tests.fhir.test_remote import ANN, FREEZE, data, ids, order
from tests.fhir.test_transactions import entry

PERSON = {"resourceType": "Patient", "identifier": [{"system": "urn:test", "value": "1"}]}
ONCE = "Patient?identifier=urn:test|1"


@pytest.fixture(params=["isolated", "server"])
def ehr(request: pytest.FixtureRequest, server: Server) -> RemoteSession:
    return RemoteSession(server, NOW, frozen_at=FREEZE, isolated=request.param == "isolated")


def bundle(type: str, *entries: dict[str, Any]) -> bytes:
    return orjson.dumps({"resourceType": "Bundle", "type": type, "entry": list(entries)})


async def put(ehr: RemoteSession, url: str, body: dict[str, Any], match: str = "") -> Response:
    return await ehr.request("PUT", url, orjson.dumps(body), Conditions(match=match))


async def a_procedure(ehr: RemoteSession) -> dict[str, Any]:
    found = data(await ehr.search("Procedure", [("patient", ANN), ("_count", "1")]))["entry"][0]["resource"]
    assert isinstance(found, dict)
    return found


async def test_a_change_is_seen_by_the_rollout_and_on_the_server_only_where_writes_are_real(
    ehr: RemoteSession, root: str
) -> None:
    before = await a_procedure(ehr)
    url = f"Procedure/{before['id']}"
    assert (await put(ehr, url, {**before, "status": "on-hold"})).status == 200
    patch = orjson.dumps([{"op": "add", "path": "/note", "value": [{"text": "late"}]}])
    assert (await ehr.request("PATCH", url, patch)).status == 200
    mine = data(await ehr.read("Procedure", before["id"]))
    assert (mine["status"], mine["note"], mine["meta"]["versionId"]) == ("on-hold", [{"text": "late"}], "3")
    assert before["id"] in ids(await ehr.search("Procedure", [("patient", ANN), ("status", "on-hold")]))
    async with httpx.AsyncClient() as client:
        theirs = (await client.get(f"{root}/fhir/{url}")).json()
    assert (theirs == before) is ehr._isolated
    assert (await ehr.request("DELETE", url)).status == 200
    assert (await ehr.read("Procedure", before["id"])).status == 410
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{root}/fhir/{url}")).status_code == (200 if ehr._isolated else 410)
    assert [(write.method, write.id) for write in ehr.writes] == [("PUT", before["id"])] * 2 + [
        ("DELETE", before["id"])
    ]
    assert ehr.writes[-1].resource["status"] == "on-hold"


async def test_history_has_the_rollouts_versions(ehr: RemoteSession) -> None:
    before = await a_procedure(ehr)
    url = f"Procedure/{before['id']}"
    assert [e["request"]["method"] for e in data(await ehr.request("GET", f"{url}/_history"))["entry"]] == ["POST"]
    await put(ehr, url, {**before, "status": "on-hold"})
    entries = data(await ehr.request("GET", f"{url}/_history"))["entry"]
    assert [e["request"]["method"] for e in entries] == ["PUT", "POST"]
    assert [e["resource"]["status"] for e in entries] == ["on-hold", before["status"]]
    assert (await ehr.request("GET", "Procedure/nobody/_history")).status == 404


async def test_conditional_writes_are_those_of_the_embedded_ehr(ehr: RemoteSession, snapshot: Snapshot) -> None:
    embedded = Session(snapshot, NOW)

    async def both(method: str, url: str, body: dict[str, Any] | None, none_exist: str = "") -> tuple[int, Any]:
        sent, conditions = orjson.dumps(body) if body else b"", Conditions(none_exist=none_exist)
        remote = await ehr.request(method, url, sent, conditions)
        local = embedded.request_now(method, url, sent, conditions)
        assert remote.status == local.status, remote.body
        return remote.status, data(remote)

    assert [(await both("POST", "Patient", PERSON, ONCE))[0] for _ in range(2)] == [201, 200]
    status, changed = await both("PUT", ONCE, {**PERSON, "active": True})
    assert (status, changed["meta"]["versionId"]) == (200, "2")
    assert (await both("PUT", "Patient?gender=female", PERSON))[0] == 412
    assert (await both("PUT", "Patient?bogus=1", PERSON))[0] == 400
    assert (await both("DELETE", ONCE, None))[0] == 200
    status, outcome = await both("DELETE", ONCE, None)
    assert outcome["issue"][0]["diagnostics"].startswith("Unable to find resource")
    assert (await both("PUT", ONCE, PERSON))[0] == 201
    assert [w.method for w in ehr.writes] == [w.method for w in embedded.writes] == ["POST", "PUT", "DELETE", "POST"]


async def test_another_version_is_a_conflict(ehr: RemoteSession) -> None:
    before = await a_procedure(ehr)
    url = f"Procedure/{before['id']}"
    assert (await put(ehr, url, before, 'W/"1"')).status == 200
    assert not ehr.writes  # nothing was changed
    assert (await put(ehr, url, {**before, "status": "on-hold"}, 'W/"1"')).status == 200
    stale = await put(ehr, url, before, 'W/"1"')
    assert stale.status == 409
    assert "HAPI-0989" in data(stale)["issue"][0]["diagnostics"]
    assert len(ehr.writes) == 1


async def test_a_transaction_of_creates_is_made_whole_or_not_at_all(ehr: RemoteSession) -> None:
    good, bad = (entry("POST", "ServiceRequest", order(subject={"reference": f"Patient/{who}"})) for who in (ANN, "S0"))
    refused = await ehr.request("POST", "", bundle("transaction", good, bad))
    assert refused.status == 400
    assert not ehr.writes
    assert ids(await ehr.search("ServiceRequest", [("code", "4548-4")])) == []
    done = await ehr.request("POST", "", bundle("transaction", good, copy.deepcopy(good)))
    assert [one["response"]["status"] for one in data(done)["entry"]] == ["201 Created"] * 2
    assert [write.id for write in ehr.writes] == ids(await ehr.search("ServiceRequest", [("code", "4548-4")]))
    assert all(write.resource["resourceType"] == "ServiceRequest" for write in ehr.writes)


async def test_a_batch_does_each_by_itself_and_reads_as_of_the_clock(ehr: RemoteSession) -> None:
    before = await a_procedure(ehr)
    answer = await ehr.request("POST", "", bundle(
        "batch", entry("POST", "ServiceRequest", order()), entry("PUT", "Procedure/x", {"resourceType": "Procedure"}),
        entry("GET", f"Procedure?patient={ANN}&_summary=count"), entry("DELETE", f"Procedure/{before['id']}"),
    ))  # fmt: skip
    statuses = [one["response"]["status"] for one in data(answer)["entry"]]
    assert statuses == ["201 Created", "400 Bad Request", "200 OK", "200 OK"]
    counted = data(answer)["entry"][2]["resource"]["total"]
    assert counted == data(await ehr.search("Procedure", [("patient", ANN)]))["total"] + 1
    assert [write.method for write in ehr.writes] == ["POST", "DELETE"]


async def test_a_mixed_transaction_is_whole_in_the_rollout_and_refused_where_writes_are_real(
    ehr: RemoteSession,
) -> None:
    before = await a_procedure(ehr)
    mixed = bundle(
        "transaction", entry("DELETE", f"Procedure/{before['id']}"), entry("POST", "ServiceRequest", order())
    )
    answer = await ehr.request("POST", "", mixed)
    assert answer.status == (200 if ehr._isolated else 400)
    assert len(ehr.writes) == (2 if ehr._isolated else 0)


async def test_what_others_stored_after_the_freeze_cannot_be_changed(root: str, server: Server) -> None:
    async with httpx.AsyncClient() as client:
        stranger = (await client.post(f"{root}/fhir/ServiceRequest", json=order())).json()
    for isolated in (True, False):
        ehr = RemoteSession(server, NOW, frozen_at=FREEZE, isolated=isolated)
        url = f"ServiceRequest/{stranger['id']}"
        assert (await ehr.request("DELETE", url)).status == 404
        assert (await put(ehr, url, {**stranger, "status": "completed"})).status in (400, 404)
        assert not ehr.writes
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{root}/fhir/{url}")).json() == stranger


@pytest.mark.parametrize("params", [
    [("_has:Observation:patient:code", "K"), ("_count", "50")], [("_has:Observation:patient:code", "none")],
    [("_has:Observation:patient:date", "gt2023-11-13T10:15:00Z")], [("_has:ServiceRequest:subject:code", "4548-4")],
    [("_has:Observation:patient:code", "K"), ("_has:Procedure:patient:status", "completed"), ("gender", "female")],
])  # fmt: skip
async def test_reverse_chains_are_those_of_the_embedded_ehr(
    params: list[tuple[str, str]], snapshot: Snapshot, server: Server
) -> None:
    remote, embedded = RemoteSession(server, NOW, frozen_at=FREEZE), Session(snapshot, NOW)
    for _ in range(2):
        found = ids(await remote.search("Patient", params))
        assert found == ids(embedded.search_now("Patient", params))
        for ehr in (remote, embedded):
            await ehr.create("ServiceRequest", order(subject={"reference": "Patient/S1234565"}))


@pytest.mark.parametrize(
    ("method", "url"),
    [("PATCH", "Patient"), ("OPTIONS", f"Patient/{ANN}"), ("GET", "Patient/_history"), ("DELETE", "Patient"),
     ("GET", f"Patient/{ANN}/$everything"), ("GET", "Patient?_has:Observation:patient:patient.name=x")],
)  # fmt: skip
async def test_what_cannot_be_done_is_refused(ehr: RemoteSession, method: str, url: str) -> None:
    answer = await ehr.request(method, url)
    assert answer.status == 400
    assert data(answer)["resourceType"] == "OperationOutcome"
