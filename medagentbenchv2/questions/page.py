"""The comparison as one HTML file that needs no network and runs nothing but its own script.

Answers are Markdown: rendered, then sanitised to plain text markup. The content security policy admits this page's own
script and style by their hashes and nothing else, so that an answer could neither load nor run a thing even if it got
through.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from medagentbenchv2.errors import ArgumentError
from medagentbenchv2.questions.compare import Response, Run, nearest
from medagentbenchv2.questions.judging import Judgements, read_judgements, verdict_of
from medagentbenchv2.questions.question import Question, content_key
from medagentbenchv2.questions.ratings import answer_key
from medagentbenchv2.questions.scoring import ModelScore, score
from medagentbenchv2.questions.store import truncation_note, write_file

TAGS = frozenset(
    "p br hr h1 h2 h3 h4 h5 h6 strong em s code pre blockquote ul ol li table thead tbody tr th td".split()  # noqa: SIM905
)
"""What is left of an answer's markup: no links, no images, no attributes."""


def write_page(run: Run, scores: list[ModelScore], path: Path) -> Path:
    """Write the page. Raises ArgumentError where the libraries it needs are not installed."""
    try:
        import jinja2
    except ImportError:
        raise ArgumentError("compare: jinja2 is not installed; pip install 'medagentbenchv2[report]'") from None
    parts = files("medagentbenchv2.questions").joinpath("page_parts")
    script, style = (parts.joinpath(name).read_text(encoding="utf-8") for name in ("compare.js", "compare.css"))
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(parts.joinpath("compare.html.j2").read_text(encoding="utf-8"))
    # Inside a script element only "<" could end it early.
    data = orjson.dumps(_data(run, scores)).decode().replace("<", "\\u003c")
    page = template.render(script=script, style=style, data=data, policy=_policy(script, style))
    write_file(path, page.encode())
    return path


def _policy(script: str, style: str) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(run: Run, scores: list[ModelScore]) -> dict[str, Any]:
    judged = read_judgements(run.path)
    shown = [[_card(run, q, r, judged) for r in row] for q, row in zip(run.questions, run.responses, strict=True)]
    questions = [
        {
            "number": q.number,
            "id": q.id,
            "key": q.key,
            "text": q.question,
            "html": render(q.question),
            "choices": q.choices,
            "references": q.references,
            "tags": q.tags,
        }
        for q in run.questions
    ]
    models = [
        {
            "folder": m["folder"],
            "name": m["name"],
            "kind": m["kind"],
            "persona": m["persona"],
            "scores": [
                {"measure": s.measure.replace("_", " "), "mean": s.mean, "low": s.low, "high": s.high, "n": s.n}
                for s in scores
                if s.model == m["name"]
            ],
        }
        for m in run.models
    ]
    key = content_key([[q["key"] for q in questions], [m["folder"] for m in models]])
    return {"key": key, "questions": questions, "models": models, "cards": shown}


def _card(run: Run, question: Question, response: Response, judged: Judgements) -> dict[str, Any]:
    """What the page shows of one response; whatever tells the model apart is in `facts`, hidden when blinded."""
    answer = response.answer
    if answer is None:
        reason = response.failure.reason if response.failure else "not asked yet"
        return {"status": response.status, "reason": reason, "facts": [], "marks": []}
    if answer.embedding is not None:
        near = [f"{q.number} ({value:.3f})" for q, value in nearest(run, response.folder, question)]
        text = f"A vector of {len(answer.embedding)} numbers. Nearest questions: {', '.join(near) or 'none'}."
        note = "truncated: the question is longer than the encoder's context" if answer.truncated else None
        return {"status": response.status, "vector": text, "note": note, "facts": [], "marks": []}
    facts = [
        ("finish reason", answer.finish_reason or "not known"),
        ("tokens", answer.output_tokens),
        ("seconds", None if answer.latency_s is None else f"{answer.latency_s:.1f}"),
        ("cost", None if answer.cost is None else f"${answer.cost:.4f}"),
        ("answered by", answer.revision),
        ("persona", answer.persona),
        ("date", answer.date[:10]),
    ]
    return {
        "status": response.status,
        "html": render(answer.text or ""),
        "answer": answer_key(answer.text or ""),
        "note": truncation_note(answer),
        "facts": [[name, str(value)] for name, value in facts if value not in (None, "")],
        "marks": _marks(question, response, judged),
    }


def _marks(question: Question, response: Response, judged: Judgements) -> list[dict[str, Any]]:
    """Scores and verdicts as short labels; `good` is true, false, or null for neither."""
    scored = score(question, response)
    marks: list[dict[str, Any]] = []
    if scored.choice_correct is not None:
        marks.append({"label": f"chose {scored.choice or 'no readable letter'}", "good": scored.choice_correct})
    if scored.exact_match:
        marks.append({"label": "exact match", "good": True})
    if scored.token_f1 is not None:
        marks.append({"label": f"F1 {scored.token_f1:.2f}", "good": None})
    for judge, known in judged.items():
        verdict = verdict_of(known, question, response.text)
        if verdict:
            good = {"correct": True, "incorrect": False}.get(verdict)
            marks.append({"label": f"{judge}: {verdict}", "good": good})
    return marks


def render(markdown: str) -> str:
    """Markdown (CommonMark, tables) as HTML that is safe to show: raw HTML as text, links as text and address."""
    parser, clean = _renderer()
    return str(clean(parser.render(markdown)))


@cache
def _renderer() -> tuple[Any, Any]:
    try:
        import nh3
        from markdown_it import MarkdownIt
    except ImportError as error:
        raise ArgumentError(f"compare: {error.name} is not installed; pip install 'medagentbenchv2[report]'") from None
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

    def close_link(_: Any, tokens: Any, place: int, *__: Any) -> str:
        opened = next(token for token in reversed(tokens[:place]) if token.type == "link_open")
        text = tokens[place - 1].content
        address = str(opened.attrs.get("href", ""))
        return "" if address == text else f" ({_escaped(address)})"

    def image(_: Any, tokens: Any, place: int, *__: Any) -> str:
        return f"[image: {_escaped(tokens[place].content)}]"

    parser.add_render_rule("link_open", lambda *_: "")
    parser.add_render_rule("link_close", close_link)
    parser.add_render_rule("image", image)

    def clean(html: str) -> str:
        return nh3.clean(html, tags=set(TAGS), attributes={})

    return parser, clean


def _escaped(text: str) -> str:
    from markdown_it.common.utils import escapeHtml

    return str(escapeHtml(text))
