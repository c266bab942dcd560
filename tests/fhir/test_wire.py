"""Requests over HTTP: retried when that is safe, followed page by page, and never a zero when there is no answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest

from medagentbenchv2.errors import InfrastructureError
from medagentbenchv2.fhir import wire
from medagentbenchv2.fhir.wire import Server
from tests.fhir.fault_proxy import Faults, proxied
from tests.fhir.serving import free_port, serving

Answer = tuple[int, bytes]


class Scripted:
    """Answers requests from a list, the last one for ever; remembers what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, str]] = []
        self.headers: dict[str, str] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        if scope["type"] == "lifespan":
            while (event := await receive())["type"] != "lifespan.shutdown":
                await send({"type": event["type"] + ".complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.asked.append((scope["method"], scope["path"], scope["query_string"].decode()))
        self.headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        headers = [(b"retry-after", b"0"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LONGEST_PAUSE_S", 0.02)


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., Server]]:
    made: list[Server] = []

    def make(*arguments: Any, **options: Any) -> Server:
        made.append(Server(*arguments, **options))
        return made[-1]

    yield make
    for server in made:
        await server.close()


def bundle(*ids: str, following: str | None = None) -> Answer:
    entries = [{"resource": {"resourceType": "Observation", "id": id}} for id in ids]
    links = [{"relation": "next", "url": following}] if following else []
    return 200, orjson.dumps({"resourceType": "Bundle", "entry": entries, "link": links})


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_read_is_repeated_until_it_is_answered(status: int, connect: Callable[..., Server]) -> None:
    app = Scripted((status, b"busy"), (status, b"busy"), (200, b"{}"))
    with serving(app) as root:
        server = connect(f"{root}/fhir/")
        assert (await server.get("Patient/1")).body == b"{}"
    assert server.retries == 2
    assert app.asked == [("GET", "/fhir/Patient/1", "")] * 3


async def test_a_refusal_is_an_answer(connect: Callable[..., Server]) -> None:
    with serving(Scripted((404, b'{"resourceType":"OperationOutcome"}'))) as root:
        server = connect(root)
        assert (await server.get("Patient/1")).status == 404
    assert server.retries == 0


async def test_a_page_that_is_no_json_is_asked_for_again(connect: Callable[..., Server]) -> None:
    with serving(Scripted((200, b"<html>"), (200, b"{}"))) as root:
        server = connect(root)
        assert (await server.get("Patient/1")).body == b"{}"
    assert server.retries == 1


async def test_exhausted_retries_are_an_infrastructure_error(connect: Callable[..., Server]) -> None:
    app = Scripted((503, b"busy"))
    with serving(app) as root:
        server = connect(root, attempts=3)
        with pytest.raises(InfrastructureError, match=r"GET .*/Patient/1: status 503 \(after 3 attempts\)"):
            await server.get("Patient/1")
    assert len(app.asked) == 3


async def test_a_dead_server_is_an_infrastructure_error(connect: Callable[..., Server]) -> None:
    server = connect(f"http://127.0.0.1:{free_port()}/fhir", attempts=2)
    with pytest.raises(InfrastructureError, match="no connection"):
        await server.search("Observation", [])
    with pytest.raises(InfrastructureError, match="no connection"):
        await server.post("Observation", b"{}")


@pytest.mark.parametrize("status", [429, 503])
async def test_a_create_that_was_not_accepted_is_repeated(status: int, connect: Callable[..., Server]) -> None:
    app = Scripted((status, b"busy"), (201, b'{"id":"1"}'))
    with serving(app) as root:
        assert (await connect(root).post("Observation", b"{}")).status == 201
    assert len(app.asked) == 2


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_create_that_may_have_been_accepted_is_not_repeated(
    status: int, connect: Callable[..., Server]
) -> None:
    app = Scripted((status, b"oops"), (201, b'{"id":"1"}'))
    with serving(app) as root, pytest.raises(InfrastructureError, match="it may have been accepted"):
        await connect(root).post("Observation", b"{}")
    assert len(app.asked) == 1


async def test_a_create_whose_answer_is_lost_is_not_repeated(connect: Callable[..., Server]) -> None:
    app = Scripted((201, b'{"id":"1"}'))
    lost = Faults(dropped=1.0, before_the_server=False)
    accepted = pytest.raises(InfrastructureError, match="it may have been accepted")
    with serving(app) as root, proxied(f"{root}/fhir", lost) as url, accepted:
        await connect(url).post("Observation", b"{}")
    assert len(app.asked) == 1


@pytest.mark.parametrize("fault", ["dropped", "refused", "cut", "delayed"])
async def test_reads_survive_every_fault(fault: str, connect: Callable[..., Server]) -> None:
    app = Scripted((200, orjson.dumps({"resourceType": "Patient", "id": "1", "text": "x" * 5000})))
    faults = Faults(**{fault: 0.4}, delay_s=0.6)
    with serving(app) as root, proxied(f"{root}/fhir", faults) as url:
        server = connect(url, timeout_s=0.3, attempts=30)
        for _ in range(10):
            assert orjson.loads((await server.get("Patient/1")).body)["id"] == "1"
    assert faults.committed[fault] > 0
    # the transport itself repeats a read whose kept-alive connection was closed
    assert server.retries > 0 or fault == "dropped"


async def test_every_page_is_read_in_order_over_the_configured_host(connect: Callable[..., Server]) -> None:
    app = Scripted(
        bundle("1", "2", following="http://internal:9999/fhir?_getpages=abc&_getpagesoffset=2"),
        bundle("3", following="http://internal:9999/fhir/Observation?page=3"),
        bundle("4"),
    )
    with serving(app) as root:
        found, refused = await connect(f"{root}/fhir/").search("Observation", [("code", "A B&C")])
    assert [resource["id"] for resource in found] == ["1", "2", "3", "4"]
    assert refused is None
    assert app.asked[0][1:] in (
        ("/fhir/Observation", "code=A%20B%26C&_count=1000"),
        ("/fhir/Observation", "code=A+B%26C&_count=1000"),
    )
    assert app.asked[1:] == [
        ("GET", "/fhir", "_getpages=abc&_getpagesoffset=2"),
        ("GET", "/fhir/Observation", "page=3"),
    ]


async def test_a_refused_search_gives_the_refusal(connect: Callable[..., Server]) -> None:
    with serving(Scripted((400, b'{"resourceType":"OperationOutcome"}'))) as root:
        found, refused = await connect(root).search("Observation", [("bogus", "1")])
    assert found == []
    assert refused is not None
    assert refused.status == 400


async def test_answers_are_asked_for_fresh_and_as_fhir(connect: Callable[..., Server]) -> None:
    app = Scripted((200, b"{}"))
    with serving(app) as root:
        await connect(root).get("Patient/1")
    assert app.headers["cache-control"] == "no-cache"
    assert app.headers["accept"] == "application/fhir+json"


def test_links_are_rebased_whatever_host_they_name() -> None:
    server = Server("http://proxy:1/deep/fhir/")
    assert server.rebased("Patient/1") == "http://proxy:1/deep/fhir/Patient/1"
    assert server.rebased("https://else:2/deep/fhir?_getpages=x") == "http://proxy:1/deep/fhir?_getpages=x"
    assert server.rebased("https://else:2/deep/fhir/Patient?a=b%20c") == "http://proxy:1/deep/fhir/Patient?a=b%20c"


def test_a_server_may_be_used_from_one_event_loop_after_another() -> None:
    import asyncio

    with serving(Scripted((200, b"{}"))) as root:
        server = Server(root)

        async def read() -> int:
            status = (await server.get("Patient/1")).status
            await server.close()
            return status

        assert [asyncio.run(read()) for _ in range(3)] == [200] * 3
