"""A run as CSV: one line per answer, and one line per model and measure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from medagentbenchv2.questions.compare import Run
from medagentbenchv2.questions.judging import read_judgements, verdict_of
from medagentbenchv2.questions.scoring import ModelScore, score
from medagentbenchv2.questions.store import write_file

# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_tables(run: Run, scores: Sequence[ModelScore]) -> list[Path]:
    """Write answers.csv and, where there is something to score, scores.csv into the run's folder."""
    judged = read_judgements(run.path)
    header = ["number", "id", "question", "model", "kind", "persona", "status", "finish_reason", "truncated"]
    header += ["input_tokens", "output_tokens", "latency_s", "cost_usd", "exact_match", "token_f1", "choice"]
    header += ["choice_correct", *(f"judge {name}" for name in judged), "answer", "error"]
    rows = []
    for question, responses in zip(run.questions, run.responses, strict=True):
        for response in responses:
            answer, scored = response.answer, score(question, response)
            facts = ("finish_reason", "truncated", "input_tokens", "output_tokens", "latency_s", "cost")
            rows.append(
                [
                    *(question.number, question.id, question.question, response.model, response.kind),
                    *(answer.persona if answer else None, response.status),
                    *(getattr(answer, name) if answer else None for name in facts),
                    *(scored.exact_match, scored.token_f1, scored.choice, scored.choice_correct),
                    *(verdict_of(known, question, response.text) for known in judged.values()),
                    *(response.text, response.failure.reason if response.failure else None),
                ]
            )
    written = [_write(run.path / "answers.csv", header, rows)]
    if scores:
        header = ["model", "measure", "mean", "low_95", "high_95", "n", "unreadable"]
        lines = [[s.model, s.measure, s.mean, s.low, s.high, s.n, s.unreadable] for s in scores]
        written.append(_write(run.path / "scores.csv", header, lines))
    return written


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(header)
    lines.writerows([_cell(value) for value in row] for row in rows)
    write_file(path, text.getvalue().encode())
    return path


def _cell(value: Any) -> str:
    """A value as text; one that a spreadsheet would run gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
