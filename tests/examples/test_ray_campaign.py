"""A campaign over a local Ray cluster: the rows do not depend on how many workers there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ray = pytest.importorskip("ray", reason="ray is not installed; pip install 'medagentbenchv2[ray]'")

from .loaded import example  # noqa: E402  (after the check for ray)

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def spread(cache: Path) -> Iterator[Any]:
    """The example as a module, on a local cluster whose workers share a cache of their own."""
    root = str(Path(__file__).parents[2])
    environment = {"MEDAGENTBENCHV2_CACHE": str(cache), "PYTHONPATH": f"{root}:{root}/examples"}
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": environment})
    module = example("ray_campaign")
    yield module
    ray.shutdown()


def test_the_rows_are_the_same_for_one_and_three_workers_and_one_file_serves_all(spread: Any, cache: Path) -> None:
    setup, who = {"tasks_variant": "new_tasks"}, {"agent": "erring:0.4"}
    one, three = (spread.campaign(setup, who, workers=n, repeats=2, batch=3) for n in (1, 3))
    assert spread.digest(one) == spread.digest(three)
    assert [(row["attempt"], row["index"]) for row in one] == [(a, i) for a in (1, 2) for i in range(10)]
    assert 0 < sum(row["reward"] for row in one) < 20
    assert len(list(cache.rglob("*.map"))) == 1
