"""Worlds kept in memory within a number of bytes, and shared by processes through one file."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from medagentbenchv2.environment import load_environment
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks import world_file
from medagentbenchv2.tasks.generated import GENERATED, Recipe, at_hand, grow, grow_anew
from medagentbenchv2.tasks.world import World
from medagentbenchv2.tasks.world_cache import WorldCache
from medagentbenchv2.tasks.world_file import open_world, stamp

FEW = ("latest_glucose", "naloxone_coverage")
RECIPE = Recipe(31, families=FEW)


@pytest.fixture(scope="module")
def grown() -> World:
    return grow_anew(RECIPE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this machine's files of worlds lie."""
    monkeypatch.setenv("MEDAGENTBENCHV2_CACHE", str(tmp_path))
    return tmp_path / "worlds"


def test_the_mapped_world_is_the_grown_one(grown: World, folder: Path) -> None:
    made = open_world(31, "s" * 64, GENERATED, lambda: grown)
    again = open_world(31, "s" * 64, GENERATED, lambda: pytest.fail("it is there already"))
    for world in (made, again):
        assert world.snapshot.checksum == grown.snapshot.checksum
        assert world.snapshot.labels == grown.snapshot.labels
        assert world.snapshot.next_id == grown.snapshot.next_id
        assert world.tasks == grown.tasks
    assert len(list(folder.glob("*.map"))) == 1


def test_a_damaged_file_is_made_again(grown: World, folder: Path) -> None:
    open_world(31, "s" * 64, GENERATED, lambda: grown)
    (path,) = folder.glob("*.map")
    whole = path.read_bytes()
    path.write_bytes(whole[:-5000] + bytes(4999) + b"x")
    with pytest.warns(RuntimeWarning, match="damaged"):
        assert open_world(31, "s" * 64, GENERATED, lambda: grown).tasks == grown.tasks
    assert path.read_bytes() == whole


def test_a_file_of_another_stamp_is_not_read(grown: World, folder: Path) -> None:
    open_world(31, "s" * 16 + "a" * 48, GENERATED, lambda: grown)
    calls: list[int] = []
    open_world(31, "s" * 16 + "b" * 48, GENERATED, lambda: calls.append(1) or grown)
    assert calls == [1]


def test_the_stamp_tells_recipes_and_code_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    one = stamp((RECIPE.key, *FEW), FEW)
    assert one == stamp((RECIPE.key, *FEW), FEW) != stamp((Recipe(32).key, *FEW), FEW)
    monkeypatch.setattr(world_file, "_CODE", b"other sources")
    assert stamp((RECIPE.key, *FEW), FEW) != one


def test_a_folder_that_cannot_be_written_costs_the_file_alone(grown: World, folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where the folder should be")
    with pytest.warns(RuntimeWarning, match="kept in memory alone"):
        assert open_world(31, "s" * 64, GENERATED, lambda: grown) is grown


def test_the_oldest_files_make_room(grown: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_world(1, "a" * 64, GENERATED, lambda: grown)
    size = sum(path.stat().st_size for path in folder.glob("*.map"))
    for number in (2, 3, 4):
        open_world(number, f"{number}" * 64, GENERATED, lambda: grown)
        world_file._prune(folder, 2 * size + 100)
    assert sorted(path.name[:6] for path in folder.glob("*.map")) == ["world3", "world4"]


PROCESS = """
import sys
from medagentbenchv2.tasks import generated
made = []
generated.grow_anew = lambda recipe, grow=generated.grow_anew: made.append(1) or grow(recipe)
world = generated.grow(generated.Recipe(31, families=("latest_glucose", "naloxone_coverage")))
print(world.snapshot.checksum, len(made))
"""


def test_of_many_processes_one_grows_and_all_map(grown: World, folder: Path) -> None:
    command = [sys.executable, "-c", PROCESS]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [process.communicate(timeout=120)[0].split() for process in running]
    assert {checksum for checksum, _ in told} == {grown.snapshot.checksum}
    assert sum(int(made) for _, made in told) == 1


def test_memory_is_bounded_and_the_least_recently_used_goes_first(grown: World) -> None:
    worlds = {number: World(number, grown.snapshot, grown.tasks) for number in range(5)}
    cache = WorldCache(3 * grown.size)
    for number in (0, 1, 2):
        cache.get(number, lambda n=number: worlds[n])
    assert cache.at_hand(0) is worlds[0]
    cache.get(3, lambda: worlds[3])
    assert [cache.at_hand(n) for n in range(4)] == [worlds[0], None, worlds[2], worlds[3]]
    assert cache.size <= 3 * grown.size


def test_a_world_above_the_limit_is_still_kept_until_the_next(grown: World) -> None:
    cache = WorldCache(1)
    assert cache.get("a", lambda: grown) is grown
    assert cache.at_hand("a") is grown
    cache.get("b", lambda: grown)
    assert cache.at_hand("a") is None
    assert len(cache) == 1


def test_threads_that_ask_together_wait_for_one_making(grown: World) -> None:
    cache, calls, gate = WorldCache(2**30), [], threading.Barrier(8)

    def make() -> World:
        calls.append(1)
        return grown

    def ask(_: int) -> World:
        gate.wait()
        return cache.get("one", make)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [grown] * 8
    assert calls == [1]


async def test_a_world_is_opened_beside_the_event_loop(folder: Path) -> None:
    setup = Setup(task_types=("naloxone_coverage",), seed=97)
    recipe = Recipe(3, 97, 1, ("naloxone_coverage",))
    assert at_hand(recipe) is None
    beats = 0

    async def pulse() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.001)

    pulsing = asyncio.create_task(pulse())
    await setup.prepare(3)
    pulsing.cancel()
    assert at_hand(recipe) is grow(recipe)
    assert beats > 5


def test_a_training_rollout_opens_its_own_world_alone(folder: Path) -> None:
    setup = Setup(tasks_variant=GENERATED, split="train", task_types=FEW, seed=98)
    rollout = asyncio.run(setup.enter("w2_naloxone_coverage_1", 2))
    assert (rollout.task.world, rollout.task.id) == (2, "w2_naloxone_coverage_1")
    assert {path.name.split("-")[0] for path in folder.iterdir()} == {"world2"}
    assert "world" not in vars(setup)


async def test_the_evaluation_world_too_is_opened_beside_the_event_loop() -> None:
    setup, beats = Setup(task_types=("task8",)), asyncio.Event()
    opening = asyncio.create_task(setup.enter("task8_1", 0))
    asyncio.get_running_loop().call_later(0, beats.set)
    await beats.wait()
    assert not opening.done()
    assert (await opening).task is setup.find("task8_1", 0)


def test_what_a_row_of_the_datasets_carries_is_small() -> None:
    env = load_environment(task_types=["task8"], num_train_tasks=12)
    train, held_out = env.get_dataset(), env.get_eval_dataset()
    assert {json.loads(info)["world"] for info in train["info"]} == {1, 2}
    assert {json.loads(info)["world"] for info in held_out["info"]} == {0}
    assert max(map(len, [*train["info"], *held_out["info"]])) < 150
