"""A request that the engine refuses: an HTTP status and the words HAPI would answer."""

from __future__ import annotations


class Problem(Exception):
    """Raised inside the engine, turned into an OperationOutcome at its edge; never reaches a caller."""

    def __init__(self, status: int, diagnostics: str, code: str = "processing") -> None:
        super().__init__(diagnostics)
        self.status = status
        """HTTP status of the answer."""
        self.diagnostics = diagnostics
        """OperationOutcome.issue.diagnostics, with HAPI's message code where it has one."""
        self.code = code
        """OperationOutcome.issue.code."""
