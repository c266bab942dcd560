"""One look at a server tells whether it is there and what it holds; what is wrong is said in one line with a remedy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir import preflight as module
from medagentbenchv2.fhir.preflight import PUBLISHED_MRNS, Holding, preflight, unknown_patients
from medagentbenchv2.fhir.server import FhirServer
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.setup import Setup
from tests.fhir.serving import free_port, serving


class Foreign:
    """A FHIR server of other people: a CapabilityStatement of theirs over one of our snapshots."""

    def __init__(self, snapshot: Snapshot, **statement: Any) -> None:
        self.engine = FhirServer(snapshot)
        self.statement = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", **statement}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        if scope["type"] != "http" or scope["path"] != "/fhir/metadata":
            await self.engine(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": orjson.dumps(self.statement)})


def people(folder: Path, *mrns: str) -> Snapshot:
    """An EHR that knows these patients and nothing else."""
    lines = [orjson.dumps({"resourceType": "Patient", "id": mrn, "identifier": [{"value": mrn}]}) for mrn in mrns]
    (folder / "Patient.ndjson").write_bytes(b"\n".join(lines))
    return Snapshot.from_ndjson(folder, folder / "cache")


@pytest.mark.parametrize("slash", ["", "/"])
def test_our_server_states_its_checksum(slash: str, snapshot: Snapshot) -> None:
    with serving(FhirServer(snapshot)) as root:
        assert preflight(f"{root}/fhir{slash}") == Holding("ours", snapshot.checksum)
        assert preflight(f"{root}/session/one/fhir{slash}") == Holding("ours", snapshot.checksum)


def test_three_published_patients_make_the_published_hospital(tmp_path: Path) -> None:
    with serving(Foreign(people(tmp_path, *PUBLISHED_MRNS, "S1"))) as root:
        assert preflight(f"{root}/fhir/") == Holding("published")


@pytest.mark.parametrize("held", [("S1",), PUBLISHED_MRNS[:2]])
def test_any_other_server_is_another(held: tuple[str, ...], tmp_path: Path) -> None:
    with serving(Foreign(people(tmp_path, *held))) as root:
        assert preflight(f"{root}/fhir/") == Holding("other")


def test_patients_that_a_server_lacks_are_named(tmp_path: Path) -> None:
    held = [f"S{number:07d}" for number in range(120)]
    with serving(Foreign(people(tmp_path, *held))) as root:
        assert unknown_patients(f"{root}/fhir/", [*held, "S9999999", "A,B&c", "S9999999"]) == ["A,B&c", "S9999999"]
        assert unknown_patients(f"{root}/fhir", []) == []


def said(url: str) -> str:
    with pytest.raises(ArgumentError) as raised:
        preflight(url)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_nobody_there_is_said_with_how_to_start_a_server() -> None:
    words = said(f"http://127.0.0.1:{free_port()}/fhir/")
    assert words.startswith("fhir_api_base: nothing answers at http://127.0.0.1:")
    assert "medagentbenchv2 ehr serve" in words


def test_a_wrong_path_is_said(snapshot: Snapshot) -> None:
    with serving(FhirServer(snapshot)) as root:
        assert f"{root}/metadata answers 404" in said(root)


@pytest.mark.parametrize("statement", [{"resourceType": "Bundle"}, {"fhirVersion": "3.0.2"}, {"fhirVersion": None}])
def test_what_is_no_r4_server_is_said(statement: dict[str, Any], snapshot: Snapshot) -> None:
    with serving(Foreign(snapshot, **statement)) as root:
        assert "is no FHIR R4 server" in said(f"{root}/fhir/")


@pytest.mark.parametrize("url", ["localhost:8080/fhir", "ftp://localhost/fhir", "", "C:\\fhir"])
def test_what_is_no_address_is_said(url: str) -> None:
    assert "is not an http address such as http://localhost:8080/fhir/" in said(url)


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(scope: dict[str, Any], receive: Any, send: Any) -> None:
        while scope["type"] == "http" and (await receive())["type"] != "http.disconnect":
            pass

    monkeypatch.setattr(module, "TIMEOUT_S", 0.3)
    with serving(silent) as root:
        assert "nothing answers at" in said(f"{root}/fhir")


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
def test_what_answers_no_fhir_is_said(body: bytes) -> None:
    async def page(scope: dict[str, Any], receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})

    with serving(page) as root:
        assert said(f"{root}/fhir").startswith("fhir_api_base: ")


@pytest.mark.parametrize("statement", [{"extension": ["x", 5]}, {"extension": "x"}, {"extension": {"url": 1}}])
def test_a_statement_that_is_put_together_wrongly_states_nothing(statement: dict[str, Any], tmp_path: Path) -> None:
    with serving(Foreign(people(tmp_path, "S1"), **statement)) as root:
        assert preflight(f"{root}/fhir/") == Holding("other")


@pytest.mark.parametrize("address", ["http://\x00/", "http://127.0.0.1:99999/fhir", "http://[bad/fhir"])
def test_an_address_that_cannot_be_one_is_an_argument_error(address: str) -> None:
    with pytest.raises(ArgumentError, match=r"fhir_api_base: .*ehr serve"):
        preflight(address)


@pytest.mark.parametrize("address", [5, ["http://localhost:8080/fhir/"], ""])
def test_what_is_no_text_is_said_to_be_no_address(address: Any) -> None:
    with pytest.raises(ArgumentError, match=r"fhir_api_base: .* is not an address"):
        Setup(fhir_api_base=address)
