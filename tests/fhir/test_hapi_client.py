"""HAPI's own Java client against `ehr serve`: what it reads, writes and raises is what it would of a HAPI server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fhir import hapi_jars
from tests.fhir.serving import ehr_serve
from tests.fhir.test_server_clients import ORDER


@pytest.fixture(scope="module")
def classpath(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The jars, kept from one run to the next where pytest keeps a cache."""
    cache = getattr(request.config, "cache", None)
    return hapi_jars.jars(cache.mkdir("hapi-jars") if cache else tmp_path_factory.mktemp("jars"))


@pytest.fixture(scope="module")
def root() -> Iterator[str]:
    with ehr_serve() as (address, _):
        yield address


@pytest.fixture(scope="module")
def chart(root: str) -> dict[str, Any]:
    """A patient of the default EHR with potassium values on several pages of three."""
    with httpx.Client(base_url=f"{root}/fhir") as http:
        for entry in http.get("/Patient?_has:Observation:patient:code=K&_count=50").json()["entry"]:
            mrn = entry["resource"]["id"]
            found = http.get(f"/Observation?patient={mrn}&code=K&_sort=-date&_count=1000").json()
            if 7 <= found["total"] <= 60:
                rows = [one["resource"] for one in found["entry"]]
                return {"patient": entry["resource"], "rows": rows}
    raise AssertionError("no patient has 7 to 60 potassium values")


@pytest.fixture(scope="module")
def told(root: str, chart: dict[str, Any], classpath: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the Java program says that the client understood."""
    mrn = chart["patient"]["id"]
    order = json.dumps({**ORDER, "subject": {"reference": f"Patient/{mrn}"}})
    build = tmp_path_factory.mktemp("build")
    done = hapi_jars.run("Client", classpath, build, f"{root}/session/hapi/fhir", mrn, order)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_it_reads_and_searches_with_chains_sorts_and_pages(told: Any, chart: dict[str, Any]) -> None:
    rows = chart["rows"]
    assert told["version"] == "4.0.1"
    assert (told["patient"], told["family"]) == (chart["patient"]["id"], chart["patient"]["name"][0]["family"])
    assert told["total"] == len(rows)
    assert told["ids"] == [row["id"] for row in rows]
    assert told["dates"] == [row["effectiveDateTime"] for row in rows]
    assert told["pages"] == -(-len(rows) // 3)
    assert told["included"] == ["Observation", "Patient"]
    assert told["counted"] == told["posted"] == len(rows)
    assert told["having"] == 1


def test_it_creates_updates_patches_and_deletes(told: Any) -> None:
    assert (told["created"], told["createdVersion"], told["priority"]) == (True, "1", "stat")
    assert (told["updatedVersion"], told["first"]) == ("2", "active")
    assert (told["patchedVersion"], told["patched"]) == ("3", "asap")
    assert told["history"] == ["DELETE", "PUT", "PUT", "POST"]
    assert told["transaction"] == ["201 Created", "201 Created"]


def test_its_conditions_hold(told: Any) -> None:
    assert told["once"] is True
    assert told["conditionalVersion"] == "2"
    assert told["left"] == 0
    assert told["several"]["class"] == "PreconditionFailedException"
    assert told["several"]["words"].startswith("HAPI-0962: Failed to DELETE resource with match URL")


@pytest.mark.parametrize(
    ("act", "exception", "status", "words"),
    [
        ("unknown", "ResourceNotFoundException", 404, "HAPI-2001: Resource Patient/S0000000 is not known"),
        ("gone", "ResourceGoneException", 410, "Resource was deleted at "),
        ("bogus", "InvalidRequestException", 400, 'HAPI-0524: Unknown search parameter "bogus" for resource type'),
        ("badDate", "InvalidRequestException", 400, 'HAPI-1940: Invalid date/time format: "yesterday"'),
        ("dangling", "InvalidRequestException", 400, "HAPI-1094: Resource Patient/S0000000 not found, specified in"),
        ("conflict", "ResourceVersionConflictException", 409, "HAPI-0989: Trying to update ServiceRequest/"),
    ],
)
def test_it_raises_what_hapi_makes_it_raise(told: Any, act: str, exception: str, status: int, words: str) -> None:
    assert (told[act]["class"], told[act]["status"]) == (exception, status)
    assert told[act]["words"].startswith(words)
    assert told[act]["words"] in told[act]["message"]
