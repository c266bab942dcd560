"""OperationOutcome in HAPI's shape."""

from __future__ import annotations

from medagentbenchv2.fhir.outcomes import Issue, operation_outcome, outcome_of
from medagentbenchv2.fhir.parsing import parse


def test_one_issue_reads_as_hapi_writes_it() -> None:
    assert operation_outcome("HAPI-2001: Resource Patient/x is not known") == {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": "processing", "diagnostics": "HAPI-2001: Resource Patient/x is not known"}
        ],
    }


def test_several_issues_stay_in_order_and_name_their_elements() -> None:
    outcome = outcome_of(
        [Issue("a", code="required", expression=("Observation.code",)), Issue("b", severity="warning")]
    )
    assert [issue["diagnostics"] for issue in outcome["issue"]] == ["a", "b"]
    assert outcome["issue"][0]["expression"] == ["Observation.code"]
    assert "expression" not in outcome["issue"][1]


def test_an_outcome_is_itself_valid_fhir() -> None:
    outcome = operation_outcome("x", severity="information", code="informational", expression=["Patient.name"])
    parsed = parse(outcome, "OperationOutcome")
    assert parsed.resource == outcome
    assert parsed.warnings == ()
