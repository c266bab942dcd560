"""The engine over HTTP: the engine's own answers, one overlay for each session, links as the client called."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from medagentbenchv2.fhir.server import FhirServer
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.fhir.hospital_on_paper import NOW
from tests.fhir.serving import serving

ANN = "S1234561"
FHIR_JSON = "application/fhir+json;charset=UTF-8"


def order(note: str = "") -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order",
        "subject": {"reference": f"Patient/{ANN}"}, "authoredOn": "2023-11-13T10:15:00+00:00",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
    } | ({"note": [{"text": note}]} if note else {})  # fmt: skip


@pytest.fixture
def http(app: FhirServer, root: str) -> Iterator[httpx.Client]:
    app.sessions.end("default")
    with httpx.Client(base_url=root, timeout=20) as client:
        yield client


READS = [
    "Patient", f"Patient/{ANN}", f"Patient/{ANN}?_pretty=true", f"Patient/{ANN}/_history/1", "metadata",
    f"Observation?patient={ANN}&code=K&_sort=-date&_count=3",
    f"Observation?patient={ANN}&date=ge2023-01-01T00:00+01:00",
    f"Observation?patient={ANN}&_count=0", "Observation?bogus=1", "Observation?date=x", "Foo", "Patient/S0000000",
    "Patient?name=%C3%A9&_elements=name", "Patient?_format=xml", "Observation/$lastn", "",
]  # fmt: skip


@pytest.mark.parametrize("url", READS)
def test_every_read_is_answered_as_in_process(url: str, http: httpx.Client, root: str, snapshot: Snapshot) -> None:
    wanted = Session(snapshot, base_url=f"{root}/fhir").request_now("GET", url)
    found = http.get(f"/fhir/{url}")
    assert (found.status_code, found.content) == (wanted.status, wanted.body)
    assert found.headers["content-type"] == FHIR_JSON
    assert found.headers.get("etag") == wanted.headers.get("ETag")


def test_a_head_is_a_get_without_a_body(http: httpx.Client) -> None:
    got, head = http.get(f"/fhir/Patient/{ANN}"), http.head(f"/fhir/Patient/{ANN}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))


def test_the_base_path_may_end_in_a_slash(http: httpx.Client) -> None:
    assert http.get("/fhir").json() == http.get("/fhir/").json()
    assert http.get("/fhir/").status_code == 400


@pytest.mark.parametrize("path", ["/", "/fhir2/Patient", "/Patient", "/session", "/session/a/Patient", "/favicon.ico"])
def test_nothing_is_served_elsewhere(path: str, http: httpx.Client) -> None:
    answer = http.get(path)
    assert answer.status_code == 404
    assert "the FHIR base is /fhir" in answer.json()["issue"][0]["diagnostics"]


def test_create_update_delete(http: httpx.Client, root: str) -> None:
    created = http.post("/fhir/ServiceRequest", json=order())
    id = created.json()["id"]
    assert created.status_code == 201
    assert created.headers["location"] == f"{root}/fhir/ServiceRequest/{id}/_history/1"
    assert created.headers["etag"] == 'W/"1"'
    changed = http.put(f"/fhir/ServiceRequest/{id}", json={**created.json(), "status": "completed"})
    assert (changed.status_code, changed.json()["meta"]["versionId"]) == (200, "2")
    assert http.get(f"/fhir/ServiceRequest/{id}/_history/1").json() == created.json()
    assert http.get("/fhir/ServiceRequest", params={"code": "4548-4"}).json()["total"] == 1
    assert http.delete(f"/fhir/ServiceRequest/{id}").status_code == 200
    assert http.get(f"/fhir/ServiceRequest/{id}").status_code == 410
    assert http.get("/fhir/ServiceRequest", params={"code": "4548-4"}).json()["total"] == 0


def test_a_search_by_post(http: httpx.Client) -> None:
    got = http.get("/fhir/Observation", params={"patient": ANN, "code": "K"}).json()
    posted = http.post("/fhir/Observation/_search", data={"patient": ANN, "code": "K"}).json()
    assert posted == got
    assert got["total"] > 0


def test_a_transaction_is_all_or_nothing(http: httpx.Client) -> None:
    entry = {"resource": order(), "request": {"method": "POST", "url": "ServiceRequest"}}
    bad = {"resource": {**order(), "status": "bogus"}, "request": {"method": "POST", "url": "ServiceRequest"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry, entry]}
    done = http.post("/fhir", json=bundle)
    assert (done.status_code, len(done.json()["entry"])) == (200, 2)
    assert http.post("/fhir/", json={**bundle, "entry": [entry, bad]}).status_code == 400
    assert http.get("/fhir/ServiceRequest", params={"code": "4548-4"}).json()["total"] == 2


def test_writes_of_the_default_session_are_stamped_with_the_wall_clock(http: httpx.Client) -> None:
    stored = http.post("/fhir/ServiceRequest", json=order()).json()
    age = datetime.now(UTC) - datetime.fromisoformat(stored["meta"]["lastUpdated"])
    assert timedelta(seconds=-1) < age < timedelta(seconds=60)


def test_writes_of_other_sessions_are_stamped_the_same_every_time(http: httpx.Client) -> None:
    for name in ("stamp1", "stamp2"):
        stored = http.post("/fhir/ServiceRequest", json=order(), headers={"X-Session": name}).json()
        assert stored["meta"]["lastUpdated"] == "2025-01-02T00:00:00.001+00:00"


def test_links_name_the_server_as_the_client_did(root: str, http: httpx.Client) -> None:
    by_name = root.replace("127.0.0.1", "localhost")
    for base in (root, by_name):
        bundle = http.get(f"{base}/fhir/Observation", params={"patient": ANN, "_count": 2}).json()
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert links["self"].startswith(f"{base}/fhir/Observation?")
        assert bundle["entry"][0]["fullUrl"].startswith(f"{base}/fhir/Observation/")
        assert http.get(links["next"]).json()["total"] == bundle["total"]
    inside = http.get("/session/links/fhir/Observation", params={"_count": 2}).json()
    assert inside["link"][1]["url"].startswith(f"{root}/session/links/fhir?_getpages=")
    assert http.get(inside["link"][1]["url"]).status_code == 200


@pytest.mark.parametrize("host", ["a b", 'x"><script>', "a/b", "a@b", "é".encode().decode("latin-1"), "a:b"])
def test_a_host_that_is_none_stands_in_no_link(host: str, http: httpx.Client) -> None:
    answer = http.get("/fhir/Patient", headers={"Host": host.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code == 400


def test_a_session_by_header_and_by_path_is_the_same_session(http: httpx.Client) -> None:
    id = http.post("/fhir/ServiceRequest", json=order(), headers={"X-Session": "one"}).json()["id"]
    assert http.get(f"/session/one/fhir/ServiceRequest/{id}").status_code == 200
    for elsewhere in ("/fhir", "/session/two/fhir"):
        assert http.get(f"{elsewhere}/ServiceRequest/{id}").status_code == 404
        assert http.get(f"{elsewhere}/ServiceRequest", params={"code": "4548-4"}).json()["total"] == 0
    assert http.get("/session/one").json() == {"session": "one", "now": None, "writes": 1}


def test_a_session_that_was_ended_starts_anew(http: httpx.Client) -> None:
    http.post("/session/gone/fhir/ServiceRequest", json=order())
    assert http.delete("/session/gone").status_code == 204
    assert http.delete("/session/gone").status_code == 404
    assert http.get("/session/gone").status_code == 404
    assert http.get("/session/gone/fhir/ServiceRequest", params={"code": "4548-4"}).json()["total"] == 0
    assert http.post("/session/gone").status_code == 200
    assert http.patch("/session/gone").status_code == 405


def test_the_default_session_can_be_emptied(http: httpx.Client) -> None:
    http.post("/fhir/ServiceRequest", json=order())
    assert http.get("/session/default").json()["writes"] == 1
    assert http.delete("/session/default").status_code == 204
    assert http.get("/session/default").json()["writes"] == 0


def total(http: httpx.Client, base: str, **headers: str) -> int:
    url = f"{base}/Observation?_summary=count"
    found: int = http.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()}).json()[
        "total"
    ]
    return found


def test_a_session_takes_its_clock_when_it_is_made(http: httpx.Client) -> None:
    everything, now = total(http, "/fhir"), NOW.isoformat()
    assert total(http, "/fhir", X_Session="c1", X_Session_Now=now) < everything
    assert http.put("/session/c2", params={"now": now}).status_code == 201
    assert total(http, "/session/c2/fhir") < everything
    assert (
        http.get("/session/c3/fhir/Observation", params={"_summary": "count", "now": now}).json()["total"] < everything
    )
    written_plainly = http.get(f"/session/c4/fhir/Observation?_summary=count&now={now}")  # + reads as a space
    assert written_plainly.json()["total"] < everything
    for name in ("c1", "c2", "c3", "c4"):
        assert total(http, f"/session/{name}/fhir") == total(http, "/session/c1/fhir")
        assert http.get(f"/session/{name}").json()["now"] == now
    assert total(http, "/session/none/fhir") == everything


def test_a_clock_cannot_be_changed(http: httpx.Client) -> None:
    now = NOW.isoformat()
    http.put("/session/fixed", params={"now": now})
    assert http.put("/session/fixed", params={"now": now}).status_code == 200
    other = http.put("/session/fixed", params={"now": "2020-01-01T00:00:00Z"})
    assert other.status_code == 409
    assert "was made with the clock 2023-11-13T10:15:00+00:00" in other.json()["issue"][0]["diagnostics"]
    assert http.get("/fhir/Patient", headers={"X-Session-Now": now}).status_code == 409


@pytest.mark.parametrize("now", ["yesterday", "2023-11-13", "", "2023-13-01T00:00:00Z"])
def test_a_clock_that_is_none_is_refused(now: str, http: httpx.Client) -> None:
    answer = http.put("/session/never", params={"now": now})
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["diagnostics"].startswith("now: ")
    assert http.get("/session/never").status_code == 404


@pytest.mark.parametrize("id", ["a b", "x" * 65, "a/b", "", "é", "%2e%2e%2f"])
def test_a_bad_session_id_is_refused(id: str, http: httpx.Client) -> None:
    answer = http.get("/fhir/Patient", headers={"X-Session": id.encode()})  # type: ignore[dict-item]
    assert answer.status_code == 400
    assert "Session id" in answer.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": "application/fhir+xml"}, 406),
        ({"Accept": "text/turtle"}, 406),
        ({"Accept": "application/fhir+json"}, 200),
        ({"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, 200),
        ({"Accept": "application/fhir+xml, application/fhir+json;q=0.5"}, 200),
    ],
)
def test_only_json_is_spoken(headers: dict[str, str], status: int, http: httpx.Client) -> None:
    assert http.get("/fhir/Patient", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/fhir+xml"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"If-None-Exist": "_id:missing=false"}, 412),
        ({"If-None-Exist": "bogus=1"}, 400),
        ({"Content-Type": "application/json; charset=utf-8"}, 201),
    ],
)
def test_what_is_not_understood_is_not_ignored(headers: dict[str, str], status: int, http: httpx.Client) -> None:
    answer = http.post("/fhir/ServiceRequest", json=order(), headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == FHIR_JSON


def test_a_create_answers_as_briefly_as_it_is_asked(http: httpx.Client) -> None:
    minimal = http.post("/fhir/ServiceRequest", json=order(), headers={"Prefer": "return=minimal"})
    assert (minimal.status_code, minimal.content) == (201, b"")
    assert "location" in minimal.headers
    outcome = http.post("/fhir/ServiceRequest", json=order(), headers={"Prefer": "return=OperationOutcome"})
    assert outcome.json()["resourceType"] == "OperationOutcome"


def test_a_strict_server_refuses_what_is_no_r4(snapshot: Snapshot) -> None:
    with serving(FhirServer(snapshot, validation="r4")) as root:
        answer = httpx.post(f"{root}/fhir/ServiceRequest", json={**order(), "colour": "red"})
    assert answer.status_code == 422


async def _own_writes(root: str, sessions: int) -> list[list[str]]:
    """Each session creates two orders that name it, in an order that mixes all sessions; what each then finds."""
    pool = AiohttpTransport(limits=httpx.Limits(max_connections=50))
    async with httpx.AsyncClient(transport=pool, base_url=root, timeout=60) as client:
        few = asyncio.Semaphore(50)

        async def write(number: int, nth: int) -> None:
            async with few:
                headers = {"X-Session": f"many-{number}"}
                body = order(f"{number}/{nth}")
                assert (await client.post("/fhir/ServiceRequest", json=body, headers=headers)).status_code == 201

        async def read(number: int) -> list[str]:
            async with few:
                answer = await client.get(f"/session/many-{number}/fhir/ServiceRequest?code=4548-4")
                return [entry["resource"]["note"][0]["text"] for entry in answer.json()["entry"]]

        for nth in range(2):
            await asyncio.gather(*(write(number, nth) for number in range(sessions)))
        found = await asyncio.gather(*map(read, range(sessions)))
        await asyncio.gather(*(client.delete(f"/session/many-{number}") for number in range(sessions)))
        return found


@pytest.mark.parametrize("sessions", [200, pytest.param(5000, marks=pytest.mark.soak)])
async def test_each_of_many_sessions_sees_exactly_its_own_writes(sessions: int, root: str, app: FhirServer) -> None:
    found = await _own_writes(root, sessions)
    assert found == [[f"{number}/0", f"{number}/1"] for number in range(sessions)]
    assert not any(app.sessions.find(f"many-{number}") for number in range(sessions))
