"""Fresh bodies against HAPI's own parser, or the golden file from it.

python -m tests.fhir.fuzz --jars FOLDER --n 20000 [--seed 1] [--freeze]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import zstandard

from medagentbenchv2.fhir.parsing import Refused, parse
from tests.fhir.mutations import cases
from tests.fhir.oracle_client import ask_parser

GOLDEN = Path(__file__).parent / "golden"
_OUR_PREFIX = "HAPI-0450: Failed to parse request body as JSON resource. Error was: "


def examples(package: Path) -> list[tuple[str, str]]:
    """The shortest of HL7's own examples (npm hl7.fhir.r4.examples, CC0) of every resource type."""
    shortest: dict[str, str] = {}
    for path in sorted(package.glob("*-*.json")):
        kind, text = path.name.partition("-")[0], path.read_text(encoding="utf-8")
        if len(text) < len(shortest.get(kind, text + " ")) and json.loads(text).get("resourceType") == kind:
            shortest[kind] = text
    return [(kind, json.dumps(json.loads(text), ensure_ascii=False)) for kind, text in sorted(shortest.items())]


def rows(jars: Path, bodies: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Golden rows: the body and what HAPI made of it."""
    found = []
    for (kind, body), verdict in zip(bodies, ask_parser(jars, bodies), strict=True):
        key = {"ok": "json", "refused": "message", "crashed": "message"}[verdict.outcome]
        found.append({"kind": kind, "body": body, "outcome": verdict.outcome, key: verdict.rest[0]})
    return found


def difference(row: dict[str, Any]) -> str | None:
    """None where our parser agrees with a row, else what differs.

    A crash of HAPI (its 500) is a refusal here. Two kinds of message are compared by their code alone: Jackson's words
    about bad JSON, and the JVM's words about bad numbers. JSON that HAPI writes but no reader accepts (it copies `+5`
    and `007` as numbers) only has to be accepted here.
    """
    try:
        ours = parse(row["body"].encode("utf-8", errors="replace"), row["kind"]).resource
    except Refused as refusal:
        message = refusal.diagnostics.removeprefix(_OUR_PREFIX)
        if row["outcome"] == "ok":
            return f"we refuse: {message}"
        return (
            None if row["outcome"] == "crashed" or _alike(message, row["message"]) else f"{message} != {row['message']}"
        )
    if row["outcome"] != "ok":
        return f"we accept, HAPI: {row['message']}"
    try:
        theirs = json.loads(row["json"])
    except ValueError:
        return None
    return None if same(ours, theirs) else _apart(json.dumps(ours), json.dumps(theirs))


def _apart(ours: str, theirs: str) -> str:
    """The surroundings of the first difference."""
    at = next((i for i, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), 0)
    return f"ours {ours[max(0, at - 80) : at + 160]}\n    HAPI {theirs[max(0, at - 80) : at + 160]}"


def _alike(ours: str, theirs: str) -> bool:
    if ours[:10] == theirs[:10] == "HAPI-1861:":
        return True
    number = "Number" in theirs or "is neither a decimal" in theirs or "number" in ours or "null" in theirs
    if number and ours[:10] == theirs[:10] == "HAPI-1821:":
        return ours.partition('": ')[0] == theirs.partition('": ')[0]
    return ours == theirs


def same(ours: Any, theirs: Any) -> bool:
    """Equal JSON, with the same order of names; numbers by value, as doubles."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(same(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, bool) or isinstance(theirs, bool) or isinstance(ours, str) or ours is None:
        return type(ours) is type(theirs) and bool(ours == theirs)
    return isinstance(theirs, int | float) and float(ours) == float(theirs)


def main() -> None:
    """Fuzz, or freeze."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jars", type=Path, required=True, help="folder of jars, see oracle/README.md")
    parser.add_argument("--n", type=int, default=20_000, help="number of bodies")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20, help="differences to print")
    parser.add_argument("--examples", type=Path, help="folder of HL7's examples, instead of mutated bodies")
    parser.add_argument("--freeze", action="store_true", help="write the golden file")
    arguments = parser.parse_args()
    bodies = examples(arguments.examples) if arguments.examples else list(cases(arguments.seed, arguments.n))
    found = rows(arguments.jars, bodies)
    wrong = [(row, why) for row in found if (why := difference(row))]
    for row, why in wrong[: arguments.show]:
        print(f"{row['kind']} {row['body']}\n    {why}\n")
    outcomes = {name: sum(row["outcome"] == name for row in found) for name in ("ok", "refused", "crashed")}
    print(f"{len(found) - len(wrong):,} of {len(found):,} identical; HAPI: {outcomes}")
    if arguments.freeze:
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in found) + "\n"
        path = GOLDEN / ("examples.jsonl.zst" if arguments.examples else "parser.jsonl.zst")
        path.write_bytes(zstandard.compress(text.encode(), 19))
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
