"""One reader per format of run; `read_path` tells them apart."""

from __future__ import annotations

from medagentbenchv2.results.readers.find import read_path

__all__ = ["read_path"]
