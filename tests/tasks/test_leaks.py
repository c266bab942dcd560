"""The leak audit finds what is shared, and finds nothing in our own split."""

from __future__ import annotations

import orjson
from typer.testing import CliRunner

from medagentbenchv2.cli.tasks import tasks_app
from medagentbenchv2.tasks.generated import GENERATED, Recipe, grow
from medagentbenchv2.tasks.leaks import audit, evaluation_worlds, training_worlds
from medagentbenchv2.tasks.world import World

FEW = ("patient_lookup", "a1c_followup")


def test_training_and_evaluation_share_nothing() -> None:
    found = audit(training_worlds(3, 0, 1, FEW), evaluation_worlds([5], 1, FEW))
    assert found.holds
    assert (found.train_worlds, found.train_patients, found.train_prompts) == (3, 300, 60)
    assert (found.eval_worlds, found.eval_patients) == (2, 600)


def test_a_training_world_among_the_evaluation_worlds_is_found() -> None:
    found = audit(training_worlds(2, 0, 1, FEW), [grow(Recipe(2, 0, 1, FEW))])
    assert not found.holds
    assert len(found.shared_mrns) == len(found.shared_people) == len(found.shared_prompts) == 5


def test_one_borrowed_prompt_is_found() -> None:
    one, other = grow(Recipe(1, 0, 1, FEW)), grow(Recipe(2, 0, 1, FEW))
    borrowed = World(9, other.snapshot, {GENERATED: [one.tasks[GENERATED][0]]})
    found = audit([one], [borrowed])
    assert found.shared_prompts == (one.tasks[GENERATED][0].instruction,)
    assert not found.shared_mrns


def test_the_command_prints_the_figures_and_its_status_tells() -> None:
    done = CliRunner().invoke(tasks_app, ["leaks", "--worlds", "2", "--task-types", "patient_age", "--json"])
    assert done.exit_code == 0
    assert orjson.loads(done.stdout)["holds"] is True
    table = CliRunner().invoke(tasks_app, ["leaks", "--worlds", "1", "--task-types", "patient_age", "--eval-seed", "3"])
    assert table.exit_code == 0
    assert "patients" in table.stdout
