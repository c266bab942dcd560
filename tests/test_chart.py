"""Charts: what exists as of a clock, and in which order."""

from datetime import UTC, datetime, timedelta

from medagentbenchv2.chart import Chart
from medagentbenchv2.terms import drugs
from tests.tasks.harness import condition, medication, observation, procedure, service

NOW = datetime(2023, 11, 7, 22, 47, tzinfo=UTC)
HOUR = timedelta(hours=1)


def chart(*resources: dict) -> Chart:
    return Chart(resources, NOW)


def test_a_record_after_the_clock_does_not_exist() -> None:
    found = chart(observation("K", NOW + timedelta(minutes=1), 5.0), observation("K", NOW, 4.0))
    assert [r.value for r in found.readings("K")] == [4.0]


def test_newest_is_the_largest_instant_whatever_the_offset_it_is_written_in() -> None:
    found = chart(
        observation("K", "2023-11-07T12:00:00-08:00", 1.0), observation("K", "2023-11-07T19:00:00+00:00", 2.0)
    )
    assert found.latest("K").value == 1.0


def test_ties_go_to_the_first_inserted() -> None:
    assert chart(observation("K", NOW, 1.0), observation("K", NOW, 2.0)).latest("K").value == 1.0


def test_a_window_is_closed_at_both_ends() -> None:
    found = chart(
        observation("HEARTRATE", NOW - 6 * HOUR, 60),
        observation("HEARTRATE", NOW, 80),
        observation("HEARTRATE", NOW - 6 * HOUR - timedelta(seconds=1), 200),
    )
    assert found.mean("HEARTRATE", hours=6) == 70
    assert chart().mean("HEARTRATE", hours=6) is None


def test_untrue_records_do_not_exist_and_a_missing_status_is_valid() -> None:
    found = chart(
        observation("K", NOW, 9.0, status="entered-in-error"),
        observation("K", NOW, 8.0, status="cancelled"),
        observation("K", NOW, 4.0, status=None),
        procedure("NUR1373", NOW, status="not-done"),
        procedure("NUR1373", NOW - HOUR),
        medication("HEPARIN 5,000 UNIT", NOW, status="entered-in-error"),
    )
    assert found.latest("K").value == 4.0
    assert len(found.procedures("NUR1373")) == 1
    assert not found.medications(drugs("heparin"), status=frozenset({"entered-in-error"}))


def test_a_reading_is_a_finite_number_without_comparator() -> None:
    found = chart(
        observation("K", NOW, 4.0, valueQuantity={"value": 4.0, "comparator": "<"}),
        observation("K", NOW, None, valueQuantity=None, valueString="4.0"),
        observation("K", NOW, True),
        observation("K", NOW - HOUR, 3.9),
    )
    assert [r.value for r in found.readings("K")] == [3.9]


def test_records_without_a_date_are_no_newest_but_orders_and_conditions_exist() -> None:
    found = chart(
        observation("K", None, 4.0), procedure("IMGCT0491", None), medication("HEPARIN", None), condition("C64.2"),
        service("NUR1373", None),
    )  # fmt: skip
    assert found.latest("K") is None
    assert not found.procedures("IMGCT0491")
    assert found.medications(drugs("heparin"))
    assert found.has_condition("C64.2")
    assert found.services("NUR1373")


def test_a_procedure_happened_at_the_end_of_its_period_or_else_its_start() -> None:
    period = {"start": "2023-11-01T08:00:00Z", "end": "2023-11-02T08:00:00Z"}
    ended = procedure("A", None, performedPeriod=period)
    begun = procedure("A", None, performedPeriod={"start": period["start"]})
    days = [event.at.day.day for event in chart(begun, ended).procedures("A")]
    assert days == [2, 1]


def test_refuted_conditions_do_not_exist() -> None:
    refuted = condition("C64.2", verificationStatus={"coding": [{"code": "refuted"}]})
    assert not chart(refuted).has_condition("C64.2")


def test_a_resource_read_twice_counts_once() -> None:
    order = medication("HEPARIN", NOW)
    assert len(chart(order, order).medications(drugs("heparin"))) == 1
