"""The published profile gives the published verdicts: real transcripts and gold answers of MedAgentBench v1.

Two models x 90 tasks (families 3, 8 and 10) were run on the published server; its graders said right or wrong. Here the
writes and the answer of each transcript are judged again, with the chart that the transcript itself shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from medagentbenchv2.chart import Chart
from medagentbenchv2.fhir.ehr import Resource, Write
from medagentbenchv2.fhir.parsing import parse as parse_resource
from medagentbenchv2.grading.judge import judge
from medagentbenchv2.grading.verdict import Verdict
from medagentbenchv2.tasks.families.patient_lookup import LookupSlots
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tasks.task_file import read_tasks
from medagentbenchv2.text_protocol import parse
from medagentbenchv2.tools.normalise import normalise
from tests.tasks.harness import V1_CLOCK, observation

DATA = Path(__file__).parents[2].parent / "shared" / "data"
MODELS = ("gpt-5.2", "deepseek-v3")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the published transcripts and gold answers are not here")


@cache
def tasks() -> dict[str, Task]:
    return {task.id: task for task in read_tasks(DATA / "upstream_tasks" / "test_data_v2.json")}


@cache
def transcripts(model: str) -> dict[str, dict[str, Any]]:
    """Task id -> what the framework recorded; rows are numbered over the tasks of families 3, 8 and 10."""
    asked = [task.id for task in tasks().values() if task.family.number in (3, 8, 10)]
    lines = (DATA / "v1_parity" / "runs" / model / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    return {asked[row["index"]]: row["output"] for row in map(json.loads, lines)}


@cache
def published_verdicts(model: str) -> dict[str, bool]:
    text = (DATA / "v1_parity" / "runs" / model / "published_verdicts.json").read_text(encoding="utf-8")
    verdicts: dict[str, bool] = json.loads(text)
    return verdicts


@cache
def gold() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((DATA / "v1_parity" / "gold_odd.json").read_text(encoding="utf-8"))["rows"]
    return rows


def writes(history: list[dict[str, str]]) -> list[Write]:
    """The POSTs that the server accepted, read by the text protocol's own parser and stored as the engine stores."""
    found = []
    for turn, reply in pairwise(history):
        if turn["role"] != "agent" or parse(turn["content"]).verb != "POST" or "accepted" not in reply["content"]:
            continue
        action = parse(turn["content"])
        kind = action.url.rsplit("/", 1)[-1]
        stored = parse_resource(json.dumps(normalise(json.loads(action.body))).encode(), kind).resource
        found.append(Write("POST", kind, str(len(found)), stored))
    return found


def said(history: list[dict[str, str]]) -> list[Any]:
    """What the last turn finishes with."""
    action = parse([turn for turn in history if turn["role"] == "agent"][-1]["content"])
    assert action.verb == "FINISH"
    return list(action.answer)


def shown(history: list[dict[str, str]]) -> Iterator[Resource]:
    """Every resource that the server answered with."""
    for turn in history:
        answer = re.search(r"response from the GET request:\s*(?=\{)", turn["content"])
        if turn["role"] == "user" and answer is not None:
            bundle, _ = json.JSONDecoder().raw_decode(turn["content"][answer.end() :])
            yield from (entry["resource"] for entry in bundle.get("entry", ()))


def judged(model: str, task: Task) -> Verdict:
    output = transcripts(model)[task.id]
    chart = Chart(shown(output["history"]), task.now)
    expected = task.family.published(chart, task.slots)
    assert output["status"] == "completed"
    return judge(expected, writes(output["history"]), said(output["history"]), "completed", "published")


@pytest.mark.parametrize("model", MODELS)
def test_the_published_profile_gives_the_published_verdict(model):
    published = published_verdicts(model)
    assert len(published) == 90
    ours = {name: judged(model, tasks()[name]).correct for name in published}
    assert ours == published


def test_the_transcripts_hold_right_and_wrong_work_of_each_kind():
    verdicts = [
        (name.partition("_")[0], right) for model in MODELS for name, right in published_verdicts(model).items()
    ]
    assert {("task3", True), ("task3", False), ("task8", True), ("task10", True), ("task10", False)} <= set(verdicts)


@pytest.mark.parametrize("model", MODELS)
def test_the_same_work_on_another_patient_is_wrong(model):
    right = [name for name, verdict in published_verdicts(model).items() if verdict]
    for name in right:
        task, history = tasks()[name], transcripts(model)[name]["history"]
        moved = [
            Write("POST", write.kind, write.id, write.resource | {"subject": {"reference": "Patient/S0000000"}})
            for write in writes(history)
        ]
        expected = task.family.published(Chart(shown(history), task.now), task.slots)
        assert not judge(expected, moved, [-1], "completed", "published").correct


def test_strict_is_as_strict_on_what_others_words_ask_for():
    for model in MODELS:
        for name, right in published_verdicts(model).items():
            task, output = tasks()[name], transcripts(model)[name]
            chart = Chart(shown(output["history"]), task.now)
            strict = task.family.foreign(task.family.expect(chart, task.slots), chart)
            answer = json.loads(output["result"])
            assert judge(strict, writes(output["history"]), answer, "completed", "strict").correct is right


def seen_anywhere() -> dict[str, list[Resource]]:
    """MRN -> what all transcripts together show of a patient."""
    found: dict[str, list[Resource]] = {}
    for model in MODELS:
        for output in transcripts(model).values():
            for resource in shown(output["history"]):
                reference = resource.get("subject", {}).get("reference", "")
                found.setdefault(reference.rpartition("/")[2] or resource["id"], []).append(resource)
    return found


@pytest.mark.parametrize("number", [2, 10])
def test_gold_answers_follow_from_the_real_records(number):
    charts, checked = seen_anywhere(), 0
    for row in gold():
        task = tasks()[row["id"]]
        chart = Chart(charts.get(row["eval_MRN"], ()), task.now)
        if task.family.number == number and (number == 10 or chart.people()):
            assert task.family.published(chart, task.slots).answer.fault(row["gold_finish"]) is None, row["id"]
            checked += 1
    assert checked == {2: 4, 10: 15}[number]


def test_gold_lookups_are_answers():
    for row in (row for row in gold() if row["id"].startswith("task1_")):
        task = tasks()[row["id"]]
        assert isinstance(task.slots, LookupSlots)
        given, _, family = task.slots.name.partition(" ")
        person = {"resourceType": "Patient", "id": row["eval_MRN"], "name": [{"family": family, "given": [given]}]}
        born = {"birthDate": task.slots.birth_date.isoformat()}
        chart = Chart([person | born] if row["eval_MRN"] else [], V1_CLOCK)
        assert task.family.published(chart, task.slots).answer.fault(row["gold_finish"]) is None, row["id"]


@pytest.mark.parametrize(("number", "code"), [(4, "MG"), (5, "MG"), (6, "GLU"), (7, "GLU"), (9, "K")])
def test_gold_values_are_answers_and_lead_to_the_orders_of_their_branch(number, code):
    for row in (row for row in gold() if row["id"].startswith(f"task{number}_")):
        task, (value,) = tasks()[row["id"]], row["gold_finish"]
        chart = Chart([] if value == -1 else [observation(code, V1_CLOCK, value)], V1_CLOCK)
        for expected in (task.family.expect(chart, task.slots), task.family.published(chart, task.slots)):
            assert expected.answer is None or expected.answer.fault(row["gold_finish"]) is None, row["id"]
            assert bool(expected.orders) is row["branch"].endswith("order_required"), row["id"]
