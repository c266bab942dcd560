"""Agents that try to score without doing the work, from the prompt's own words: floors that a model must beat.

Each one but `Guessing` must score 0.0 on every task of every family; `tasks validate` shows that it does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from medagentbenchv2.agents.script import Turn
from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.tasks import steps
from medagentbenchv2.tasks.task import Task
from medagentbenchv2.tools.call import Call, Result

_MRN = re.compile(r"\bS\d{7}\b")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_CODE = re.compile(r"(?<![\w.:/-])(?=[\w-]*\d)(?!S\d{7}\b)(?!\d{4}-\d\d-\d\d)[A-Z0-9][\w-]{3,}[A-Z0-9](?![\w:/-])")
_QUOTED = re.compile(r"[\"']([^\"']{4,})[\"']")
_DOSED = re.compile(r"\d\s?(?:mg|mcg|g|units|mEq)\b")
_NAME = re.compile(r"\b[A-Z][A-Z0-9]{1,14}\b")
NEWEST = 40
"""Records of each kind that `every_value` reads."""
NOTHING_FOUND = Result('{"total":0,"page":1,"next":false,"resources":[]}')


@dataclass(frozen=True)
class Words:
    """What a prompt gives away."""

    text: str
    now: datetime

    @property
    def patients(self) -> list[str]:
        """MRNs."""
        return _unique(_MRN.findall(self.text))

    @property
    def codes(self) -> list[str]:
        """Whatever looks like a code of an order: capitals and digits, five or more."""
        return _unique(_CODE.findall(self.text))

    @property
    def note(self) -> str:
        """All that stands in quotation marks."""
        return " ".join(_QUOTED.findall(self.text)) or "as asked"

    @property
    def prescriptions(self) -> list[str]:
        """Sentences that hold a dose."""
        return [sentence for sentence in re.split(r"(?<=[.?!:;]) ", self.text) if _DOSED.search(sentence)]

    def orders(self, mrn: str) -> Iterator[Call]:
        """A service request for each code."""
        for code in self.codes:
            yield steps.order_service(
                mrn, self.now, code, steps.CPT, code, at=self.now, note=self.note, priority="stat"
            )

    def drugs(self, mrn: str) -> Iterator[Call]:
        """A medication order for each code and each sentence with a dose, and one that says everything."""
        for code in self.codes:
            coding = {"system": steps.NDC, "code": code}
            yield steps.order_medication(mrn, self.now, code, coding=coding, route="IV", dose=(1, "g"), rate=(1, "h"))
        for text in (*self.prescriptions, self.text):
            yield steps.order_medication(mrn, self.now, text)


def words_of(task: Task) -> Words:
    """The words of a task's prompt, without its slots or its chart."""
    return Words(f"{task.instruction}\n{task.context}", task.now)


@dataclass(frozen=True)
class AlwaysOrder:
    """Files every order that the prompt names by a code or a dose, without looking, and finishes with nothing."""

    name: str = "always_order"

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        """All orders and the end, in one turn."""
        said = words_of(task)
        drugs = [
            steps.order_medication(mrn, said.now, text) for mrn in said.patients for text in said.prescriptions[:1]
        ]
        return Turn((*(call for mrn in said.patients for call in said.orders(mrn)), *drugs, steps.finish()))


@dataclass(frozen=True)
class OrderUnread:
    """Takes the chart for empty, files what an empty chart calls for, and finishes with nothing."""

    name: str = "order_unread"

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        """The oracle's orders, had all its searches found nothing."""
        work, calls = task.solve(), list[Call]()
        try:
            call = next(work)
            while True:
                calls += [call] if call.tool.endswith("_create") else []
                call = work.send(NOTHING_FOUND)
        except (StopIteration, ArgumentError):  # ArgumentError: nobody of that name
            return Turn((*calls, steps.finish()))


@dataclass(frozen=True)
class CopyPrompt:
    """Finishes with the prompt, and with what stands in it."""

    name: str = "copy_prompt"

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        """Finish at once."""
        said = words_of(task)
        return Turn((steps.finish(task.instruction, task.context, *said.patients, *_DATE.findall(said.text)),))


