"""OperationOutcome, in the shape that HAPI's JPA server answers with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong with a request."""

    diagnostics: str
    """What is wrong, for a human to read."""
    severity: str = "error"
    """fatal, error, warning or information."""
    code: str = "processing"
    """An IssueType code, such as processing, structure, required, value or code-invalid."""
    expression: tuple[str, ...] = ()
    """FHIRPaths of the elements concerned."""

    def json(self) -> dict[str, Any]:
        """OperationOutcome.issue, elements in the order of the specification."""
        issue: dict[str, Any] = {"severity": self.severity, "code": self.code, "diagnostics": self.diagnostics}
        if self.expression:
            issue["expression"] = list(self.expression)
        return issue


def outcome_of(issues: Iterable[Issue]) -> dict[str, Any]:
    """One OperationOutcome for several issues at once."""
    return {"resourceType": "OperationOutcome", "issue": [issue.json() for issue in issues]}


def operation_outcome(
    diagnostics: str, *, severity: str = "error", code: str = "processing", expression: Sequence[str] = ()
) -> dict[str, Any]:
    """An OperationOutcome with one issue."""
    return outcome_of([Issue(diagnostics, severity, code, tuple(expression))])
