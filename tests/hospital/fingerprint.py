"""A hospital's SHA-256, over its columns, patients and templates; also a program, for other interpreters to run."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from medagentbenchv2.hospital.ward import Ward

END = datetime(2023, 11, 13, 10, 15, tzinfo=UTC)


def fingerprint(**arguments: Any) -> str:
    records = Ward.open(end=END, **arguments).records()
    rows = records.rows
    digest = hashlib.sha256()
    for column in (rows.template, rows.patient, rows.minute, rows.value, rows.status, rows.delay):
        digest.update(np.ascontiguousarray(column).astype(column.dtype.newbyteorder("<")).tobytes())
    for part in (records.patients, [asdict(template) for template in records.templates], records.labels):
        digest.update(json.dumps(part, sort_keys=True).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    print(fingerprint(number=int(sys.argv[1]), patients=int(sys.argv[2]), scale=float(sys.argv[3])))
