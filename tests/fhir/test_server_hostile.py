"""Requests that mean harm are answered with an error, in little time and little memory, and the server lives on."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from medagentbenchv2.fhir.served import Limits
from medagentbenchv2.fhir.server import FhirServer
from medagentbenchv2.tasks.world import default_world
from tests.fhir.serving import ehr_serve, serving

MOST_S = 8.0
"""Seconds that any answer may take, on a machine that others use too."""
MOST_GROWTH_MB = 400.0
BODY = b'{"resourceType":"Observation","status":"final","code":{"text":"x"}'


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    with ehr_serve() as program:
        yield program


def memory_mb(process: int) -> float:
    if not Path(f"/proc/{process}/status").exists():
        pytest.skip("memory of another process is read from /proc")
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def deep(opening: bytes, closing: bytes, times: int) -> bytes:
    return BODY[:-1] + b',"extension":' + opening * times + closing * times + b"}"


def batch(entries: int, url: str) -> bytes:
    entry = {"request": {"method": "GET", "url": url}}
    return json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [entry] * entries}).encode()


POSTS: dict[str, tuple[str, bytes, set[int]]] = {
    "50 MB": ("Observation", BODY + b" " * 50_000_000 + b"}", {413}),
    "deep arrays": ("Observation", deep(b"[", b"]", 200_000), {400}),
    "deep objects": ("Observation", deep(b'{"extension":', b"}", 200_000), {400}),
    "unclosed": ("Observation", b'{"a":' * 500_000, {400}),
    "long number": ("Observation", BODY + b',"valueInteger":' + b"9" * 1_000_000 + b"}", {400}),
    "large exponent": ("Observation", BODY + b',"valueQuantity":{"value":1e999999999}}', {400, 201}),
    "many keys": ("Observation", BODY + b"".join(b',"k%d":1' % n for n in range(300_000)) + b"}", {201, 400}),
    "many codings": ("Observation", BODY + b',"category":[' + b'{"text":"x"},' * 200_000 + b"{}]}", {201, 400}),
    "not UTF-8": ("Observation", b"\xff\xfe" * 1000, {400}),
    "empty": ("Observation", b"", {400}),
    "nested bundle": ("", batch(1, "").replace(b'"GET"', b'"POST"'), {200, 400}),
}  # fmt: skip

BUNDLES: dict[str, bytes] = {
    "many entries": batch(50_000, "Patient?_count=1"),
    "heavy entries": batch(300, "Observation?_count=10000&_sort=value-quantity"),
    "entries of entries": json.dumps(
        {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "POST", "url": ""},
         "resource": json.loads(batch(50, "Observation?_count=10000"))}] * 50}).encode(),
}  # fmt: skip

GETS: dict[str, tuple[str, set[int]]] = {
    "10,000 unknown parameters": ("Observation?" + "&".join(f"p{n}=1" for n in range(1200)), {400}),
    "a long address": ("Observation?code=" + "x" * 60_000, {414}),
    "many known parameters": ("Observation?" + "&".join(["code=K"] * 600), {400}),
    "many alternatives": ("Observation?code=" + ",".join(["K"] * 7000), {200}),
    "backslashes": ("Observation?code=" + "\\" * 15_000, {200}),
    "a long chain": ("Observation?" + "subject:Observation." * 700 + "code=K", {400}),
    "many sorts": ("Observation?_sort=" + ",".join(["value-quantity"] * 900), {200, 400}),
    "many includes": ("Observation?" + "&".join(["_include=Observation:patient"] * 400), {200, 400}),
    "many reverse includes": ("Patient?_count=500&" + "&".join(["_revinclude=Observation:patient"] * 400), {200, 400}),
    "many reverse chains": (
        "Patient?" + "&".join(f"_has:Observation:patient:code:not=x{n}" for n in range(200)),
        {400},
    ),
    "long reverse chains": (
        "Observation?" + "&".join(f"patient._has:Observation:patient:code:not=x{n}" for n in range(20)),
        {200},
    ),
    "many ignored parameters": ("Observation?" + "&".join(f"_x{n}=1" for n in range(450)), {200}),
    "everything": ("Observation?_count=100000000", {200}),
    "everything, cut": ("Observation?_count=100000000&_elements=code", {200}),
    "everything, pretty": ("Observation?_count=100000000&_pretty=true", {200}),
    "a page far out": ("?_getpages=T2JzZXJ2YXRpb24_&_getpagesoffset=999999999999999999&_count=10", {200}),
    "a page of nonsense": ("?_getpages=" + "A" * 10_000, {410}),
    "a page number that is none": ("?_getpages=T2JzZXJ2YXRpb24_&_getpagesoffset=1e9", {410}),
    "a large number": ("Observation?value-quantity=" + "9" * 10_000, {200, 400}),
    "a large exponent": ("Observation?value-quantity=1e999999999", {200, 400}),
    "a large date": ("Observation?date=" + "9" * 10_000, {400}),
    "bad escapes": ("Observation?code=%ZZ%00%ff%u0000", {200, 400}),
    "another path": ("Observation/../../../etc/passwd", {400, 404}),
    "an encoded path": ("%2e%2e/%2e%2e/etc/passwd", {400, 404}),
}


@pytest.mark.parametrize("name", POSTS)
def test_a_hostile_body_is_answered_soon(name: str, server: tuple[str, int]) -> None:
    address, process = server
    path, body, statuses = POSTS[name]
    _bounded(process, address, statuses, "POST", f"{address}/fhir/{path}", body)


@pytest.mark.parametrize("name", GETS)
def test_a_hostile_address_is_answered_soon(name: str, server: tuple[str, int]) -> None:
    address, process = server
    path, statuses = GETS[name]
    _bounded(process, address, statuses, "GET", f"{address}/fhir/{path}", b"")


def test_ten_thousand_unknown_parameters_in_a_form_are_refused(server: tuple[str, int]) -> None:
    address, process = server
    form = "&".join(f"p{number}=1" for number in range(10_000)).encode()
    _bounded(process, address, {400, 413}, "POST", f"{address}/fhir/Observation/_search", form)


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_that_asks_for_too_much_is_answered_in_part(name: str) -> None:
    app = FhirServer(default_world().snapshot, limits=Limits(request_s=1.0, answer_bytes=20_000_000))
    with serving(app) as root:
        began = time.monotonic()
        answer = httpx.post(f"{root}/fhir", content=BUNDLES[name], timeout=60)
        took = time.monotonic() - began
    assert answer.status_code == 200
    assert b"This Bundle asks for too much at once" in answer.content
    assert len(answer.content) < 100_000_000
    assert took < MOST_S


def test_an_address_of_a_megabyte_is_refused(server: tuple[str, int]) -> None:
    address, process = server
    before = memory_mb(process)
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=10) as wire:
        with contextlib.suppress(ConnectionError):
            wire.sendall(b"GET /fhir/Patient?name=" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n")
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = wire.recv(100)
    assert answer == b"" or answer.split()[1] in (b"400", b"414", b"431")
    assert memory_mb(process) - before < MOST_GROWTH_MB
    assert httpx.get(f"{address}/fhir/metadata", timeout=10).status_code == 200


def _bounded(process: int, address: str, statuses: set[int], method: str, url: str, body: bytes) -> None:
    before, began = memory_mb(process), time.monotonic()
    headers = {"Content-Type": "application/x-www-form-urlencoded" if "_search" in url else "application/fhir+json"}
    with httpx.Client(timeout=60) as client:
        try:
            found = client.request(method, url, content=body or None, headers=headers)
            assert found.content
            status = found.status_code
        except (httpx.WriteError, httpx.ReadError):
            status = 413  # a server may close the connection while an oversized body is still being sent
    took, grown = time.monotonic() - began, memory_mb(process) - before
    assert status in statuses
    assert took < MOST_S
    assert grown < MOST_GROWTH_MB
    assert httpx.get(f"{address}/fhir/metadata", timeout=10).status_code == 200
