"""The mapped file: what is written is what is read, or it is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medagentbenchv2.fhir import mapped

ARRAYS = {
    "a": np.arange(5, dtype=np.int32),
    "none": np.zeros(0, dtype=np.int64),
    "c": np.array([1, 255], dtype=np.uint8),
}
TEXTS = {"t": b"some text", "empty": b""}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "file.map"
    mapped.write(path, {"name": "x"}, ARRAYS, TEXTS)
    return path


def test_what_is_written_is_read(file: Path) -> None:
    found = mapped.open_file(file)
    assert found.facts == {"name": "x"}
    assert {name: bytes(text) for name, text in found.texts.items()} == TEXTS
    for name, array in ARRAYS.items():
        assert found.arrays[name].dtype == array.dtype
        assert np.array_equal(found.arrays[name], array)


def test_the_mapping_cannot_be_written_to(file: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        mapped.open_file(file).arrays["a"][0] = 9


def test_every_changed_byte_is_noticed(file: Path) -> None:
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(mapped.Damaged):
            mapped.open_file(file)


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        mapped.write(tmp_path / "x.map", {"bad": object()}, {}, {})
    (tmp_path / "x.map").mkdir()  # in the way of the finished file
    with pytest.raises(OSError, match="x"):
        mapped.write(tmp_path / "x.map", {}, {}, {})
    assert [path.name for path in tmp_path.iterdir()] == ["x.map"]
