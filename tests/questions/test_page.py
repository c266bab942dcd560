"""The comparison page and tables, without a browser: everything in one file, and nothing hostile left in it."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.compare import compare_responses, read_run
from medagentbenchv2.questions.page import render, write_page
from medagentbenchv2.questions.scoring import score_models
from medagentbenchv2.questions.tables import write_tables
from tests.model_server import Reply, serving
from tests.questions.asking import hosted, run

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)> [click](javascript:alert(1))"


@pytest.fixture
def page(tmp_path: Path) -> str:
    with serving(lambda _: Reply(HOSTILE)) as server:
        run(tmp_path, [hosted(server, "<b>evil</b>")], [{"question": HOSTILE, "tags": ["</script>"]}])
    found = read_run(tmp_path / "answers")
    return write_page(found, score_models(found), tmp_path / "page.html").read_text(encoding="utf-8")


def data_of(page: str) -> dict[str, object]:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_the_policy_admits_the_pages_own_script_and_style_and_nothing_else(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    for name, text in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_hostile_answer_question_tag_or_name_ends_no_element(page: str) -> None:
    assert page.count("</script>") == 2
    data = data_of(page)
    card = data["cards"][0][0]
    assert "<script" not in card["html"]
    assert "<img" not in card["html"]
    assert "href" not in card["html"]
    assert "alert(1)" in card["html"]
    assert data["models"][0]["name"] == "<b>evil</b>"


def test_the_page_loads_nothing_from_anywhere(page: str) -> None:
    outside = page.replace(json.dumps(data_of(page)), "")
    assert not re.search(r'(src|href)\s*=\s*["\'](https?:)?//', outside)


def test_markdown_is_shown_and_links_are_their_text_and_address() -> None:
    assert render("**bold** and `code`") == "<p><strong>bold</strong> and <code>code</code></p>\n"
    assert "<table>" in render("| a | b |\n|---|---|\n| 1 | 2 |")
    assert render("[a trial](https://example.org/x)") == "<p>a trial (https://example.org/x)</p>\n"
    assert render("<https://example.org>") == "<p>https://example.org</p>\n"
    assert render("![scan](http://tracker/x.png)") == "<p>[image: scan]</p>\n"


@given(st.text(alphabet=st.sampled_from("<>\"'&/=abcimgsrc onerrorjavascript:()[]!`*_~|-\n#"), max_size=200))
def test_no_markdown_makes_an_attribute_or_an_element_outside_the_list(text: str) -> None:
    for tag in re.findall(r"<[^>]*>", render(text)):
        assert re.fullmatch(r"</?[a-z0-9]+( ?/)?>", tag)
        assert tag.strip("</ >") not in ("script", "img", "a", "iframe", "style", "svg")


def test_the_tables_hold_every_answer_and_no_formula(tmp_path: Path) -> None:
    replies = {"a": '=HYPERLINK("http://x")', "b": "- a list\n- with lines", "c": "plain"}
    asked = [{"question": "a", "reference": "x"}, "b", "c", "d"]
    with serving(lambda r: Reply(replies[r.question]) if r.question in replies else Reply(status=400)) as server:
        run(tmp_path, [hosted(server)], asked)
    found = read_run(tmp_path / "answers")
    answers, scores = write_tables(found, score_models(found))
    with answers.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["answer"] for row in rows] == ["'" + replies["a"], "'" + replies["b"], "plain", ""]
    assert [row["status"] for row in rows] == ["answered", "answered", "answered", "error"]
    assert "400" in rows[3]["error"]
    assert rows[0]["exact_match"] == "false"
    assert scores.read_text().splitlines()[0] == "model,measure,mean,low_95,high_95,n,unreadable"


def test_responses_are_compared_in_python_by_number_or_id(tmp_path: Path) -> None:
    def script(request):
        if request.model == "broken":
            return Reply(status=400, body={"error": {"message": "no"}})
        return Reply("cut", finish_reason="length" if request.model == "short" else "stop")

    with serving(script) as server:
        run(tmp_path, [hosted(server, name) for name in ("whole", "short", "broken")], [{"question": "q", "id": "x"}])
    found = compare_responses(1, tmp_path / "answers")
    assert [(r.model, r.status, r.text) for r in found] == [
        ("broken", "error", None),
        ("short", "truncated", "cut"),
        ("whole", "answered", "cut"),
    ]
    assert compare_responses("x", tmp_path / "answers") == found
    with pytest.raises(ArgumentError, match="the list holds 1 to 1"):
        compare_responses(2, tmp_path / "answers")
    with pytest.raises(ArgumentError, match="is not a folder that 'ask run'"):
        compare_responses(1, tmp_path)
