"""An EHR as files: nothing is lost on the way out, and any FHIR server can be loaded with it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from medagentbenchv2.fhir import export
from medagentbenchv2.fhir.rows import Records
from medagentbenchv2.fhir.server import FhirServer
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.fhir.serving import serving


def everything(snapshot: Snapshot) -> dict[tuple[str, str], Any]:
    return {
        (resource["resourceType"], resource["id"]): resource
        for kind in export.counts(snapshot)
        for resource in map(orjson.loads, export.lines(snapshot, kind))
    }


def test_counts_are_those_of_a_search(snapshot: Snapshot) -> None:
    held = export.counts(snapshot)
    session = Session(snapshot)
    for kind, count in held.items():
        assert orjson.loads(session.search_now(kind, (("_summary", "count"),)).body)["total"] == count > 0
    assert next(iter(held)) == "Patient"
    assert "Encounter" not in held


def test_ndjson_comes_back_as_the_same_resources(snapshot: Snapshot, tmp_path: Path) -> None:
    held = export.write_ndjson(snapshot, tmp_path / "out")
    assert {path.stem for path in (tmp_path / "out").iterdir()} == set(held)
    again = Snapshot.from_ndjson(tmp_path / "out", tmp_path / "cache")
    assert export.counts(again) == held
    assert everything(again) == everything(snapshot)


def entries(folder: Path) -> list[dict[str, Any]]:
    return [entry for file in sorted(folder.iterdir()) for entry in orjson.loads(file.read_bytes())["entry"]]


def test_bundles_are_small_and_come_in_the_order_of_dependency(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BUNDLE_SIZE", 50)
    held = export.write_bundles(snapshot, tmp_path / "out")
    bundles = [orjson.loads(file.read_bytes()) for file in sorted((tmp_path / "out").iterdir())]
    assert all(bundle["type"] == "transaction" and 1 <= len(bundle["entry"]) <= 50 for bundle in bundles)
    found = entries(tmp_path / "out")
    assert Counter(entry["resource"]["resourceType"] for entry in found) == held
    kinds = [entry["resource"]["resourceType"] for entry in found]
    assert kinds.index("Observation") > len(kinds) - 1 - kinds[::-1].index("Patient")
    assert all("lastUpdated" not in entry["resource"].get("meta", {}) for entry in found)


def test_numeric_ids_are_the_servers_to_give(snapshot: Snapshot, tmp_path: Path) -> None:
    export.write_bundles(snapshot, tmp_path / "new")
    export.write_bundles(snapshot, tmp_path / "kept", keep_ids=True)
    for entry in entries(tmp_path / "new"):
        numbered = entry["request"]["method"] == "POST"
        assert numbered == ("id" not in entry["resource"])
        assert numbered == (entry["resource"]["resourceType"] != "Patient")
    for entry in entries(tmp_path / "kept"):
        resource = entry["resource"]
        assert entry["request"] == {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}


def test_a_server_loaded_with_the_bundles_holds_the_same_charts(
    snapshot: Snapshot, records: Records, tmp_path: Path
) -> None:
    export.write_bundles(snapshot, tmp_path / "out")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "Organization.ndjson").write_text('{"resourceType": "Organization", "id": "o"}')
    empty = Snapshot.from_ndjson(tmp_path / "empty", tmp_path / "cache")
    with serving(FhirServer(empty)) as root, httpx.Client(base_url=root, timeout=60) as client:
        for file in sorted((tmp_path / "out").iterdir()):
            assert client.post("/fhir", content=file.read_bytes()).status_code == 200
        for kind, count in export.counts(snapshot).items():
            assert client.get(f"/fhir/{kind}?_summary=count").json()["total"] == count
        mrn = records.patients[0]["id"]
        loaded = client.get(f"/fhir/Observation?patient={mrn}&_count=5000").json()["entry"]
    original = orjson.loads(Session(snapshot).search_now("Observation", (("patient", mrn), ("_count", "5000"))).body)

    def content(bundle_entries: list[Any]) -> list[Any]:
        return [{k: v for k, v in one["resource"].items() if k not in ("id", "meta")} for one in bundle_entries]

    assert content(loaded) == content(original["entry"])
