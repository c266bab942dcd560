"""Reads the frozen answers of HAPI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import zstandard


def golden(name: str) -> list[dict[str, Any]]:
    """The rows of `golden/{name}.jsonl.zst`, described in oracle/README.md."""
    packed = (Path(__file__).parent / "golden" / f"{name}.jsonl.zst").read_bytes()
    return [json.loads(line) for line in zstandard.decompress(packed).decode().splitlines()]
