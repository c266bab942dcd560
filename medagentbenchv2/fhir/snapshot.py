"""A snapshot: the immutable base that all rollouts share, columnar or from a user's own NDJSON."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy.ma  # noqa: F401  (np.unique imports it at its first call: 40 ms that no rollout should wait for)
import orjson

from medagentbenchv2.fhir import cache, documents, mapped, ndjson, packing, templates
from medagentbenchv2.fhir.columns import KINDS, Columns, sort, unsort
from medagentbenchv2.fhir.dates import instant_text
from medagentbenchv2.fhir.documents import Documents
from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.fhir.lru import ResponseCache
from medagentbenchv2.fhir.render import LOADED_MS
from medagentbenchv2.fhir.rows import Records
from medagentbenchv2.fhir.search import Base
from medagentbenchv2.fhir.tabular import Columnar
from medagentbenchv2.fhir.templates import Templates


class Snapshot:
    """Immutable records with everything that searching them needs; make one by build, load, open or from_ndjson."""

    def __init__(
        self, checksum: str, facts: Mapping[str, Any], table: Columnar | None, whole: Documents, columns: Columns | None
    ) -> None:
        self.checksum = checksum
        """SHA-256 (hex) of the content: equal for equal records on every machine."""
        self.labels: dict[str, str] = dict(facts["labels"])
        """Free facts about the hospital."""
        self.next_id: int = facts["next_id"]
        """The first logical id above the base."""
        self.responses = ResponseCache()
        """Answers that depend on the base alone, shared by all rollouts of the process."""
        self._columns, self._table, self._documents = columns, table, whole
        self._base_id: int = facts["base_id"]
        self.base = Base(table or whole, whole, KINDS if table else ())

    @classmethod
    def build(cls, records: Records) -> Snapshot:
        """Sort and index a hospital's records; the snapshot lives in memory."""
        columns = sort(records)
        facts = _facts(records)
        return _assemble(_checksum(columns, records), facts, columns, _texts(records))

    @classmethod
    def load(cls, path: str | Path) -> Snapshot:
        """Read the shipped form into memory."""
        records = packing.unpack(Path(path))
        snapshot = cls.build(records)
        expected = packing.header(Path(path))["checksum"]
        if snapshot.checksum != expected:
            raise mapped.Damaged(f"{path}: the content's checksum is {snapshot.checksum}, the header says {expected}")
        return snapshot

    @classmethod
    def open(cls, path: str | Path, cache_dir: str | Path | None = None) -> Snapshot:
        """Open the shipped form through an uncompressed mmapped file that is made once per machine.

        cache_dir: where that file lives; default the environment's MEDAGENTBENCHV2_CACHE, else the XDG cache, else
        the temporary directory. Many processes may open at the same moment. A damaged file is made again.
        """
        source = Path(path)
        checksum = packing.header(source)["checksum"]
        name = f"snapshot-{checksum[:16]}"
        return cls.of(cache.open_cached(name, checksum, lambda target: cls.load(source).write(target), cache_dir))

    @classmethod
    def of(cls, found: mapped.Mapped) -> Snapshot:
        """The snapshot in a file that `write` wrote and that is mapped now."""
        columns = Columns(**{name: found.arrays[name] for name in Columns.__dataclass_fields__})
        texts = {name: bytes(text) for name, text in found.texts.items()}
        return _assemble(found.facts["content"], found.facts, columns, texts)

    @classmethod
    def from_ndjson(cls, directory: str | Path, cache_dir: str | Path | None = None) -> Snapshot:
        """A user's own EHR: every `*.ndjson` file of a directory, one resource a line, any R4 resource type."""
        facts, whole = ndjson.open_directory(Path(directory), cache_dir)
        return cls(facts["content"], facts, None, whole, None)

    def save(self, path: str | Path) -> None:
        """Write the shipped, compressed form."""
        Path(path).write_bytes(packing.pack(self.records(), self.checksum))

    def records(self) -> Records:
        """The records again, as `build` took them (columnar snapshots only)."""
        if self._columns is None or self._table is None:
            raise TypeError("a snapshot of NDJSON documents has no columnar records")
        patients = [self._documents.resource(row) for row in range(len(self._documents))]
        plain = [{name: value for name, value in patient.items() if name != "meta"} for patient in patients]
        return Records(plain, self._table.templates.all(), unsort(self._columns), self._base_id, self.labels)

    def patients(self) -> Iterator[Resource]:
        """Every Patient, in the order of insertion."""
        rows = range(len(self._documents))
        return (self._documents.resource(row) for row in rows if self._documents.kind_of(row) == "Patient")

    def write(self, path: Path, stamp: str | None = None, **texts: bytes) -> None:
        """Write the form that processes map, found again by its stamp (the checksum by default); texts go along."""
        records = self.records()
        assert self._columns is not None  # records() has checked it
        facts = {**_facts(records), "checksum": stamp or self.checksum, "content": self.checksum}
        mapped.write(path, facts, self._columns.arrays(), _texts(records) | texts)

    @property
    def size(self) -> int:
        """Bytes of its columns and of the answers that it keeps."""
        arrays = self._columns.arrays().values() if self._columns else ()
        return sum(array.nbytes for array in arrays) + self.responses.size


def _assemble(checksum: str, facts: Mapping[str, Any], columns: Columns, texts: Mapping[str, bytes]) -> Snapshot:
    patients = [orjson.loads(line) for line in texts["patients"].split(b"\n") if line]
    mrns = [patient["id"] for patient in patients]
    table = Columnar(columns, Templates(texts["templates"]), mrns, facts["base_id"])
    whole = documents.of(_with_meta(patient, index) for index, patient in enumerate(patients))
    return Snapshot(checksum, facts, table, whole, columns)


def _with_meta(patient: Resource, index: int) -> Resource:
    """A patient as the server shows it: patients were loaded first, 10 ms apart."""
    meta = {"versionId": "1", "lastUpdated": instant_text(LOADED_MS + index * 10)}
    head = {"resourceType": "Patient", "id": patient["id"], "meta": meta}
    return {**head, **{name: value for name, value in patient.items() if name not in head}}


def _facts(records: Records) -> dict[str, Any]:
    next_id = records.base_id + len(records.rows.template)
    return {"base_id": records.base_id, "next_id": next_id, "labels": records.labels}


def _texts(records: Records) -> dict[str, bytes]:
    patients = b"\n".join(orjson.dumps(patient) for patient in records.patients)
    return {"templates": templates.dump(records.templates), "patients": patients}


def _checksum(columns: Columns, records: Records) -> str:
    """SHA-256 over the integer columns, little-endian, and the rest as canonical JSON."""
    digest = hashlib.sha256()
    for name, array in columns.arrays().items():
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{name}:{little.dtype.str}:{len(little)}\n".encode())
        digest.update(little.tobytes())
    rest: dict[str, Any] = {
        "templates": [asdict(one) for one in records.templates],
        "patients": records.patients,
        "labels": records.labels,
    }
    rest["base_id"] = records.base_id
    digest.update(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()
