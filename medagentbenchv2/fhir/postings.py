"""Indexing whole resources: where each begins and ends, its clinical date, and the hashed terms that find it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from medagentbenchv2.fhir.ehr import Resource
from medagentbenchv2.fhir.extract import Values, clinical_instant, values
from medagentbenchv2.fhir.parameters import PARAMETERS
from medagentbenchv2.fhir.references import target
from medagentbenchv2.fhir.tokens import Tokens

NO_DATE = np.iinfo(np.int64).min
"""Clinical date of a record without one."""


@dataclass(frozen=True, slots=True)
class Index:
    """Where the documents are, and what they can be found by."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    kind: NDArray[np.int32]
    """Index into the segment's list of types."""
    clinical: NDArray[np.int64]
    """Clinical date in ms since 1970, or NO_DATE."""
    term: NDArray[np.uint64]
    """Hashed (type, parameter, term), ascending."""
    posting: NDArray[np.int32]
    """Document of each term."""

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Name -> array, in declaration order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def term_hash(kind: str, name: str, term: str) -> int:
    """64-bit hash of a term under a parameter, the same on every machine."""
    return int.from_bytes(blake2b(f"{kind}\0{name}\0{term}".encode(), digest_size=8).digest(), "little")


def terms(resource: Resource) -> set[int]:
    """Hashed terms by which a resource is posted: codes of token parameters, ids of reference parameters."""
    kind = resource["resourceType"]
    found: set[int] = set()
    for parameter in PARAMETERS[kind].values():
        if parameter.type in ("token", "id", "reference"):
            found.update(term_hash(kind, parameter.name, term) for term in _words(values(resource, parameter)))
    return found


def _words(found: Values) -> Iterable[str]:
    if isinstance(found, Tokens):
        return (code for _, code in found.codes)
    return (target(reference)[1] for reference in found if isinstance(reference, str))


def index_lines(data: Any, spans: Iterable[tuple[int, int]]) -> tuple[Index, list[str]]:
    """Index JSON documents that lie at the given spans of data; also returns the list of their types."""
    starts, ends, kinds, clinical, names = [], [], [], [], dict[str, int]()
    hashed: list[int] = []
    posted: list[int] = []
    for row, (start, end) in enumerate(spans):
        resource = orjson.loads(bytes(data[start:end]))
        starts.append(start)
        ends.append(end)
        kinds.append(names.setdefault(resource["resourceType"], len(names)))
        instant = clinical_instant(resource)
        clinical.append(NO_DATE if instant is None else instant)
        found = terms(resource)
        hashed.extend(found)
        posted.extend([row] * len(found))
    term, posting = np.array(hashed, dtype=np.uint64), np.array(posted, dtype=np.int32)
    order = np.lexsort((posting, term))
    index = Index(
        start=np.array(starts, dtype=np.int64), end=np.array(ends, dtype=np.int64),
        kind=np.array(kinds, dtype=np.int32), clinical=np.array(clinical, dtype=np.int64),
        term=term[order], posting=posting[order],
    )  # fmt: skip
    return index, list(names)
