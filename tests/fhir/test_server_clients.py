"""Clients that other people wrote, against the server: search, read, create, and errors as errors."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medagentbenchv2.fhir.server import FhirServer

ANN = "S1234561"
ORDER = {
    "resourceType": "ServiceRequest", "status": "active", "intent": "order", "priority": "stat",
    "subject": {"reference": f"Patient/{ANN}"}, "authoredOn": "2023-11-13T10:15:00+00:00",
    "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
}  # fmt: skip
FIELDS = {name: value for name, value in ORDER.items() if name != "resourceType"}


@pytest.fixture
def base(root: str, app: FhirServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """A session of its own for every test, named by the path, as clients need no header for it."""
    name = request.node.name[:60].replace("[", "-").replace("]", "")
    yield f"{root}/session/{name}/fhir"
    app.sessions.end(name)


@pytest.fixture
def potassium(base: str, app: FhirServer) -> int:
    """How many potassium values Ann has."""
    answer = app.sessions.default.request_now("GET", f"Observation?patient={ANN}&code=K&_summary=count")
    return int(json.loads(answer.body)["total"])


def test_fhirpy(base: str, potassium: int) -> None:
    fhirpy = pytest.importorskip("fhirpy")
    errors = importlib.import_module("fhirpy.base.exceptions")
    client = fhirpy.SyncFHIRClient(base)
    assert client.reference("Patient", ANN).to_resource()["id"] == ANN
    search = client.resources("Observation").search(patient=ANN, code="K").sort("-date")
    assert search.fetch_raw()["total"] == search.count() == potassium
    rows = search.limit(3).fetch_all()
    assert len(rows) == potassium
    dates = [row["effectiveDateTime"] for row in rows if "effectiveDateTime" in row]
    assert dates == sorted(dates, reverse=True)
    assert search.first()["id"] == rows[0]["id"]
    assert client.resources("Patient").search(_id=ANN).get()["id"] == ANN
    both = client.resources("Observation").search(patient=ANN).include("Observation", "patient").limit(2).fetch_raw()
    assert {entry["resource"]["resourceType"] for entry in both["entry"]} == {"Observation", "Patient"}

    order = client.resource("ServiceRequest", **FIELDS)
    order.save()
    assert client.resources("ServiceRequest").search(code="4548-4").first()["id"] == order["id"]
    order["status"] = "completed"
    order.save()
    assert client.reference("ServiceRequest", order["id"]).to_resource()["status"] == "completed"
    order.delete()
    with pytest.raises(errors.ResourceNotFound):
        client.reference("ServiceRequest", order["id"]).to_resource()
    namesake = client.resource("Patient", identifier=[{"system": "urn:test", "value": "1"}])
    once = client.resources("Patient").search(identifier="urn:test|1")
    (first, made), (second, made_again) = once.update(namesake), once.update(namesake)
    assert (made, made_again, first["id"]) == (True, False, second["id"])
    with pytest.raises(errors.ResourceNotFound):
        client.reference("Patient", "S0000000").to_resource()
    with pytest.raises(errors.OperationOutcome, match="HAPI-0524"):
        client.resources("Observation").search(bogus="1").fetch()
    with pytest.raises(errors.OperationOutcome, match="HAPI-1821"):
        client.resource("ServiceRequest", **{**FIELDS, "status": "bogus"}).save()


async def test_fhirpy_async(base: str, potassium: int) -> None:
    fhirpy = pytest.importorskip("fhirpy")
    client = fhirpy.AsyncFHIRClient(base)
    assert len(await client.resources("Observation").search(patient=ANN, code="K").limit(2).fetch_all()) == potassium
    order = client.resource("ServiceRequest", **FIELDS)
    await order.save()
    assert (await client.reference("ServiceRequest", order["id"]).to_resource())["priority"] == "stat"


def test_fhirclient(base: str, potassium: int) -> None:
    fhirclient = pytest.importorskip("fhirclient.client")

    def model(name: str) -> Any:
        return getattr(importlib.import_module(f"fhirclient.models.{name.lower()}"), name)

    server = fhirclient.FHIRClient(settings={"app_id": "test", "api_base": f"{base}/"}).server
    assert server.capabilityStatement.fhirVersion == "4.0.1"
    patient = model("Patient").read(ANN, server)
    assert patient.id == ANN
    assert patient.name[0].family
    search = model("Observation").where(struct={"patient": ANN, "code": "K", "_sort": "-date", "_count": "500"})
    rows = search.perform_resources(server)
    assert len(rows) == potassium
    assert all(row.as_json()["code"] for row in rows)

    stored = model("ServiceRequest")(ORDER).create(server)
    order = model("ServiceRequest").read(stored["id"], server)
    order.status = "completed"
    order.update(server)
    assert model("ServiceRequest").read(stored["id"], server).status == "completed"
    order.delete(server)
    errors = importlib.import_module("fhirclient.server")
    with pytest.raises(errors.FHIRNotFoundException):
        model("Patient").read("S0000000", server)
    refused = importlib.import_module("requests.exceptions").HTTPError
    with pytest.raises(refused, match="400"):
        model("ServiceRequest")({**ORDER, "status": "bogus"}).create(server)


KIT = """
import { Client } from 'fhir-kit-client';
const [base, mrn, body] = process.argv.slice(2);
const client = new Client({ baseUrl: base });
const order = JSON.parse(body);
const out = {};
out.version = (await client.capabilityStatement()).fhirVersion;
out.patient = (await client.read({ resourceType: 'Patient', id: mrn })).id;
let page = await client.resourceSearch(
  { resourceType: 'Observation', searchParams: { patient: mrn, code: 'K', _count: 3 } });
