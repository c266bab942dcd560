"""Results are JSON that says how many rows there are in all, and how to get the rest."""

from __future__ import annotations

import orjson
import pytest

from medagentbenchv2.fhir.ehr import Params, Response
from medagentbenchv2.tools.call import Result
from medagentbenchv2.tools.dispatch import dispatch
from tests.tools.recording_ehr import RecordingEhr

SEARCH = "fhir_observation_search"
ARGUMENTS = {"patient": "S1234567", "code": "K"}


async def test_a_bundle_on_one_page_is_passed_on_byte_for_byte() -> None:
    ehr = RecordingEhr(total=3)
    expected = (await ehr.search("Observation", [("_count", "200")])).body.decode()
    outcome = await dispatch(ehr, SEARCH, ARGUMENTS)
    assert outcome.text == expected


async def test_compact_leaves_out_what_no_agent_needs() -> None:
    outcome = await dispatch(RecordingEhr(total=2), SEARCH, ARGUMENTS, output="compact")
    row = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "K"},
        "subject": {"reference": "Patient/S1234567"},
    }
    assert orjson.loads(outcome.text) == {
        "total": 2,
        "page": 1,
        "next": False,
        "resources": [row | {"id": "0"}, row | {"id": "1"}],
    }


@pytest.mark.parametrize("output", ["bundle", "compact"])
async def test_no_rows_is_an_answer(output: str) -> None:
    outcome = await dispatch(RecordingEhr(), SEARCH, ARGUMENTS, output=output)  # type: ignore[arg-type]
    assert not outcome.invalid
    assert orjson.loads(outcome.text)["total"] == 0
    assert Result(outcome.text).resources == []


@pytest.mark.parametrize("output", ["bundle", "compact"])
@pytest.mark.parametrize(("total", "count", "rows"), [(0, 3, 200), (3, 3, 200), (10, 3, 200), (10, 5, 3), (7, None, 3)])
async def test_pages_hold_every_row_once_and_in_order(output: str, total: int, count: int | None, rows: int) -> None:
    ehr = RecordingEhr(total=total)
    seen: list[str] = []
    for page in range(1, 20):
        arguments = ARGUMENTS | {"count": count, "page": page}
        text = (await dispatch(ehr, SEARCH, arguments, output=output, rows=rows)).text  # type: ignore[arg-type]
        shown = Result(text)
        assert shown.data["total"] == total
        seen += [resource["id"] for resource in shown.resources]
        size = min(count or 200, rows)
        more = f"Rows {(page - 1) * size + 1} to {page * size} of {total} are shown. Ask for page {page + 1}"
        assert (more in text) is (page * size < total)
        if more not in text:
            break
    assert seen == [str(n) for n in range(total)]


@pytest.mark.parametrize("output", ["bundle", "compact"])
async def test_a_page_past_the_last_row_is_empty_and_says_the_total(output: str) -> None:
    ehr = RecordingEhr(total=4)
    for page in (2, 3, 50):
        arguments = ARGUMENTS | {"count": 2, "page": page + 1}
        shown = Result((await dispatch(ehr, SEARCH, arguments, output=output)).text)  # type: ignore[arg-type]
        assert shown.resources == []
        assert shown.data["total"] == 4
        assert '"next":true' not in shown.text
        assert '"relation":"next"' not in shown.text


async def test_a_later_page_is_read_by_the_servers_own_link() -> None:
    ehr = RecordingEhr(total=10)
    await dispatch(ehr, SEARCH, ARGUMENTS | {"count": 2, "page": 4})
    assert ehr.asked[1] == ("request", "GET", "?_getpages=abc&_getpagesoffset=6&_count=2")


async def test_many_patients_are_cut_and_the_agent_is_told_to_narrow_the_search() -> None:
    outcome = await dispatch(RecordingEhr(total=90), "fhir_patient_search", {"gender": "female"})
    assert "Rows 1 to 20 of 90 are shown. Narrow the search." in outcome.text
    outcome = await dispatch(RecordingEhr(total=90), "fhir_patient_search", {"gender": "female"}, rows=5)
    assert "Rows 1 to 5 of 90 are shown. Narrow the search." in outcome.text
    assert len(Result(outcome.text).resources) == 5


class Refusing(RecordingEhr):
    async def search(self, kind: str, params: Params) -> Response:
        return Response(400, b'{"resourceType":"OperationOutcome","issue":[{"diagnostics":"HAPI-1882: bad date"}]}')


@pytest.mark.parametrize("output", ["bundle", "compact"])
async def test_the_servers_refusal_is_shown(output: str) -> None:
    arguments = ARGUMENTS | {"date": "yesterday", "page": 2}
    outcome = await dispatch(Refusing(), SEARCH, arguments, output=output)  # type: ignore[arg-type]
    assert not outcome.invalid
    assert orjson.loads(outcome.text)["issue"][0]["diagnostics"] == "HAPI-1882: bad date"
