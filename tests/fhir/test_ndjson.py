"""A user's own NDJSON is searched by the same rules: the same records as documents give the same answers."""

from __future__ import annotations

import random
from pathlib import Path

import orjson
import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.fhir.hospital_on_paper import NOW
from tests.fhir.test_against_a_list_scan import DATE_NAMES, any_params, everything


@pytest.fixture(scope="module")
def folder(snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ndjson")
    for kind in (*DATE_NAMES, "Patient"):
        lines = [orjson.dumps(one) for one in everything(Session(snapshot), (kind,))]
        (path / f"{kind}.ndjson").write_bytes(b"\n".join(lines) + b"\n")
    return path


def test_documents_answer_as_columns_do(snapshot: Snapshot, folder: Path, tmp_path: Path) -> None:
    whole = Snapshot.from_ndjson(folder, tmp_path)
    draw = random.Random(5)
    for _ in range(300):
        kind, now = draw.choice(list(DATE_NAMES)), draw.choice((None, NOW))
        params = any_params(draw, kind)
        left, right = Session(snapshot, now).search_now(kind, params), Session(whole, now).search_now(kind, params)
        assert left == right, (kind, params)


def test_a_session_writes_on_top_of_documents(folder: Path, tmp_path: Path) -> None:
    session = Session(Snapshot.from_ndjson(folder, tmp_path))
    body = {"resourceType": "Procedure", "status": "completed", "subject": {"reference": "Patient/S1234560"}}
    answer = session.create_now("Procedure", body)
    assert answer.status == 201
    assert int(orjson.loads(answer.body)["id"]) == 10_900
    assert session.request_now("DELETE", "Procedure/10000").status == 200
    assert session.read_now("Procedure", "10000").status == 410


def test_any_resource_type_can_be_held(tmp_path: Path) -> None:
    rows = [
        {"resourceType": "Patient", "id": "p"},
        {"resourceType": "Encounter", "id": "e", "status": "finished", "subject": {"reference": "Patient/p"}},
        {"resourceType": "Slot", "id": "s"},
    ]
    (tmp_path / "all.ndjson").write_bytes(b"\n\n".join(orjson.dumps(row) for row in rows))
    session = Session(Snapshot.from_ndjson(tmp_path, tmp_path / "cache"))
    assert orjson.loads(session.read_now("Slot", "s").body) == rows[2]
    bundle = orjson.loads(session.search_now("Encounter", (("patient", "p"), ("_include", "Encounter:patient"))).body)
    assert [entry["resource"]["id"] for entry in bundle["entry"]] == ["e", "p"]
    assert [entry["search"]["mode"] for entry in bundle["entry"]] == ["match", "include"]


def test_a_changed_file_is_indexed_again(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text('{"resourceType":"Patient","id":"one"}\n')
    first = Snapshot.from_ndjson(tmp_path, tmp_path / "cache")
    file.write_text('{"resourceType":"Patient","id":"two"}\n{"resourceType":"Patient","id":"three"}\n')
    second = Snapshot.from_ndjson(tmp_path, tmp_path / "cache")
    assert Session(first).read_now("Patient", "one").status == 200
    assert Session(second).read_now("Patient", "one").status == 404
    assert first.checksum != second.checksum


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("not json", "a.ndjson, line 2 is not JSON"),
        ('{"resourceType":"Foo","id":"1"}', "line 2 has resourceType 'Foo'"),
        ('{"resourceType":"Patient"}', "line 2 needs an id"),
        ('{"resourceType":"Patient","id":"0"}', "line 2 needs an id that no other Patient has, not '0'"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "a.ndjson").write_text('{"resourceType":"Patient","id":"0"}\n' + line)
    with pytest.raises(ArgumentError, match=words):
        Snapshot.from_ndjson(tmp_path, tmp_path / "cache")


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="put one resource on each line"):
        Snapshot.from_ndjson(tmp_path, tmp_path / "cache")