out.total = page.total;
out.rows = 0;
while (page) { out.rows += page.entry.length; page = await client.nextPage({ bundle: page }); }
const created = await client.create({ resourceType: 'ServiceRequest', body: order });
out.created = created.id;
const searched = await client.resourceSearch(
  { resourceType: 'ServiceRequest', searchParams: { code: '4548-4' }, options: { postSearch: true } });
out.found = searched.entry.map((entry) => entry.resource.id);
const changed = await client.update(
  { resourceType: 'ServiceRequest', id: created.id, body: { ...created, status: 'completed' } });
out.version_id = changed.meta.versionId;
const first = await client.vread({ resourceType: 'ServiceRequest', id: created.id, version: '1' });
out.first = first.status;
const entry = { resource: order, request: { method: 'POST', url: 'ServiceRequest' } };
const bundle = { resourceType: 'Bundle', type: 'transaction', entry: [entry, entry] };
out.transaction = (await client.transaction({ body: bundle })).entry.length;
await client.delete({ resourceType: 'ServiceRequest', id: created.id });
const failing = async (act) => { try { await act(); return 'no error'; } catch (error) { return {
  status: error.response?.status, words: error.response?.data?.issue?.[0]?.diagnostics }; } };
out.gone = await failing(() => client.read({ resourceType: 'ServiceRequest', id: created.id }));
out.unknown = await failing(() => client.read({ resourceType: 'Patient', id: 'S0000000' }));
out.bogus = await failing(() => client.resourceSearch(
  { resourceType: 'Observation', searchParams: { bogus: '1' } }));
out.refused = await failing(() => client.create(
  { resourceType: 'ServiceRequest', body: { ...order, status: 'bogus' } }));
console.log(JSON.stringify(out));
"""


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with npm's fhir-kit-client installed."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("kit")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    done = subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund", "fhir-kit-client@2"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"npm cannot install fhir-kit-client here: {done.stderr.strip().splitlines()[-1:]}")
    (folder / "use.js").write_text(KIT)
    return folder


def test_fhir_kit_client(kit: Path, base: str, potassium: int) -> None:
    command = ["node", "use.js", base, ANN, json.dumps(ORDER)]
    done = subprocess.run(command, cwd=kit, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    assert out["version"] == "4.0.1"
    assert out["patient"] == ANN
    assert out["total"] == out["rows"] == potassium
    assert out["found"] == [out["created"]]
    assert (out["version_id"], out["first"], out["transaction"]) == ("2", "active", 2)
    assert out["gone"]["status"] == 410
    assert out["unknown"] == {"status": 404, "words": "HAPI-2001: Resource Patient/S0000000 is not known"}
    assert out["bogus"]["status"] == 400
    assert out["bogus"]["words"].startswith('HAPI-0524: Unknown search parameter "bogus"')
    assert out["refused"]["status"] == 400
    assert "HAPI-1821" in out["refused"]["words"]
