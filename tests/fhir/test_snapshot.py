"""A snapshot: the same content gives the same checksum, the shipped form loses nothing, the cache is made once."""

from __future__ import annotations

import multiprocessing
import warnings
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.fhir import cache, mapped
from medagentbenchv2.fhir.columns import sort, unsort
from medagentbenchv2.fhir.rows import MISSING, Records, Rows
from medagentbenchv2.fhir.session import Session
from medagentbenchv2.fhir.snapshot import Snapshot
from tests.fhir.hospital_on_paper import small_records

QUESTION = ("Observation", (("code", "K"), ("_sort", "-date"), ("_count", "500")))


def same_rows(left: Rows, right: Rows) -> bool:
    return all(np.array_equal(getattr(left, field.name), getattr(right, field.name)) for field in fields(Rows))


def test_runs_are_sorted_newest_first_and_ties_keep_insertion_order(records: Records) -> None:
    columns = sort(records)
    for start, end in zip(columns.run_start[:-1], columns.run_start[1:], strict=True):
        keys = list(zip(-columns.minute[start:end].astype(np.int64), columns.order[start:end], strict=True))
        assert keys == sorted(keys)
        assert not (columns.minute[start:end] == MISSING)[: (columns.minute[start:end] != MISSING).sum()].any()


def test_sorting_is_undone_without_loss(records: Records) -> None:
    assert same_rows(unsort(sort(records)), records.rows)


def test_the_checksum_depends_on_content_alone(records: Records) -> None:
    again = small_records()
    assert Snapshot.build(again).checksum == Snapshot.build(records).checksum
    assert Snapshot.build(small_records(seed=1)).checksum != Snapshot.build(records).checksum
    assert Snapshot.build(replace(again, labels={"name": "other"})).checksum != Snapshot.build(records).checksum
    again.rows.value[7] += 1
    assert Snapshot.build(again).checksum != Snapshot.build(records).checksum


def test_the_checksum_is_the_same_on_every_machine(snapshot: Snapshot) -> None:
    assert snapshot.checksum == "26eb2b111796865af20955ee01cecb1570d5cc0760d868347f3d9183414864f0"


def test_the_shipped_form_loses_nothing(records: Records, snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "paper.snapshot"
    snapshot.save(path)
    loaded = Snapshot.load(path)
    assert loaded.checksum == snapshot.checksum
    assert same_rows(loaded.records().rows, records.rows)
    assert loaded.records().patients == records.patients
    assert loaded.records().templates == records.templates
    assert Session(loaded).search_now(*QUESTION) == Session(snapshot).search_now(*QUESTION)


def test_saving_is_reproducible(snapshot: Snapshot, tmp_path: Path) -> None:
    for name in ("one", "two"):
        snapshot.save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_opened_snapshot_answers_as_the_built_one(snapshot: Snapshot, tmp_path: Path) -> None:
    snapshot.save(tmp_path / "s")
    for _ in range(2):  # made, then mapped
        opened = Snapshot.open(tmp_path / "s", tmp_path / "cache")
        assert opened.checksum == snapshot.checksum
        assert opened.next_id == snapshot.next_id
        assert Session(opened).search_now(*QUESTION) == Session(snapshot).search_now(*QUESTION)


def _open(path: Path, folder: Path, barrier: object, answers: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answers.put(Session(Snapshot.open(path, folder)).search_now(*QUESTION).body)  # type: ignore[attr-defined]


def test_processes_that_start_together_make_the_cache_once(snapshot: Snapshot, tmp_path: Path) -> None:
    snapshot.save(tmp_path / "s")
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(4), context.Queue()
    workers = [context.Process(target=_open, args=(tmp_path / "s", tmp_path / "c", barrier, answers)) for _ in range(4)]
    for worker in workers:
        worker.start()
    found = {answers.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert found == {Session(snapshot).search_now(*QUESTION).body}
    assert [file.suffix for file in sorted((tmp_path / "c").iterdir())] in ([".map"], [".map", ".lock"])


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_cache_is_made_again_with_a_warning(snapshot: Snapshot, tmp_path: Path, damage: str) -> None:
    snapshot.save(tmp_path / "s")
    folder = tmp_path / "cache"
    Snapshot.open(tmp_path / "s", folder)
    (file,) = folder.glob("*.map")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink()
    file.write_bytes({"cut": content[:-100], "flip": content, "empty": b""}[damage])
    with pytest.warns(RuntimeWarning, match="damaged and is made again"):
        opened = Snapshot.open(tmp_path / "s", folder)
    assert Session(opened).search_now(*QUESTION) == Session(snapshot).search_now(*QUESTION)


def test_a_shipped_form_that_was_changed_is_refused(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "s"
    snapshot.save(path)
    path.write_bytes(path.read_bytes().replace(snapshot.checksum.encode(), b"0" * 64))
    with pytest.raises(mapped.Damaged, match="checksum"):
        Snapshot.load(path)
    path.write_bytes(b"something else")
    with pytest.raises(ArgumentError, match="not a snapshot"):
        Snapshot.open(path, tmp_path)


def test_the_cache_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("MEDAGENTBENCHV2_CACHE", raising=False)
    assert cache.default_dir() == tmp_path / "xdg" / "medagentbenchv2"
    monkeypatch.setenv("MEDAGENTBENCHV2_CACHE", str(tmp_path / "own"))
    assert cache.default_dir() == tmp_path / "own"


def test_records_that_contradict_themselves_are_refused() -> None:
    records = small_records(rows=10)
    records.rows.patient[3] = 99
    with pytest.raises(ArgumentError, match="a row's patient is outside"):
        Snapshot.build(records)
    records = small_records(rows=10)
    records.rows.delay = records.rows.delay[:5]
    with pytest.raises(ArgumentError, match="different lengths"):
        Snapshot.build(records)


def test_an_empty_hospital_is_a_hospital(tmp_path: Path) -> None:
    empty = Snapshot.build(small_records(rows=0))
    assert b'"total":0' in Session(empty).search_now("Observation", ()).body
    empty.save(tmp_path / "empty")
    assert Snapshot.open(tmp_path / "empty", tmp_path).checksum == empty.checksum


def test_a_longer_list_of_statuses_changes_no_stored_number(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medagentbenchv2.fhir import columns

    monkeypatch.setattr(columns, "STATUSES", (*columns.STATUSES, "new-status"))
    assert Snapshot.build(small_records()).checksum == snapshot.checksum
