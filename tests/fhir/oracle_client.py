"""Talks to `oracle/Oracle.java`: HAPI's own parser and date parameters."""

from __future__ import annotations

import base64
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parent / "oracle" / "Oracle.java"


@dataclass(frozen=True)
class Verdict:
    """What HAPI made of one line."""

    outcome: str
    """ok, refused or crashed."""
    rest: tuple[str, ...]
    """JSON text, message, class name, or the four bounds."""


def _b64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", errors="replace")).decode()


def ask_parser(jars: Path, cases: Iterable[tuple[str, str]]) -> list[Verdict]:
    """HAPI's verdict on every (kind, body)."""
    return _ask(jars, [f"parse\t{kind}\t{_b64(body)}" for kind, body in cases])


def ask_dates(jars: Path, cases: Iterable[tuple[str, ...]]) -> list[Verdict]:
    """HAPI's bounds for every tuple of query values."""
    return _ask(jars, ["date\t" + "\t".join(map(_b64, values)) for values in cases])


def _ask(jars: Path, lines: list[str]) -> list[Verdict]:
    with tempfile.TemporaryDirectory() as build:
        classpath = f"{build}:{jars}/*"
        subprocess.run(["javac", "-cp", classpath, "-d", build, str(SOURCE)], check=True)
        command = ["java", "-Duser.timezone=UTC", "-Xss8m", "-cp", classpath, "Oracle"]
        text = "\n".join(lines) + "\n"
        answer = subprocess.run(command, input=text, capture_output=True, check=True, text=True, encoding="utf-8")
    verdicts = [_verdict(line) for line in answer.stdout.splitlines()]
    assert len(verdicts) == len(lines), answer.stderr[-2000:]
    return verdicts


def _verdict(line: str) -> Verdict:
    outcome, *rest = line.split("\t")
    plain = len(rest) == 4 or outcome == "crashed"
    return Verdict(outcome, tuple(part if plain else base64.b64decode(part).decode() for part in rest))
