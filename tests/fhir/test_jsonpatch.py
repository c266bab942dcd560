"""JSON Patch does what RFC 6902 says, to records of the EHR too, and a patch that does not fit changes nothing."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.fhir import jsonpatch
from medagentbenchv2.fhir.jsonpatch import MOST_BYTES, Unpatchable, apply
from medagentbenchv2.fhir.session import Session
from tests.fhir.test_session import ANN, data, words


def change(op: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": op, "path": path, **{name.strip("_"): value for name, value in more.items()}}


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ({"a": 1}, [change("add", "/b", value=2)], {"a": 1, "b": 2}),
        ({"a": 1}, [change("add", "/a", value=2)], {"a": 2}),
        ({"a": [1, 3]}, [change("add", "/a/1", value=2)], {"a": [1, 2, 3]}),
        ({"a": [1]}, [change("add", "/a/-", value=[2])], {"a": [1, [2]]}),
        ({"a": [1]}, [change("add", "/a/1", value=2)], {"a": [1, 2]}),
        ({"a": 1}, [change("add", "", value=[])], []),
        ({"a": 1, "b": 2}, [change("remove", "/b")], {"a": 1}),
        ({"a": [1, 2, 3]}, [change("remove", "/a/1")], {"a": [1, 3]}),
        ({"a": {"b": 1}}, [change("replace", "/a/b", value=None)], {"a": {"b": None}}),
        ({"a": [1, 2]}, [change("replace", "/a/1", value=9)], {"a": [1, 9]}),
        ({"a": {"b": 1}, "c": {}}, [change("move", "/c/d", from_="/a/b")], {"a": {}, "c": {"d": 1}}),
        ({"a": [1, 2, 3]}, [change("move", "/a/2", from_="/a/0")], {"a": [2, 3, 1]}),
        ({"a": [1]}, [change("copy", "/b", from_="/a"), change("add", "/b/-", value=2)], {"a": [1], "b": [1, 2]}),
        ({"a": 1.0}, [change("test", "/a", value=1)], {"a": 1.0}),
        ({"a/b": 1, "m~n": 2}, [change("test", "/a~1b", value=1), change("remove", "/m~0n")], {"a/b": 1}),
        ({"~1": 1}, [change("test", "/~01", value=1)], {"~1": 1}),
        ({"": 1}, [change("test", "/", value=1)], {"": 1}),
        ({"a": 1}, [], {"a": 1}),
    ],
)
def test_each_operation(before: Any, changes: list[Any], after: Any) -> None:
    kept = copy.deepcopy(before)
    assert apply(before, changes) == after
    assert before == kept


@pytest.mark.parametrize(
    "changes",
    [
        {}, [1], [{}], [change("erase", "/a")], [{"op": "remove"}], [change("remove", "a")],
        [change("add", "/a")], [change("add", "/x/y", value=1)], [change("add", "/list/3", value=1)],
        [change("remove", "/x")], [change("remove", "/list/-")], [change("remove", "/list/01")],
        [change("remove", "/list/-1")], [change("remove", "")], [change("replace", "/x", value=1)],
        [change("replace", "/list/2", value=1)], [change("move", "/a/b", from_="/a")], [change("copy", "/b")],
        [change("copy", "/b", from_="/x")], [change("test", "/a/b", value=2)], [change("test", "/yes", value=1)],
        [change("test", "/list", value=[1])], [change("add", "/a/b/c", value=1)], [change("add", "/b", value=2)] * 201,
    ],
)  # fmt: skip
def test_a_patch_that_does_not_fit_is_refused_whole(changes: Any) -> None:
    document = {"a": {"b": 1}, "list": [1, 2], "yes": True}
    first = [change("add", "/new", value=1)]
    with pytest.raises(Unpatchable):
        apply(document, [*first, *changes] if isinstance(changes, list) else changes)
    assert document == {"a": {"b": 1}, "list": [1, 2], "yes": True}


def test_a_patch_cannot_grow_a_document_without_end() -> None:
    doubling = [change("copy", "/a/-", from_="/a")] * 60
    with pytest.raises(Unpatchable, match=f"more than {MOST_BYTES} bytes|cannot be written"):
        apply({"a": ["x" * 100]}, doubling)
    deeper = [change("add", "/a", value=orjson.loads(b"[" * 500 + b"]" * 500))]
    with pytest.raises(Unpatchable, match="cannot be written"):
        apply({}, deeper)


VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab~/", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab~/", max_size=3), inner, max_size=3),
    max_leaves=12,
)


def difference(one: Any, two: Any, path: str = "") -> list[dict[str, Any]]:
    """A patch that leads from one value to another."""
    if isinstance(one, dict) and isinstance(two, dict):
        below = {name: f"{path}/{name.replace('~', '~0').replace('/', '~1')}" for name in {*one, *two}}
        found = [change("remove", below[name]) for name in one if name not in two]
        for name, value in two.items():
            found += difference(one[name], value, below[name]) if name in one else [
                change("add", below[name], value=value)
            ]  # fmt: skip
        return found
    return [] if jsonpatch._equal(one, two) else [change("replace", path, value=two)]


@given(VALUES, VALUES)
def test_a_patch_of_the_differences_leads_from_any_value_to_any_other(one: Any, two: Any) -> None:
    assert apply(one, difference(one, two)) == two


def patch(session: Session, url: str, *changes: dict[str, Any]) -> Any:
    return session.request_now("PATCH", url, orjson.dumps(changes))


def test_a_patched_record_is_its_next_version(session: Session) -> None:
    answer = patch(session, f"Patient/{ANN}", change("replace", "/name/0/family", value="New"))
    assert answer.status == 200
    assert answer.headers["Location"].endswith(f"/Patient/{ANN}/_history/2")
    assert data(session.request_now("GET", f"Patient/{ANN}"))["name"][0]["family"] == "New"
    assert [(write.method, write.id) for write in session.writes] == [("PUT", ANN)]


@pytest.mark.parametrize(
    ("url", "op", "status", "said"),
    [
        ("Patient/nobody", change("remove", "/active"), 404, "HAPI-2001"),
        (f"Patient/{ANN}", change("remove", "/photo"), 400, "HAPI-1272: Failed to apply JSON patch to Patient/"),
        (f"Patient/{ANN}", change("add", "/bogus", value=1), 400, "HAPI-1271: Failed to apply JSON patch to Patient/"),
        (f"Patient/{ANN}", change("add", "/gender", value="x"), 400, "HAPI-1271"),
        (f"Patient/{ANN}", change("replace", "/id", value="x"), 400, "HAPI-1271"),
        (f"Patient/{ANN}", change("remove", "/id"), 400, "HAPI-1271"),
        (f"Patient/{ANN}", change("replace", "", value=[]), 400, "HAPI-1271"),
        (f"Patient/{ANN}", change("replace", "/resourceType", value="Observation"), 400, "HAPI-1271"),
        (
            f"Patient/{ANN}", change("add", "/generalPractitioner", value=[{"reference": "Practitioner/x"}]),
            400, "HAPI-1094",
        ),
    ],
)  # fmt: skip
def test_a_patch_that_spoils_a_record_is_refused(
    session: Session, url: str, op: dict[str, Any], status: int, said: str
) -> None:
    answer = patch(session, url, op)
    assert (answer.status, words(answer)[: len(said)]) == (status, said)
    assert not session.writes


def test_a_deleted_record_cannot_be_patched(session: Session) -> None:
    session.request_now("DELETE", "Patient/S1234565")
    assert patch(session, "Patient/S1234565", change("add", "/active", value=True)).status == 410
