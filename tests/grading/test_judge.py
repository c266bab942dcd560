"""The judge: end state against expectation."""

from datetime import UTC, datetime

import pytest

from medagentbenchv2.fhir.ehr import Write
from medagentbenchv2.grading.answer import Answer, Number
from medagentbenchv2.grading.expectation import Count, Expectation
from medagentbenchv2.grading.fields import Amount, AnyOf, Says, Subject, Timed
from medagentbenchv2.grading.judge import judge
from medagentbenchv2.grading.verdict import Verdict
from tests.grading.test_matching import order, write

RIGHT = Expectation(answer=Answer(items=(Number(value=2),)), orders=(order("A"),))


def post(resource: dict, method: str = "POST") -> Write:
    return Write(method, resource["resourceType"], "90001", resource)


def verdict(
    writes: list[Write], answer: list | None = (2,), status: str = "completed", expectation: Expectation = RIGHT
) -> Verdict:
    return judge(expectation, writes, None if answer is None else list(answer), status, "strict")


def failure(found: Verdict) -> tuple[str, str] | None:
    return (found.failure.group, found.failure.category) if found.failure else None


def test_the_right_orders_and_answer_score_one() -> None:
    assert verdict([post(write("A"))]).reward == 1.0


@pytest.mark.parametrize(
    ("writes", "category"),
    [
        ([], "missing_order"),
        ([write("A"), write("A")], "extra_order"),
        ([write("B")], "wrong_code"),
        ([write("A", status="draft")], "wrong_status"),
        ([write("A", subject={"reference": "Patient/S2"})], "wrong_patient"),
        ([write("A", subject={"reference": "S1"})], "wrong_patient"),
        ([write("A", resourceType="MedicationRequest")], "wrong_resource"),
    ],
)
def test_each_defect_has_its_category(writes: list[dict], category: str) -> None:
    found = verdict([post(w) for w in writes])
    assert found.reward == 0.0
    assert failure(found) == ("orders", category)


def test_all_defects_are_reported_at_once() -> None:
    found = verdict([post(write("A", status="draft")), post(write("C", subject={"reference": "Patient/S3"}))], [3])
    assert {c.category for c in found.failed} == {"wrong_status", "extra_order", "wrong_value"}


def test_an_absolute_reference_with_extra_keys_names_the_patient() -> None:
    subject = {"reference": "http://localhost:8080/fhir/Patient/S1", "display": "somebody"}
    assert verdict([post(write("A", subject=subject))]).correct


def test_a_missing_finish_is_its_own_failure_never_an_empty_answer() -> None:
    found = verdict([post(write("A"))], None, "no_finish")
    assert failure(found) == ("protocol", "no_finish")
    assert failure(verdict([post(write("A"))], None, "limit_reached")) == ("protocol", "turn_limit")
    assert failure(verdict([post(write("A"))], [])) == ("answer", "missing")


def test_silence_is_accepted_only_where_the_expectation_says_so() -> None:
    silent = Expectation(counts=(Count(label="none", most=0),), silence=True)
    assert verdict([], None, "no_finish", silent).correct
    assert not verdict([post(write("A"))], None, "no_finish", silent).correct


def test_a_put_that_stops_an_order_is_its_stop_and_other_changes_are_collateral() -> None:
    delete = post(write("A"), "DELETE")
    assert failure(verdict([post(write("A")), delete])) == ("orders", "extra_order")


def test_counts_bound_the_writes_that_show_all_fields() -> None:
    counts = Expectation(
        counts=(Count(label="a", fields=order("A").fields, least=1, most=1),), every=(Subject(mrn="S1"),)
    )
    assert verdict([post(write("A")), post(write("B"))], expectation=counts).correct
    assert failure(verdict([post(write("B"))], expectation=counts)) == ("orders", "missing_order")
    assert failure(verdict([post(write("A"))] * 2, expectation=counts)) == ("orders", "extra_order")
    stranger = post(write("B", subject={"reference": "Patient/S2"}))
    assert failure(verdict([post(write("A")), stranger], expectation=counts)) == ("orders", "wrong_patient")


def test_the_best_of_several_right_sets_counts() -> None:
    either = Expectation(orders=(order("A"),), alternatives=((order("B"),),))
    assert verdict([post(write("B"))], expectation=either).correct


def test_allowed_orders_are_no_collateral() -> None:
    lenient = RIGHT.model_copy(update={"allowed": (order("B"),)})
    assert verdict([post(write("A")), post(write("B"))], expectation=lenient).correct


def test_a_dose_may_stand_in_the_text_or_in_the_quantity() -> None:
    rule = AnyOf(
        category="wrong_dose",
        rules=(
            Says(category="wrong_dose", places=("medication",), pattern=r"(?<!\d)25 ?mcg", label="25 mcg"),
            Amount(value=25, units=("mcg", "ug")),
        ),
    )
    dose = {"doseAndRate": [{"doseQuantity": {"value": 25, "unit": "mcg"}}]}
    assert rule.holds({"medicationCodeableConcept": {"text": "LEVOTHYROXINE 25 MCG PO TABS"}})
    assert rule.holds({"medicationCodeableConcept": {"text": "levothyroxine"}, "dosageInstruction": [dose]})
    assert not rule.holds({"medicationCodeableConcept": {"text": "LEVOTHYROXINE 125 MCG PO TABS"}})


def test_a_time_counts_within_its_bounds_in_any_offset() -> None:
    due = datetime(2023, 11, 8, 22, 47, tzinfo=UTC)
    rule = Timed(element="occurrenceDateTime", earliest=due, latest=due)
    assert rule.holds({"occurrenceDateTime": "2023-11-08T17:47:00-05:00"})
    assert not rule.holds({"occurrenceDateTime": "2023-11-08"})
    assert not rule.holds({})


def test_an_expectation_survives_json() -> None:
    assert Expectation.model_validate_json(RIGHT.model_dump_json()) == RIGHT
