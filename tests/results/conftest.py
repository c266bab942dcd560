"""Boards that several tests look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from medagentbenchv2.results.board import Board, build_board
from medagentbenchv2.results.models import load_cards
from medagentbenchv2.results.rows import Row
from medagentbenchv2.results.run import Run
from medagentbenchv2.results.statistics.bootstrap import Resampling
from tests.results.made import FAMILIES, rows

Build = Callable[..., Board]
QUICK = Resampling(resamples=300)


def run_of(model: str, made: list[Row], variant: str = "new_patient_tasks", **keys: object) -> Run:
    """A run that lies nowhere."""
    return Run(Path(f"/{model.replace('/', '_')}/runs.jsonl"), model, variant, tuple(made), "ours", **keys)  # type: ignore[arg-type]


def board_of(models: dict[str, list[Row]], focus: str | None = None, variant: str = "new_patient_tasks") -> Board:
    """A board of these models' rows, with few resamples."""
    runs = [run_of(model, made, variant) for model, made in models.items()]
    return build_board(variant, runs, load_cards(), FAMILIES, focus, QUICK)


@pytest.fixture(scope="session")
def board() -> Board:
    """Four models with three attempts at three tasks of each V2 family, with floor and ceiling."""
    models = {f"lab/model-{m}": rows(2 * m, 3, 3, seed=4) for m in range(4)}
    models |= {"oracle": rows(9, 3, 3, seed=4, skill=2), "null": rows(9, 3, 3, seed=4, skill=-1)}
    return board_of(models, focus="lab/model-1")
