"""Draws assets/rollout.svg: one rollout as it was played, from the task's prompt to the verdict's checks.

    python scripts/draw_rollout.py --task task7_14 --agent oracle --out assets/rollout.svg

The picture is made from the rollout's messages, its accepted writes and its verdict; the same arguments draw the same
bytes. It brings its own background and follows the reader's colour scheme.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from medagentbenchv2.agents.registry import agent_of
from medagentbenchv2.grading.verdict import Check, Verdict
from medagentbenchv2.runs.player import Message, Played, ScriptedPlayer
from medagentbenchv2.setup import Setup
from medagentbenchv2.tasks.task import Task

WIDTH, MARGIN, GAP = 900, 28, 24
LEFT = 496
"""Width of the left column; the right one has the rest."""
STYLE = """
text{font-family:-apple-system,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;fill:#1f2328}
.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.muted{fill:#59636e}.strong{font-weight:600}.call{fill:#0a5c8f;font-weight:600}.good{fill:#00714f}.bad{fill:#b3261e}
.card{fill:#fff;stroke:#d1d9e0}.panel{fill:#f6f8fa;stroke:#d1d9e0}.rail{stroke:#d1d9e0;stroke-width:2}
.dot{fill:#0a5c8f}.on{fill:#fff;font-weight:600}.pill-good{fill:#d9f2e8}.pill-bad{fill:#fbe3e1}
.mark{fill:none;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}.mark-good{stroke:#00714f}
.mark-bad{stroke:#b3261e}
@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.muted{fill:#9198a1}.call{fill:#79c0ff}.good{fill:#4ac99b}
.bad{fill:#ff8e84}.card{fill:#0d1117;stroke:#3d444d}.panel{fill:#151b23;stroke:#3d444d}.rail{stroke:#3d444d}
.dot{fill:#1f6feb}.on{fill:#fff}.pill-good{fill:#12382c}.pill-bad{fill:#4b1f1c}.mark-good{stroke:#4ac99b}
.mark-bad{stroke:#ff8e84}}
"""
DULL = {"resourceType", "intent", "authoredOn", "subject", "category"}
"""Arguments of a create that say nothing which the picture needs."""


@dataclass(frozen=True)
class Rolled:
    """A rollout that has been played."""

    task: Task
    agent: str
    variant: str
    messages: list[Message]
    orders: list[dict[str, Any]]
    verdict: Verdict


async def play(variant: str, task_id: str, agent: str) -> Rolled:
    """Play one task. Raises SystemExit naming the variant where it has no such task."""
    setup = Setup(tasks_variant=variant)
    task = next((task for task in setup.tasks if task.id == task_id), None)
    if task is None:
        raise SystemExit(f"--task: {task_id!r} is not a task of {variant}; `medagentbenchv2 tasks list` names them")
    rollout = await setup.open(task)
    played = Played(setup.messages(task))
    await ScriptedPlayer(agent_of(agent)).play(rollout, played, max_turns=setup.max_turns, seed=setup.seed)
    orders = [write.resource for write in rollout.ehr.writes if write.resource]
    return Rolled(task, agent, variant, played.messages, orders, rollout.verdict(setup.profile(task)))


class Sheet:
    """SVG elements, drawn downwards at a cursor."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.y = 0.0

    def text(self, x: float, words: str, size: float, kind: str = "", anchor: str = "start") -> None:
        """One line at the cursor."""
        place = f'x="{x:g}" y="{self.y:g}" font-size="{size:g}"'
        more = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.parts.append(f'<text {place}{more} class="{kind}">{escape(words)}</text>')

    def lines(self, x: float, words: str, size: float, kind: str, width: float, most: int = 99) -> None:
        """A paragraph of at most so many lines; the cursor ends below it."""
        each = 0.605 if "mono" in kind else 0.515  # a character's width in ems, on the wide side of common fonts
        wrapped = textwrap.wrap(words, int(width / (size * each)), break_on_hyphens=False) or [""]
        if len(wrapped) > most:
            wrapped = [*wrapped[: most - 1], wrapped[most - 1].rstrip(" ,;.") + " …"]
        for line in wrapped:
            self.text(x, line, size, kind)
            self.y += round(size * 1.45, 1)

    def heading(self, x: float, words: str) -> None:
        """A section's name."""
        self.text(x, words, 15, "strong")
        self.y += 14

    def box(self, x: float, y: float, width: float, height: float, kind: str, radius: float = 8) -> str:
        """A rounded rectangle as an element."""
        place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"'
        return f'<rect {place} class="{kind}"/>'


def step_lines(call: dict[str, Any], result: str) -> tuple[str, str, list[str]]:
    """A tool call as its name, its arguments, and its result in a few short lines."""
    arguments = json.loads(call["arguments"])
    shown = ", ".join(f"{name}={plain(value)}" for name, value in arguments.items() if name not in DULL)
    return call["name"], shown, list(result_lines(result))


def plain(value: Any) -> str:
    """A value of FHIR in as few words as tell it."""
    if isinstance(value, dict):
        quantity = value.get("doseQuantity")
        if quantity:
            return f"{quantity['value']:g} {quantity.get('unit', '')}"
        coding = (value.get("coding") or [{}])[0]
        known = value.get("text") or value.get("reference") or coding.get("display") or coding.get("code")
        return str(known) if known else ", ".join(plain(part) for part in value.values())
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "; ".join(plain(part) for part in value)
    return json.dumps(value) if isinstance(value, list) else str(value)


def result_lines(result: str) -> Iterator[str]:
    """What a tool answered: of a Bundle its first rows, of a created resource its place."""
    try:
        body = json.loads(result)
    except json.JSONDecodeError:
        yield result
        return
    if body["resourceType"] != "Bundle":
        yield f"created {body['resourceType']}/{body['id']}"
        return
    rows = [entry["resource"] for entry in body.get("entry", ())]
    yield from (row_line(row) for row in rows[:4])
    if len(rows) > 4:
        yield f"and {len(rows) - 4} more of {body['total']}"
    if not rows:
        yield "nothing on record"


def row_line(row: dict[str, Any]) -> str:
    """A resource in one line."""
    when = str(row.get("effectiveDateTime") or row.get("authoredOn") or "")[:16].replace("T", " ")
    quantity = row.get("valueQuantity")
    value = f"{quantity['value']:g} {quantity.get('unit', '')}" if quantity else row.get("valueString")
    what = value or plain(row.get("medicationCodeableConcept") or row.get("code") or {})
    return " · ".join(part for part in (when, str(what).strip(), row.get("status", "")) if part)


def steps(messages: list[Message]) -> Iterator[tuple[str, str, list[str]]]:
    """Every tool call of a conversation with its result."""
    results = {m["tool_call_id"]: m["content"] for m in messages if m["role"] == "tool"}
    for message in messages:
        for call in message.get("tool_calls") or ():
            yield step_lines(call["function"], results[call["id"]])


def draw(rolled: Rolled) -> str:
    """The whole picture."""
    sheet = Sheet()
    head(sheet, rolled)
    prompt(sheet, rolled.messages[1]["content"])
    top = sheet.y
    right = MARGIN + LEFT + GAP
    conversation(sheet, rolled.messages)
    left_end, sheet.y = sheet.y, top
    filed(sheet, rolled.orders, right)
    judged(sheet, rolled.verdict, right)
    height = max(left_end, sheet.y) + 8
    card = sheet.box(0.5, 0.5, WIDTH - 1, height - 1, "card", 10)
    title = f"{rolled.task.family.title}: the prompt, the tool calls of the {rolled.agent}, its orders and the verdict"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
        f'height="{height:g}" role="img"><title>{escape(title)}</title><style>{STYLE.strip()}</style>\n'
        + "\n".join([card, *sheet.parts])
        + "\n</svg>\n"
    )


def head(sheet: Sheet, rolled: Rolled) -> None:
    """What was played, and how it ended."""
    checks, verdict = rolled.verdict.checks, rolled.verdict
    passed = sum(check.passed for check in checks)
    tone = "good" if verdict.correct else "bad"
    sheet.y = 42
    sheet.parts.append(sheet.box(WIDTH - MARGIN - 200, 23, 200, 30, f"pill-{tone}", 15))
    said = f"reward {verdict.reward:.1f} · {passed} of {len(checks)} checks"
    sheet.text(WIDTH - MARGIN - 100, said, 13.5, f"{tone} strong", "middle")
    sheet.text(MARGIN, rolled.task.family.title, 20, "strong")
    sheet.y += 22
    sheet.text(MARGIN, f"{rolled.task.id} of {rolled.variant}, played by the {rolled.agent}", 13, "muted")
    sheet.y += 18


def prompt(sheet: Sheet, message: str) -> None:
    """The task as the agent reads it."""
    instruction, context = (part_of(message, tag) for tag in ("instruction", "context"))
    at, top = len(sheet.parts), sheet.y
    sheet.y += 25
    inner = WIDTH - 2 * MARGIN - 32
    sheet.lines(MARGIN + 16, instruction, 14, "strong", inner)
    sheet.y += 3
    sheet.lines(MARGIN + 16, context, 12, "muted", inner)
    sheet.parts.insert(at, sheet.box(MARGIN, top, WIDTH - 2 * MARGIN, sheet.y - top, "panel"))
    sheet.y += 30


def part_of(message: str, tag: str) -> str:
    """The text between a tag and its end; empty where the prompt has none."""
    return message.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0].strip()


def conversation(sheet: Sheet, messages: list[Message]) -> None:
    """The left column: numbered calls on a rail, each with its result."""
    sheet.heading(MARGIN, "What the agent did")
    sheet.y += 12
    rail, first, last = len(sheet.parts), sheet.y, sheet.y
    for number, (name, arguments, result) in enumerate(steps(messages), 1):
        last = sheet.y
        sheet.parts.append(f'<circle cx="{MARGIN + 11}" cy="{sheet.y - 4:g}" r="10.5" class="dot"/>')
        sheet.text(MARGIN + 11, str(number), 12, "on", "middle")
        sheet.text(MARGIN + 34, name, 12.5, "mono call")
        sheet.y += 18
        sheet.lines(MARGIN + 34, arguments, 11.5, "mono", LEFT - 40)
        sheet.text(MARGIN + 34, "→", 11.5, "mono muted")
        for line in result:
            sheet.lines(MARGIN + 52, line, 11.5, "mono muted", LEFT - 58, 1)
        sheet.y += 11
    place = f'x1="{MARGIN + 11}" x2="{MARGIN + 11}" y1="{first:g}" y2="{last:g}"'
    sheet.parts.insert(rail, f'<line {place} class="rail"/>')


def filed(sheet: Sheet, orders: list[dict[str, Any]], x: float) -> None:
    """The right column: each accepted order as a small card."""
    sheet.heading(x, "Orders it filed" if orders else "It filed no order")
    width = WIDTH - MARGIN - x
    for order in orders:
        at, top = len(sheet.parts), sheet.y
        sheet.y += 20
        what = plain(order.get("medicationCodeableConcept") or order.get("code") or {})
        sheet.lines(x + 12, what, 13, "strong", width - 24)
        facts = [order["resourceType"], order.get("status", "")]
        facts += [str(order[name])[:16].replace("T", " ") for name in ("occurrenceDateTime",) if name in order]
        facts += [f"ends {order['priorPrescription']['reference']}"] if "priorPrescription" in order else []
        sheet.lines(x + 12, " · ".join(facts), 11.5, "muted", width - 24)
        sheet.parts.insert(at, sheet.box(x, top, width, sheet.y - top - 3, "panel", 6))
        sheet.y += 6
    sheet.y += 22


def judged(sheet: Sheet, verdict: Verdict, x: float) -> None:
    """The right column: every check with what was expected, and what was found where that is another thing."""
    sheet.heading(x, "What the judge checked")
    sheet.y += 12
    for check in verdict.checks:
        tone, shape = ("good", "m-4.5 0 l3 3.2 l6 -6.6") if check.passed else ("bad", "m-4 -4 l8 8 m0 -8 l-8 8")
        sheet.parts.append(f'<path d="M{x + 8:g} {sheet.y - 4.5:g} {shape}" class="mark mark-{tone}"/>')
        sheet.lines(x + 24, check.name, 13, f"strong {tone}", WIDTH - MARGIN - x - 24)
        sheet.lines(x + 24, reason(check), 11.5, "muted", WIDTH - MARGIN - x - 24, 4)
        sheet.y += 9


def reason(check: Check) -> str:
    """What a check asked for."""
    expected = check.expected
    said = ", ".join(map(str, expected)) if isinstance(expected, list | tuple) else str(expected)
    if check.passed:
        return f"expected {said}" if check.group == "answer" else said
    return f"expected {said}; found {plain(check.found)}"


def main() -> None:
    """Draw the rollout that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", default="new_patient_tasks")
    parser.add_argument("--task", default="task7_14")
    parser.add_argument("--agent", default="oracle")
    parser.add_argument("--out", type=Path, default=Path("assets/rollout.svg"))
    given = parser.parse_args()
    rolled = asyncio.run(play(given.variant, given.task, given.agent))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(draw(rolled), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