@dataclass(frozen=True)
class EveryValue:
    """Reads the patient's chart and finishes with every number, date and text of its newest records."""

    name: str = "every_value"

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        """All searches in one turn, all values in the next."""
        if not results:
            return Turn(tuple(self._searches(task)))
        values = [value for result in results for resource in result.resources for value in _leaves(resource)]
        return Turn((steps.finish(*list(dict.fromkeys(values))[:1000]),))

    def _searches(self, task: Task) -> Iterator[Call]:
        said = words_of(task)
        for mrn in said.patients:
            yield steps.search_patients(identifier=mrn)
            named = ",".join(_unique(_NAME.findall(said.text)))
            yield Call("fhir_medication_request_search", {"patient": mrn, "count": NEWEST})
            yield Call("fhir_procedure_search", {"patient": mrn, "count": NEWEST})
            yield Call("fhir_observation_search", {"patient": mrn, "code": named, "count": NEWEST})
        for born in _unique(_DATE.findall(said.text)):
            yield steps.search_patients(birthdate=born)


@dataclass(frozen=True)
class BruteForce:
    """Files every code of the prompt as every kind of order for everybody it finds, and stops every active order."""

    name: str = "brute_force"

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        """Searches first, then everything at once."""
        said = words_of(task)
        if not results:
            born_then = [steps.search_patients(birthdate=born) for born in _unique(_DATE.findall(said.text))]
            return Turn((*born_then, *(steps.search_medications(mrn) for mrn in said.patients)))
        chart = steps.seen(task.now, *results)
        found = [resource for result in results for resource in result.resources]
        stops = [
            steps.order_medication(mrn, task.now, _text(r), status="stopped", prior=r["id"])
            for mrn in said.patients
            for r in found
            if r["resourceType"] == "MedicationRequest"
        ]
        people = _unique([*said.patients, *(person.mrn for person in chart.people())])[:20]
        orders = [call for mrn in people for call in (*said.orders(mrn), *said.drugs(mrn))]
        vitals = [steps.record_vital(mrn, task.now, "BP", said.note) for mrn in people]
        return Turn((*stops, *orders, *vitals, steps.finish(-1)))


@dataclass(frozen=True)
class Guessing:
    """A random sequence of tool calls and a random answer, the same for every task; `seed` picks it."""

    seed: int = 0

    @property
    def name(self) -> str:
        """`guessing:<seed>`."""
        return f"guessing:{self.seed}"

    def turn(self, task: Task, results: Sequence[Result], seed: int | None) -> Turn:
        """The whole sequence in one turn."""
        rng, said = random.Random(self.seed), words_of(task)
        mrn = next(iter(said.patients), "S0000000")
        makers: tuple[Callable[[Any], Call], ...] = (
            lambda draw: steps.search_observations(mrn, _pick(_NAME.findall(said.text), draw) or "K"),
            lambda draw: steps.search_medications(mrn),
            lambda draw: _pick(list(said.orders(mrn)), draw) or steps.search_patients(identifier=mrn),
            lambda draw: _pick(list(said.drugs(mrn)), draw),
            lambda draw: steps.record_vital(mrn, task.now, "BP", said.note),
        )
        calls = [rng.choice(makers)(rng.random()) for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))]
        return Turn((*calls, steps.finish(*(_guess(rng, task.now) for _ in range(rng.choice((0, 1, 1, 1, 2)))))))


def _guess(rng: random.Random, now: datetime) -> str | float:
    """A value as answers are: often -1 or a small count."""
    day = (now - timedelta(days=rng.randrange(800))).date().isoformat()
    return rng.choice((-1, -1, rng.randrange(6), rng.randrange(40, 600), rng.randrange(100) / 10, day))


def _pick(options: Sequence[Any], draw: float) -> Any:
    return options[int(draw * len(options))] if options else ""


def _unique(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _text(order: dict[str, Any]) -> str:
    return str(order.get("medicationCodeableConcept", {}).get("text") or "order")


def _leaves(value: Any) -> Iterator[str | float]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield value
