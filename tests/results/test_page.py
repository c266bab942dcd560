"""report.html as a file: pinned scripts, escaped texts, one copy of each text, a limit to its size."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.results.api import read
from medagentbenchv2.results.board import build_board
from medagentbenchv2.results.page import build, build_page
from medagentbenchv2.results.page.pool import Pool
from medagentbenchv2.results.tables import all_tables
from tests.results.made import FAMILIES, row, rows, write_run

BLOCK = re.compile(r'<script type="text/plain" id="(index|block-\d+)">([^<]*)</script>')


def page_of(folder: Path, model: str = "lab/m", **size: int) -> str:
    """The page of one run with traces, without plots."""
    write_run(folder, model, rows(4, 2, 2, seed=3), traces=True, **size)
    return page_at(folder)


def page_at(folder: Path) -> str:
    """The page of the run in a folder, without plots."""
    board = build_board("new_patient_tasks", read([folder]).runs, {}, FAMILIES)
    return build_page(board, all_tables(board), [])


def blocks(page: str) -> dict[str, Any]:
    """The page's compressed data by id."""
    return {name: orjson.loads(gzip.decompress(base64.b64decode(text))) for name, text in BLOCK.findall(page)}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page with results longer than the cut."""
    return page_of(tmp_path_factory.mktemp("page"), model='<img src=x onerror="alert(1)">', result_size=9000)


def test_only_its_own_script_and_style_may_run(page: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert len(script) == len(style) == 1
    for kind, text in (("script", script[0]), ("style", style[0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy[1]
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]


def test_nothing_is_fetched(page: str) -> None:
    assert not re.search(r'(?:src|href)="(?!data:image/svg\+xml;base64,|#)', page)


def test_texts_of_models_are_never_markup(page: str) -> None:
    assert '<img src=x onerror="alert(1)">' not in page
    assert "&lt;img src=x onerror=" in page
    assert "document.title='owned'" not in page


def test_every_rollout_is_listed_and_leads_to_its_detail(page: str) -> None:
    data = blocks(page)
    listed = data["index"]["rows"]
    assert len(listed) == 40
    for item in listed:
        detail = data[f"block-{item[9]}"][item[10]]
        assert (detail["row"]["task_id"], detail["row"]["attempt"]) == (item[1], item[2])
        assert detail["messages"][0]["role"] == "system"


def test_failed_in_all_attempts_means_all(page: str) -> None:
    listed = blocks(page)["index"]["rows"]
    solved = {item[1] for item in listed if item[5] == 1}
    assert {item[6] for item in listed} == {0, 1}
    assert all(item[6] == (item[1] not in solved) for item in listed)


def test_a_cut_result_names_the_trace_row_and_equal_texts_are_stored_once(page: str) -> None:
    data = blocks(page)
    texts = [item for name, block in data.items() if name != "index" for item in block if isinstance(item, str)]
    assert len(texts) == len(set(texts))
    assert sum(text.startswith("You work in an electronic health record.") for text in texts) == 1
    cut = [text for text in texts if "… cut after 4096 of" in text]
    assert cut
    assert all(re.search(r"all of it: traces\.jsonl\.zst, row \d+$", text) for text in cut)


def test_tool_results_are_cut_shorter_until_the_page_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = page_of(tmp_path / "whole", result_size=9000)
    data = sum(len(text) for _, text in BLOCK.findall(whole))
    monkeypatch.setattr(build, "MOST_BYTES", data - 1 + build.REST)
    smaller = page_of(tmp_path / "smaller", result_size=9000)
    assert len(smaller) < len(whole)
    assert "Tool results are cut after 4096 characters" not in smaller
    assert len(blocks(smaller)["index"]["rows"]) == 40


def test_a_page_that_cannot_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "MOST_BYTES", build.REST + 1)
    with pytest.raises(ArgumentError, match="do not fit into one page of 50 MB"):
        page_of(tmp_path, result_size=50)


def test_runs_without_traces_are_listed_all_the_same(tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "m", [row("task1_1"), row("task1_2", correct=False, status="error")])
    data = blocks(page_at(tmp_path / "runs"))
    assert [(item[1], item[5]) for item in data["index"]["rows"]] == [("task1_1", 1), ("task1_2", 2)]


def test_the_pool_gives_equal_texts_one_place_and_closes_full_blocks() -> None:
    pool = Pool()
    assert pool.text("a" * 150_000) == pool.text("a" * 150_000) == (0, 0)
    assert pool.text("b" * 150_000) == (1, 0)
    pool.close()
    assert len(pool.blocks) == 2
